"""Deleting the texts of cases that were closed long ago, although the application's role cannot change history.

Rows stay, with their times, departments and states, so that no number of a report changes. The function that the
application may call takes no ids: which cases are due is decided here, from settings that the database keeps.
"""

from __future__ import annotations

from django.db import migrations

from postgres.trigger_functions import create_old_texts_query, create_text_eraser

SETTINGS_KEPT = """
CREATE OR REPLACE FUNCTION inbox_stamp_retention() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- A row cannot claim to be older than it is.
  NEW.set_at := clock_timestamp();
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER inbox_retentionsetting_stamped BEFORE INSERT ON inbox_retentionsetting
  FOR EACH ROW EXECUTE FUNCTION inbox_stamp_retention();
CREATE OR REPLACE TRIGGER inbox_retentionsetting_kept BEFORE UPDATE OR DELETE ON inbox_retentionsetting
  FOR EACH ROW EXECUTE FUNCTION accounts_keep_history();
CREATE OR REPLACE TRIGGER inbox_retentionsetting_not_emptied BEFORE TRUNCATE ON inbox_retentionsetting
  FOR EACH STATEMENT EXECUTE FUNCTION accounts_keep_history();
"""
SETTINGS_KEPT_BACK = """
DROP TRIGGER inbox_retentionsetting_stamped ON inbox_retentionsetting;
DROP TRIGGER inbox_retentionsetting_kept ON inbox_retentionsetting;
DROP TRIGGER inbox_retentionsetting_not_emptied ON inbox_retentionsetting;
DROP FUNCTION inbox_stamp_retention();
"""

# A case that somebody changes after its texts were deleted may hold new ones.
CHANGED_AGAIN = """
CREATE OR REPLACE FUNCTION inbox_case_has_texts_again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.erased_at := NULL;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER inbox_case_changed_again BEFORE UPDATE ON inbox_case FOR EACH ROW
  WHEN (OLD.erased_at IS NOT NULL AND NEW.version <> OLD.version)
  EXECUTE FUNCTION inbox_case_has_texts_again();
"""
CHANGED_AGAIN_BACK = """
DROP TRIGGER inbox_case_changed_again ON inbox_case;
DROP FUNCTION inbox_case_has_texts_again();
"""

CUTOFF = """
-- The time before which a case must have been closed; null while everything is kept. A change counts after a day, one
-- that keeps texts longer at once: the longest time of all settings that counted at any moment of that day.
CREATE OR REPLACE FUNCTION inbox_retention_cutoff() RETURNS timestamptz LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN bool_and(days IS NOT NULL) THEN now() - max(days) * interval '1 day' END
  FROM (
    SELECT days FROM inbox_retentionsetting WHERE set_at > now() - interval '1 day'
    UNION ALL
    SELECT (SELECT days FROM inbox_retentionsetting WHERE set_at <= now() - interval '1 day' ORDER BY id DESC LIMIT 1)
  ) AS lately
$$;
"""
WHAT_IS_DUE_BACK = """
DROP FUNCTION inbox_cases_with_old_texts(timestamptz);
DROP FUNCTION inbox_retention_cutoff();
"""

_NO_MESSAGE = (
    "NOT EXISTS (SELECT FROM inbox_message m WHERE m.case_id = c.id AND m.received_at >= cutoff)"
)

DELETING = """
REVOKE EXECUTE ON FUNCTION inbox_erase_texts(bigint[]) FROM PUBLIC;

-- Deletes the texts of the cases that are due, oldest first, and the names of customers of whom no text is left.
CREATE OR REPLACE FUNCTION inbox_delete_old_texts(most_cases integer, most_messages integer)
RETURNS TABLE (cases bigint, messages bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  cutoff CONSTANT timestamptz := inbox_retention_cutoff();
  due bigint[];
BEGIN
  due := ARRAY(
    SELECT chosen.id FROM (
      SELECT oldest.id, row_number() OVER ordered AS n, sum(oldest.message_count) OVER ordered AS so_far
      FROM (SELECT * FROM inbox_cases_with_old_texts(cutoff) AS d ORDER BY d.closed_at, d.id LIMIT most_cases) AS oldest
      WINDOW ordered AS (ORDER BY oldest.closed_at, oldest.id)
    ) AS chosen WHERE chosen.n = 1 OR chosen.so_far <= most_messages
  );
  -- A case that somebody is changing now waits for the next round.
  due := ARRAY(SELECT c.id FROM inbox_case c WHERE c.id = ANY(due) ORDER BY c.id FOR NO KEY UPDATE SKIP LOCKED);
  due := ARRAY(SELECT d.id FROM inbox_cases_with_old_texts(cutoff) AS d WHERE d.id = ANY(due));
  cases := cardinality(due);
  messages := inbox_erase_texts(due);
  WITH silent AS (
    SELECT DISTINCT c.customer_id AS id FROM inbox_case c WHERE c.id = ANY(due)
      AND NOT EXISTS (SELECT FROM inbox_case o WHERE o.customer_id = c.customer_id AND o.erased_at IS NULL)
  ), nameless AS (
    UPDATE inbox_identity i SET handle = '', name = '', avatar_url = '', followers = NULL
    FROM silent WHERE i.customer_id = silent.id
  )
  UPDATE inbox_customer u SET name = '', tags = '[]' FROM silent WHERE u.id = silent.id;
  RETURN NEXT;
END $$;
"""
ERASING_BACK = """
DROP FUNCTION inbox_delete_old_texts(integer, integer);
DROP FUNCTION inbox_erase_texts(bigint[]);
"""


class Migration(migrations.Migration):
    dependencies = [("inbox", "0007_retention"), ("accounts", "0003_kept_history"), ("routing", "0001_initial")]
    operations = [
        migrations.RunSQL(SETTINGS_KEPT, SETTINGS_KEPT_BACK),
        migrations.RunSQL(CHANGED_AGAIN, CHANGED_AGAIN_BACK),
        migrations.RunSQL(CUTOFF + create_old_texts_query(no_message_since=_NO_MESSAGE), WHAT_IS_DUE_BACK),
        migrations.RunSQL(create_text_eraser() + DELETING, ERASING_BACK),
    ]
