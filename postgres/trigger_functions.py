"""Functions of the database that more than one migration creates: each is written here once.

A migration that changes one calls the same function with other arguments, and with the old ones for its way back. What a
call returns must never change, because databases that exist were made by it: a new part is a new argument, empty for the
migrations before.
"""

from __future__ import annotations


def create_custody_guard(*, unaccepted: str = "", deletable: str = "") -> str:
    """Return the statement that creates `inbox_keep_custody`.

    `unaccepted` is SQL that also lets a custody be changed that was accepted, `deletable` narrows which may be deleted.
    """
    return f"""
CREATE OR REPLACE FUNCTION inbox_keep_custody() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  moving CONSTANT text[] := ARRAY['accepted_at', 'accepted_by_id', 'left_at'];
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF to_jsonb(NEW) - moving = to_jsonb(OLD) - moving
      AND (OLD.accepted_at IS NULL{unaccepted}
           OR (NEW.accepted_at, NEW.accepted_by_id) IS NOT DISTINCT FROM (OLD.accepted_at, OLD.accepted_by_id))
      AND (OLD.left_at IS NULL OR NEW.left_at IS NULL OR NEW.left_at = OLD.left_at)
    THEN RETURN NEW; END IF;
  ELSIF OLD.left_at IS NULL AND OLD.accepted_at IS NULL AND OLD.from_department_id IS NOT NULL{deletable} THEN
    RETURN OLD;
  END IF;
  IF accounts_history_is_open(TG_RELID) THEN
    IF TG_OP = 'UPDATE' THEN RETURN NEW; END IF;
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'history is append-only: % of % is refused', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""


def create_old_texts_query(*, no_message_since: str, reached_us: str = "") -> str:
    """Return the statement that creates `inbox_cases_with_old_texts`.

    Cases that were closed before `cutoff`, have texts, and in which nothing happened since. The arguments are SQL: that
    no message of case `c` is newer, and a further condition on the case.
    """
    return f"""
CREATE OR REPLACE FUNCTION inbox_cases_with_old_texts(cutoff timestamptz)
RETURNS TABLE (id bigint, department_id bigint, message_count integer, closed_at timestamptz)
LANGUAGE sql STABLE AS $$
  SELECT c.id, c.department_id, c.message_count, c.closed_at FROM inbox_case c
  WHERE c.closed_at < cutoff AND c.erased_at IS NULL{reached_us}
    AND NOT EXISTS (SELECT FROM inbox_caseevent e WHERE e.case_id = c.id AND e.at >= cutoff)
    AND {no_message_since}
    AND NOT EXISTS (SELECT FROM inbox_reply r WHERE r.case_id = c.id
      AND (r.state IN ('queued', 'sending', 'unconfirmed') OR r.created_at >= cutoff))
$$;
"""  # noqa: S608 (the arguments are constants of migrations)


def create_text_eraser(*, kept_reasons: str = "", elsewhere: str = "") -> str:
    """Return the statement that creates `inbox_erase_texts`.

    It deletes whatever people wrote in these cases, and returns the number of messages that had their text until now.
    `kept_reasons` is SQL: which reasons of closed cases stay besides those of noise. `elsewhere` are more statements.
    """
    return f"""
CREATE OR REPLACE FUNCTION inbox_erase_texts(case_ids bigint[]) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  words CONSTANT text[] := ARRAY['text', 'reason', 'added', 'removed'];
  erased bigint;
BEGIN
  PERFORM set_config('horseshoe.history', 'open', true);
  UPDATE inbox_message SET text = '', history = '[]', attachments = '[]', raw = '{{}}', reply_ref = '{{}}', permalink = '',
    flags = '[]', can_reply = false, erased_at = now()
  WHERE case_id = ANY(case_ids) AND erased_at IS NULL;
  GET DIAGNOSTICS erased = ROW_COUNT;
  UPDATE inbox_caseevent SET data = data - words WHERE case_id = ANY(case_ids) AND data ?| words;
  UPDATE inbox_custody SET reason = '' WHERE case_id = ANY(case_ids) AND reason <> '';
  UPDATE inbox_decision SET reasons = '["The reasons were deleted together with the text."]', trace = trace - 'facts'
  WHERE case_id = ANY(case_ids);
  UPDATE inbox_reply SET text = '', error = '', error_detail = '', permalink = '' WHERE case_id = ANY(case_ids);
  UPDATE inbox_routingsuggestion SET words = '[]' WHERE case_id = ANY(case_ids);
  UPDATE inbox_notice SET text = 'A case whose texts were deleted.' WHERE case_id = ANY(case_ids);
  DELETE FROM inbox_draft WHERE case_id = ANY(case_ids);{elsewhere}
  DELETE FROM routing_routingexample WHERE case_id = ANY(case_ids);
  UPDATE inbox_case SET preview = '', hint = '', erased_at = now(),
    close_reason = CASE WHEN close_reason IN ('Noise', 'Spam') OR close_reason LIKE 'Noise, says the rule %'{kept_reasons}
      THEN close_reason ELSE '' END
  WHERE id = ANY(case_ids);
  PERFORM set_config('horseshoe.history', 'closed', true);
  RETURN erased;
END $$;
"""  # noqa: S608 (as above)


def create_erase_customer(*, elsewhere: str = "") -> str:
    """Return the statement that creates `inbox_erase_customer`.

    `elsewhere` is SQL that is added to the number of messages: it erases those in the cases of others.
    """
    return f"""
CREATE OR REPLACE FUNCTION inbox_erase_customer(erased bigint)
RETURNS TABLE (cases bigint, messages bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  case_ids bigint[];
BEGIN
  IF NOT EXISTS (
    SELECT FROM inbox_erasure e WHERE e.customer_id = erased AND e.at > now() - interval '1 minute'
  ) THEN
    RAISE EXCEPTION 'customer % is erased only together with an entry of it', erased
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  case_ids := ARRAY(SELECT c.id FROM inbox_case c WHERE c.customer_id = erased ORDER BY c.id FOR NO KEY UPDATE);
  cases := cardinality(case_ids);
  messages := inbox_erase_texts(case_ids){elsewhere};
  UPDATE inbox_message SET thread_id = 'erased:' || case_id
  WHERE case_id = ANY(case_ids) AND visibility = 'direct' AND thread_id <> '';
  UPDATE inbox_case SET thread_id = 'erased:' || id
  WHERE id = ANY(case_ids) AND visibility = 'direct' AND thread_id <> '';
  DELETE FROM inbox_quarantined q USING inbox_identity i
  WHERE i.customer_id = erased AND length(i.remote_id) > 4
    AND position(convert_to(i.remote_id, 'UTF8') IN q.raw) > 0;
  DELETE FROM inbox_rulepreview WHERE state NOT IN ('waiting', 'running');
  UPDATE inbox_identity SET remote_id = 'erased:' || id, handle = '', name = '', avatar_url = '', followers = NULL,
    verified = false
  WHERE customer_id = erased;
  UPDATE inbox_customer SET name = '', tags = '[]' WHERE id = erased;
  RETURN NEXT;
END $$;
"""  # noqa: S608 (SQL of ours)
