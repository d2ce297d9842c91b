"""A hand-over can be taken back only in its first minute, and never without the event that says so.

The application's role may delete custodies because of hand-overs that are taken back. Until now it could delete one of
any age, as long as nobody had accepted it.
"""

from __future__ import annotations

from django.db import migrations, models
from django.db.models.functions import Now

from postgres.trigger_functions import create_custody_guard

# By the clock of the transaction that wrote it and of the one that deletes it.
_YOUNG = " AND OLD.written_at > now() - interval '1 minute'"

# At the end of the transaction, because the event is written after the custody is deleted.
WITH_ITS_EVENT = """
CREATE OR REPLACE FUNCTION inbox_hand_over_was_taken_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE') AND NOT EXISTS (
    SELECT FROM inbox_caseevent e WHERE e.case_id = OLD.case_id AND e.verb = 'taken_back' AND e.at >= OLD.sent_at)
  THEN
    RAISE EXCEPTION 'history is append-only: DELETE of % without an event is refused', TG_TABLE_NAME
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER inbox_custody_taken_back AFTER DELETE ON inbox_custody DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION inbox_hand_over_was_taken_back();
"""
WITH_ITS_EVENT_BACK = """
DROP TRIGGER inbox_custody_taken_back ON inbox_custody;
DROP FUNCTION inbox_hand_over_was_taken_back();
"""


class Migration(migrations.Migration):
    dependencies = [("inbox", "0008_deleting_old_texts")]
    operations = [
        # Two steps: hand-overs that are there already get no time, and cannot be deleted.
        migrations.AddField(
            "custody", "written_at", models.DateTimeField(null=True, blank=True, editable=False)
        ),
        migrations.AlterField(
            "custody",
            "written_at",
            models.DateTimeField(null=True, blank=True, editable=False, db_default=Now()),
        ),
        migrations.RunSQL(create_custody_guard(deletable=_YOUNG), create_custody_guard()),
        migrations.RunSQL(WITH_ITS_EVENT, WITH_ITS_EVENT_BACK),
    ]
