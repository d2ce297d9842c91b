"""What the facts of ways, returns, first turns and people need: indexes, and triggers on replies and decisions.

A decision is noted where it is new in a closed case (in an open one its closing is), and where it changes; a reply when
it gets its place on the network, a message when its author is known.
"""

from __future__ import annotations

from django.db import migrations, models
from django.db.models import Q

FUNCTIONS = """
CREATE OR REPLACE FUNCTION reports_author_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO reports_changedcase (case_id)
  SELECT DISTINCT n.case_id FROM old_rows o JOIN new_rows n ON n.id = o.id
  WHERE (o.user_id, o.visibility) IS DISTINCT FROM (n.user_id, n.visibility);
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION reports_decision_made() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO reports_changedcase (case_id)
  SELECT DISTINCT n.case_id FROM new_rows n JOIN inbox_case c ON c.id = n.case_id WHERE c.closed_at IS NOT NULL;
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION reports_decision_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO reports_changedcase (case_id)
  SELECT DISTINCT x.case_id FROM old_rows o JOIN new_rows n ON n.id = o.id
  CROSS JOIN LATERAL (VALUES (o.case_id), (n.case_id)) AS x(case_id)
  WHERE (o.case_id, o.decided_by, o.rule_key, o.rule_name, o.department_id)
    IS DISTINCT FROM (n.case_id, n.decided_by, n.rule_key, n.rule_name, n.department_id);
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION reports_reply_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO reports_changedcase (case_id)
  SELECT DISTINCT x.case_id FROM old_rows o JOIN new_rows n ON n.id = o.id
  CROSS JOIN LATERAL (VALUES (o.case_id), (n.case_id)) AS x(case_id)
  WHERE (o.case_id, o.remote_id, o.created_at) IS DISTINCT FROM (n.case_id, n.remote_id, n.created_at);
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION reports_reply_placed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO reports_changedcase (case_id) SELECT DISTINCT case_id FROM new_rows WHERE remote_id <> '';
  RETURN NULL;
END $$;
"""
_FUNCTION_OF = {
    ("decision", "INSERT"): "reports_decision_made",
    ("decision", "UPDATE"): "reports_decision_changed",
    ("decision", "DELETE"): "reports_part_of_case_changed",
    ("reply", "INSERT"): "reports_reply_placed",
    ("reply", "UPDATE"): "reports_reply_changed",
    ("reply", "DELETE"): "reports_part_of_case_changed",
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
TRIGGERS += """
CREATE OR REPLACE TRIGGER reports_author_update AFTER UPDATE ON inbox_message
  REFERENCING NEW TABLE AS new_rows OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION reports_author_changed();
"""
TRIGGERS_BACK = "DROP TRIGGER reports_author_update ON inbox_message;" + "".join(
    f"DROP TRIGGER reports_{table}_{event.lower()} ON inbox_{table};" for table, event in _FUNCTION_OF
)
FUNCTIONS_BACK = "DROP FUNCTION reports_author_changed();" + "".join(
    f"DROP FUNCTION {name}();"
    for name in dict.fromkeys(_FUNCTION_OF.values())
    if name != "reports_part_of_case_changed"
)


class Migration(migrations.Migration):
    dependencies = [("reports", "0011_topics")]

    operations = [
        migrations.AddField("rollupstate", "levels", models.PositiveIntegerField(default=0)),
        migrations.AddField("rollupstate", "version", models.CharField(default="", max_length=32)),
        migrations.RemoveIndex("fact", "fact_period"),
        migrations.AddIndex(
            "fact",
            models.Index(
                fields=["kind", "department_id", "at"],
                include=("state", "visibility", "brand_account_id", "value", "customer_id", "without_closure"),
                name="fact_period",
            ),
        ),
        migrations.AddIndex(
            "fact",
            models.Index(
                fields=["person_id", "kind", "at"], condition=Q(person_id__isnull=False), name="fact_person"
            ),
        ),
        migrations.AddIndex("fact", models.Index(fields=["state", "n"], condition=Q(kind=13), name="fact_turn")),
        migrations.RunSQL(FUNCTIONS, FUNCTIONS_BACK),
        migrations.RunSQL(TRIGGERS, TRIGGERS_BACK),
    ]
