"""History that nobody can unwrite: events, custodies, decisions and corrections refuse UPDATE, DELETE and TRUNCATE.

Two tables have a narrow way for what the product itself does. A custody is accepted once, ends, and goes on when its
case is reopened; one that nobody has accepted is deleted when its hand-over is taken back. A decision is looked at a
second time once, and is then the learned router's at most once.
"""

from __future__ import annotations

from importlib import import_module

from django.db import migrations

from postgres.trigger_functions import create_custody_guard

OLD_GUARDS_GONE = """
DROP TRIGGER inbox_caseevent_append_only ON inbox_caseevent;
DROP TRIGGER inbox_messagecorrection_append_only ON inbox_messagecorrection;
DROP FUNCTION inbox_history_is_append_only();
"""

OLD_GUARDS = import_module("inbox.migrations.0002_triggers").HISTORY

KEEP_DECISION = """
CREATE OR REPLACE FUNCTION inbox_keep_decision() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  looked_at CONSTANT text[] := ARRAY['weighed_at'];
  learned CONSTANT text[] := ARRAY['decided_by', 'department_id', 'reasons'];
BEGIN
  IF OLD.weighed_at IS NULL AND to_jsonb(NEW) - looked_at - learned = to_jsonb(OLD) - looked_at - learned THEN
    IF (NEW.decided_by, NEW.department_id, NEW.reasons) IS NOT DISTINCT FROM
       (OLD.decided_by, OLD.department_id, OLD.reasons)
      OR (NEW.decided_by = 'learned' AND OLD.decided_by <> 'learned')
    THEN RETURN NEW; END IF;
  END IF;
  IF accounts_history_is_open(TG_RELID) THEN RETURN NEW; END IF;
  RAISE EXCEPTION 'history is append-only: % of % is refused', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""

GUARDS = """
CREATE OR REPLACE TRIGGER inbox_caseevent_kept BEFORE UPDATE OR DELETE ON inbox_caseevent
  FOR EACH ROW EXECUTE FUNCTION accounts_keep_history();
CREATE OR REPLACE TRIGGER inbox_messagecorrection_kept BEFORE UPDATE OR DELETE ON inbox_messagecorrection
  FOR EACH ROW EXECUTE FUNCTION accounts_keep_history();
CREATE OR REPLACE TRIGGER inbox_custody_kept BEFORE UPDATE OR DELETE ON inbox_custody
  FOR EACH ROW EXECUTE FUNCTION inbox_keep_custody();
CREATE OR REPLACE TRIGGER inbox_decision_changed BEFORE UPDATE ON inbox_decision
  FOR EACH ROW EXECUTE FUNCTION inbox_keep_decision();
CREATE OR REPLACE TRIGGER inbox_decision_kept BEFORE DELETE ON inbox_decision
  FOR EACH ROW EXECUTE FUNCTION accounts_keep_history();
CREATE OR REPLACE TRIGGER inbox_caseevent_not_emptied BEFORE TRUNCATE ON inbox_caseevent
  FOR EACH STATEMENT EXECUTE FUNCTION accounts_keep_history();
CREATE OR REPLACE TRIGGER inbox_messagecorrection_not_emptied BEFORE TRUNCATE ON inbox_messagecorrection
  FOR EACH STATEMENT EXECUTE FUNCTION accounts_keep_history();
CREATE OR REPLACE TRIGGER inbox_custody_not_emptied BEFORE TRUNCATE ON inbox_custody
  FOR EACH STATEMENT EXECUTE FUNCTION accounts_keep_history();
CREATE OR REPLACE TRIGGER inbox_decision_not_emptied BEFORE TRUNCATE ON inbox_decision
  FOR EACH STATEMENT EXECUTE FUNCTION accounts_keep_history();
"""

GUARDS_BACK = """
DROP TRIGGER inbox_caseevent_kept ON inbox_caseevent;
DROP TRIGGER inbox_messagecorrection_kept ON inbox_messagecorrection;
DROP TRIGGER inbox_custody_kept ON inbox_custody;
DROP TRIGGER inbox_decision_changed ON inbox_decision;
DROP TRIGGER inbox_decision_kept ON inbox_decision;
DROP TRIGGER inbox_caseevent_not_emptied ON inbox_caseevent;
DROP TRIGGER inbox_messagecorrection_not_emptied ON inbox_messagecorrection;
DROP TRIGGER inbox_custody_not_emptied ON inbox_custody;
DROP TRIGGER inbox_decision_not_emptied ON inbox_decision;
"""

NARROW_WAYS_BACK = """
DROP FUNCTION inbox_keep_custody();
DROP FUNCTION inbox_keep_decision();
"""


class Migration(migrations.Migration):
    dependencies = [("inbox", "0003_answers_not_sent"), ("accounts", "0003_kept_history")]
    operations = [
        migrations.RunSQL(OLD_GUARDS_GONE, OLD_GUARDS),
        migrations.RunSQL(create_custody_guard() + KEEP_DECISION, NARROW_WAYS_BACK),
        migrations.RunSQL(GUARDS, GUARDS_BACK),
    ]
