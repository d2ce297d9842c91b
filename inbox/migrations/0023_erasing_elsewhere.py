"""Erasing a customer also where they wrote in a conversation of somebody else, as imported ones have it.

Live cases have one customer each. An imported conversation is one case, whoever wrote in it.
"""

from __future__ import annotations

from django.db import migrations

from postgres.trigger_functions import create_erase_customer

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
ERASING = create_erase_customer(elsewhere=" + inbox_erase_words_elsewhere(erased)")
ERASING_BEFORE = create_erase_customer()


class Migration(migrations.Migration):
    dependencies = [("inbox", "0022_running_clocks")]
    operations = [
        migrations.RunSQL(ELSEWHERE, "DROP FUNCTION inbox_erase_words_elsewhere(bigint)"),
        migrations.RunSQL(ERASING, ERASING_BEFORE),
    ]
