"""Erasing a customer also where they wrote in a conversation of somebody else, as imported ones have it.

Live cases have one customer each. An imported conversation is one case, whoever wrote in it.
"""

from __future__ import annotations

from django.db import migrations

ELSEWHERE = """
CREATE OR REPLACE FUNCTION inbox_erase_words_elsewhere(erased bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  message_ids bigint[];
BEGIN
  message_ids := ARRAY(
    SELECT m.id FROM inbox_message m JOIN inbox_identity i ON i.id = m.identity_id JOIN inbox_case c ON c.id = m.case_id
    WHERE i.customer_id = erased AND c.customer_id <> erased AND m.erased_at IS NULL);
  PERFORM set_config('horseshoe.history', 'open', true);
  UPDATE inbox_case SET preview = '' WHERE id IN (SELECT case_id FROM inbox_message WHERE id = ANY(message_ids));
  UPDATE inbox_message SET text = '', history = '[]', attachments = '[]', raw = '{}', reply_ref = '{}', permalink = '',
    flags = '[]', can_reply = false, erased_at = now()
  WHERE id = ANY(message_ids);
  UPDATE inbox_decision SET reasons = '["The reasons were deleted together with the text."]', trace = trace - 'facts'
  WHERE message_id = ANY(message_ids);
  PERFORM set_config('horseshoe.history', 'closed', true);
  RETURN cardinality(message_ids);
END $$;
REVOKE EXECUTE ON FUNCTION inbox_erase_words_elsewhere(bigint) FROM PUBLIC;
"""
ERASING = """
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
  messages := inbox_erase_texts(case_ids) + inbox_erase_words_elsewhere(erased);
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
"""
ERASING_BEFORE = """
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
  messages := inbox_erase_texts(case_ids);
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
"""


class Migration(migrations.Migration):
    dependencies = [("inbox", "0022_running_clocks")]
    operations = [
        migrations.RunSQL(ELSEWHERE, "DROP FUNCTION inbox_erase_words_elsewhere(bigint)"),
        migrations.RunSQL(ERASING, ERASING_BEFORE),
    ]
