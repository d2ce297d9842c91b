"""Triggers that note each case whose facts may have changed (`ChangedCase`).

On every table that facts are computed from. A message is noted for both cases when it moves, and only for columns that a
fact reads: a look at the network, the words of search and the deletion of texts change no number.
"""

from __future__ import annotations

from django.db import migrations

FUNCTIONS = """
CREATE OR REPLACE FUNCTION reports_case_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    INSERT INTO reports_changedcase (case_id) SELECT id FROM old_rows;
  ELSE
    INSERT INTO reports_changedcase (case_id) SELECT id FROM new_rows;
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION reports_part_of_case_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    INSERT INTO reports_changedcase (case_id) SELECT DISTINCT case_id FROM old_rows;
  END IF;
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO reports_changedcase (case_id) SELECT DISTINCT case_id FROM new_rows;
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION reports_message_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO reports_changedcase (case_id)
  SELECT DISTINCT x.case_id FROM old_rows o JOIN new_rows n ON n.id = o.id
  CROSS JOIN LATERAL (VALUES (o.case_id), (n.case_id)) AS x(case_id)
  WHERE (o.case_id, o.direction, o.network_time, o.received_at, o.needs_answer, o.historical)
    IS DISTINCT FROM (n.case_id, n.direction, n.network_time, n.received_at, n.needs_answer, n.historical);
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION reports_clocks_recorded() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO reports_changedcase (case_id) SELECT DISTINCT case_id FROM new_rows WHERE data ? 'clocks';
  RETURN NULL;
END $$;
"""
_FUNCTION_OF = {
    ("case", "INSERT"): "reports_case_changed",
    ("case", "UPDATE"): "reports_case_changed",
    ("case", "DELETE"): "reports_case_changed",
    ("message", "INSERT"): "reports_part_of_case_changed",
    ("message", "UPDATE"): "reports_message_changed",
    ("message", "DELETE"): "reports_part_of_case_changed",
    ("custody", "INSERT"): "reports_part_of_case_changed",
    ("custody", "UPDATE"): "reports_part_of_case_changed",
    ("custody", "DELETE"): "reports_part_of_case_changed",
    ("caseevent", "INSERT"): "reports_clocks_recorded",
    ("caseevent", "UPDATE"): "reports_part_of_case_changed",
    ("caseevent", "DELETE"): "reports_part_of_case_changed",
}
_ROWS = {
    "INSERT": "NEW TABLE AS new_rows",
    "UPDATE": "NEW TABLE AS new_rows OLD TABLE AS old_rows",
    "DELETE": "OLD TABLE AS old_rows",
}
TRIGGERS = "".join(
    f"""
CREATE OR REPLACE TRIGGER reports_{table}_{event.lower()} AFTER {event} ON inbox_{table}
  REFERENCING {_ROWS[event]} FOR EACH STATEMENT EXECUTE FUNCTION {function}();
"""
    for (table, event), function in _FUNCTION_OF.items()
)
TRIGGERS_BACK = "".join(
    f"DROP TRIGGER reports_{table}_{event.lower()} ON inbox_{table};" for table, event in _FUNCTION_OF
)
FUNCTIONS_BACK = "".join(f"DROP FUNCTION {name}();" for name in dict.fromkeys(_FUNCTION_OF.values()))


class Migration(migrations.Migration):
    dependencies = [("reports", "0001_rollups"), ("inbox", "0017_plain_names_of_notices")]
    operations = [
        migrations.RunSQL(FUNCTIONS, FUNCTIONS_BACK),
        migrations.RunSQL(TRIGGERS, TRIGGERS_BACK),
    ]
