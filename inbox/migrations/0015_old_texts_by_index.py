"""Which cases have old texts, from indexes alone: reading the messages themselves took minutes on a large inbox.

And what a report reads in the reason of a closed case stays.
"""

from __future__ import annotations

from django.db import migrations

_OLD_TEXTS = """
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
"""
# A message reaches us within an hour of its writing, or is in the index of late ones, or was back-filled.
_BY_INDEX = """NOT EXISTS (
      SELECT FROM inbox_message m WHERE m.case_id = c.id AND m.network_time >= cutoff - interval '1 hour')
    AND NOT EXISTS (
      SELECT FROM inbox_message m WHERE m.case_id = c.id AND m.received_at >= cutoff
        AND m.received_at - m.network_time > interval '1 hour' AND NOT m.historical)"""
_BY_MESSAGE = (
    "NOT EXISTS (SELECT FROM inbox_message m WHERE m.case_id = c.id AND m.received_at >= cutoff)"
)

# Reports leave out cases that were merged into others, by the beginning of the reason.
_ERASE_TEXTS = """
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
  DELETE FROM inbox_draft WHERE case_id = ANY(case_ids);
  DELETE FROM routing_routingexample WHERE case_id = ANY(case_ids);
  UPDATE inbox_case SET preview = '', hint = '', erased_at = now(),
    close_reason = CASE WHEN close_reason IN ('Noise', 'Spam') OR close_reason LIKE 'Noise, says the rule %'{merged}
      THEN close_reason ELSE '' END
  WHERE id = ANY(case_ids);
  PERFORM set_config('horseshoe.history', 'closed', true);
  RETURN erased;
END $$;
"""
_MERGED = " OR close_reason LIKE 'Merged into case %'"


class Migration(migrations.Migration):
    dependencies = [("inbox", "0014_undo")]
    operations = [
        migrations.RunSQL(
            _OLD_TEXTS.format(reached_us=" AND c.created_at < cutoff", no_message_since=_BY_INDEX),
            _OLD_TEXTS.format(reached_us="", no_message_since=_BY_MESSAGE),
        ),
        migrations.RunSQL(_ERASE_TEXTS.format(merged=_MERGED), _ERASE_TEXTS.format(merged="")),
    ]
