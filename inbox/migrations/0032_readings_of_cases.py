"""How a case's last message was read, on the case: lists are narrowed by it, and need no message for that."""

from django.db import migrations, models

READ = """
CREATE OR REPLACE FUNCTION inbox_note_reading(note bigint) RETURNS void LANGUAGE sql AS $$
  UPDATE inbox_case c
  SET sentiment = coalesce(r.sentiment, ''), language = coalesce(r.language, ''), urgency = coalesce(r.urgency, 0)
  FROM (SELECT note AS id) one LEFT JOIN LATERAL (
    SELECT m.sentiment, m.language, m.urgency FROM inbox_message m
    WHERE m.case_id = one.id AND m.direction = 'in' ORDER BY m.network_time DESC, m.id DESC LIMIT 1
  ) r ON true
  WHERE c.id = one.id AND (c.sentiment, c.language, c.urgency)
    IS DISTINCT FROM (coalesce(r.sentiment, ''), coalesce(r.language, ''), coalesce(r.urgency, 0))
$$;
CREATE OR REPLACE FUNCTION inbox_note_media(note bigint) RETURNS void LANGUAGE sql AS $$
  UPDATE inbox_case c SET has_media = NOT c.has_media
  WHERE c.id = note AND c.has_media <> EXISTS (
    SELECT FROM inbox_message m WHERE m.case_id = note AND m.direction = 'in' AND m.attachments <> '[]')
$$;
CREATE OR REPLACE FUNCTION inbox_cases_read() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- Ingest has written the same with the case: then no row changes.
  UPDATE inbox_case c SET sentiment = r.sentiment, language = r.language, urgency = r.urgency
  FROM (SELECT DISTINCT a.case_id FROM added a WHERE a.direction = 'in') one CROSS JOIN LATERAL (
    SELECT m.sentiment, m.language, m.urgency FROM inbox_message m
    WHERE m.case_id = one.case_id AND m.direction = 'in' ORDER BY m.network_time DESC, m.id DESC LIMIT 1
  ) r
  WHERE c.id = one.case_id AND (c.sentiment, c.language, c.urgency) IS DISTINCT FROM (r.sentiment, r.language, r.urgency);
  UPDATE inbox_case c SET has_media = true
  WHERE NOT c.has_media
    AND c.id IN (SELECT a.case_id FROM added a WHERE a.direction = 'in' AND a.attachments <> '[]');
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION inbox_case_read() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM inbox_note_reading(NEW.case_id);
  IF NEW.case_id <> OLD.case_id THEN
    PERFORM inbox_note_reading(OLD.case_id);
    PERFORM inbox_note_media(NEW.case_id);
    PERFORM inbox_note_media(OLD.case_id);
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER inbox_message_added AFTER INSERT ON inbox_message
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION inbox_cases_read();
CREATE OR REPLACE TRIGGER inbox_message_read AFTER UPDATE OF sentiment, language, urgency, case_id ON inbox_message
  FOR EACH ROW WHEN (NEW.direction = 'in' AND (NEW.sentiment, NEW.language, NEW.urgency, NEW.case_id)
    IS DISTINCT FROM (OLD.sentiment, OLD.language, OLD.urgency, OLD.case_id))
  EXECUTE FUNCTION inbox_case_read();
"""
READ_BACK = """
DROP TRIGGER inbox_message_read ON inbox_message;
DROP TRIGGER inbox_message_added ON inbox_message;
DROP FUNCTION inbox_case_read();
DROP FUNCTION inbox_cases_read();
DROP FUNCTION inbox_note_media(bigint);
DROP FUNCTION inbox_note_reading(bigint);
"""
# The counts do not change, and triggers that compare all rows would take longer than the rest.
FILL = """
ALTER TABLE inbox_case DISABLE TRIGGER USER;
UPDATE inbox_case c SET sentiment = r.sentiment, language = r.language, urgency = r.urgency
FROM (
  SELECT DISTINCT ON (m.case_id) m.case_id, m.sentiment, m.language, m.urgency FROM inbox_message m
  WHERE m.direction = 'in' ORDER BY m.case_id, m.network_time DESC, m.id DESC
) r WHERE r.case_id = c.id;
UPDATE inbox_case SET has_media = true
WHERE id IN (SELECT case_id FROM inbox_message WHERE direction = 'in' AND attachments <> '[]');
ALTER TABLE inbox_case ENABLE TRIGGER USER;
"""


class Migration(migrations.Migration):
    dependencies = [("inbox", "0031_bulk_acts")]

    operations = [
        migrations.AddField(
            "case", "sentiment", models.CharField(blank=True, db_default="", default="", max_length=8)
        ),
        migrations.AddField(
            "case", "language", models.CharField(blank=True, db_default="", default="", max_length=8)
        ),
        migrations.AddField("case", "urgency", models.PositiveSmallIntegerField(db_default=0, default=0)),
        migrations.AddField("case", "has_media", models.BooleanField(db_default=False, default=False)),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.RunSQL(READ, READ_BACK),
    ]
