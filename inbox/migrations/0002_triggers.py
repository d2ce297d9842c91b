"""Triggers and statistics that Django's models cannot express: counts of open cases, and a history nobody can rewrite."""

from __future__ import annotations

from django.db import migrations

COUNTS = """
CREATE OR REPLACE FUNCTION inbox_case_counted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO inbox_casecount (department_id, brand_account_id, visibility, assignee_id, delta)
    SELECT department_id, brand_account_id, visibility, assignee_id, count(*)
    FROM new_rows WHERE closed_at IS NULL GROUP BY 1, 2, 3, 4;
  ELSIF TG_OP = 'DELETE' THEN
    INSERT INTO inbox_casecount (department_id, brand_account_id, visibility, assignee_id, delta)
    SELECT department_id, brand_account_id, visibility, assignee_id, -count(*)
    FROM old_rows WHERE closed_at IS NULL GROUP BY 1, 2, 3, 4;
  ELSE
    INSERT INTO inbox_casecount (department_id, brand_account_id, visibility, assignee_id, delta)
    SELECT department_id, brand_account_id, visibility, assignee_id, sum(delta) FROM (
      SELECT department_id, brand_account_id, visibility, assignee_id, 1 AS delta
      FROM new_rows WHERE closed_at IS NULL
      UNION ALL
      SELECT department_id, brand_account_id, visibility, assignee_id, -1
      FROM old_rows WHERE closed_at IS NULL
    ) AS change GROUP BY 1, 2, 3, 4 HAVING sum(delta) <> 0;
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER inbox_case_inserted AFTER INSERT ON inbox_case
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION inbox_case_counted();
CREATE OR REPLACE TRIGGER inbox_case_updated AFTER UPDATE ON inbox_case
  REFERENCING NEW TABLE AS new_rows OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION inbox_case_counted();
CREATE OR REPLACE TRIGGER inbox_case_deleted AFTER DELETE ON inbox_case
  REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION inbox_case_counted();
"""

COUNTS_BACK = """
DROP TRIGGER inbox_case_inserted ON inbox_case;
DROP TRIGGER inbox_case_updated ON inbox_case;
DROP TRIGGER inbox_case_deleted ON inbox_case;
DROP FUNCTION inbox_case_counted();
"""

HISTORY = """
CREATE OR REPLACE FUNCTION inbox_history_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the history of a case is append-only' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE OR REPLACE TRIGGER inbox_caseevent_append_only BEFORE UPDATE ON inbox_caseevent
  FOR EACH ROW EXECUTE FUNCTION inbox_history_is_append_only();
CREATE OR REPLACE TRIGGER inbox_messagecorrection_append_only BEFORE UPDATE ON inbox_messagecorrection
  FOR EACH ROW EXECUTE FUNCTION inbox_history_is_append_only();
"""

HISTORY_BACK = """
DROP TRIGGER inbox_caseevent_append_only ON inbox_caseevent;
DROP TRIGGER inbox_messagecorrection_append_only ON inbox_messagecorrection;
DROP FUNCTION inbox_history_is_append_only();
"""

# Finer statistics on the words that people search for. With them the planner chooses rightly between a scan of the
# newest messages and the index of the word.
STATISTICS = "ALTER TABLE inbox_message ALTER COLUMN search SET STATISTICS 2000"
STATISTICS_BACK = "ALTER TABLE inbox_message ALTER COLUMN search SET STATISTICS -1"


class Migration(migrations.Migration):
    dependencies = [("inbox", "0001_initial")]
    operations = [
        migrations.RunSQL(COUNTS, COUNTS_BACK),
        migrations.RunSQL(HISTORY, HISTORY_BACK),
        migrations.RunSQL(STATISTICS, STATISTICS_BACK),
    ]
