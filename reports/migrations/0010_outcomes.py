"""What followed our answers: its index, and triggers for what it depends on beyond the case itself.

An outcome reads the tone, the urgency and the saying of messages, and whether the customer wrote in public to another account
within 72 hours of our answer: so a customer's message is a change of their cases at other accounts, too.
"""

from __future__ import annotations

from django.db import migrations, models

_COLUMNS = "case_id, direction, network_time, received_at, needs_answer, historical, sentiment, urgency, said"
_OLD = ", ".join(f"o.{name}" for name in _COLUMNS.split(", "))
_NEW = ", ".join(f"n.{name}" for name in _COLUMNS.split(", "))


def _elsewhere(messages: str) -> str:
    return f"""
  INSERT INTO reports_changedcase (case_id)
  SELECT DISTINCT other.id FROM {messages} m
  JOIN inbox_case c ON c.id = m.case_id
  JOIN inbox_case other ON other.customer_id = c.customer_id AND other.brand_account_id <> c.brand_account_id
  WHERE m.direction = 'in' AND NOT m.historical AND m.needs_answer AND c.visibility = 'public'
    AND other.last_outbound_at >= m.network_time - interval '72 hours';"""


FUNCTIONS = f"""
CREATE OR REPLACE FUNCTION reports_message_came() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO reports_changedcase (case_id) SELECT DISTINCT case_id FROM new_rows;
  {_elsewhere("new_rows")}
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION reports_message_went() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO reports_changedcase (case_id) SELECT DISTINCT case_id FROM old_rows;
  {_elsewhere("old_rows")}
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION reports_message_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM old_rows o JOIN new_rows n ON n.id = o.id WHERE ({_OLD}) IS DISTINCT FROM ({_NEW})) THEN
    RETURN NULL;
  END IF;
  INSERT INTO reports_changedcase (case_id)
  SELECT DISTINCT x.case_id FROM old_rows o JOIN new_rows n ON n.id = o.id
  CROSS JOIN LATERAL (VALUES (o.case_id), (n.case_id)) AS x(case_id)
  WHERE ({_OLD}) IS DISTINCT FROM ({_NEW});
  {_elsewhere("old_rows")}
  {_elsewhere("new_rows")}
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION reports_case_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO reports_changedcase (case_id) SELECT id FROM new_rows;
  INSERT INTO reports_changedcase (case_id)
  SELECT DISTINCT other.id FROM old_rows o JOIN new_rows n ON n.id = o.id
  JOIN inbox_case other ON other.customer_id IN (o.customer_id, n.customer_id)
  WHERE (o.customer_id, o.visibility) IS DISTINCT FROM (n.customer_id, n.visibility);
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER reports_message_insert AFTER INSERT ON inbox_message
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION reports_message_came();
CREATE OR REPLACE TRIGGER reports_message_delete AFTER DELETE ON inbox_message
  REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION reports_message_went();
CREATE OR REPLACE TRIGGER reports_case_update AFTER UPDATE ON inbox_case
  REFERENCING NEW TABLE AS new_rows OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION reports_case_moved();
"""


class Migration(migrations.Migration):
    dependencies = [("reports", "0009_more_of_a_fact"), ("inbox", "0024_what_customers_say")]
    operations = [
        migrations.AddIndex(
            model_name="fact",
            index=models.Index(
                fields=["ended_at"],
                name="fact_unripe",
                include=["at", "department_id", "brand_account_id", "visibility", "value", "case_id"],
                condition=models.Q(kind=11, state="silent"),
            ),
        ),
        migrations.RunSQL(FUNCTIONS, migrations.RunSQL.noop),
    ]
