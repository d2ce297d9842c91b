"""Cases that customers went on with after their history was back-filled begin at the message that went on.

As ingest does now: their age counted from the back-fill, and an answer to their history as a first response.
"""

from __future__ import annotations

from django.db import migrations

BEGIN_AFTER_HISTORY = """
UPDATE inbox_case c
SET created_at = live.since,
    first_response_at = (
      SELECT min(m.network_time) FROM inbox_message m
      WHERE m.case_id = c.id AND m.direction = 'out' AND NOT m.historical AND m.network_time >= live.asked)
FROM (
  SELECT m.case_id, min(m.received_at) AS since, min(m.network_time) AS asked
  FROM inbox_message m
  WHERE m.direction = 'in' AND NOT m.historical
    AND m.case_id IN (SELECT old.case_id FROM inbox_message old WHERE old.historical)
  GROUP BY m.case_id
) live
WHERE c.id = live.case_id AND NOT c.historical AND live.since > c.created_at
"""


class Migration(migrations.Migration):
    dependencies = [("inbox", "0015_old_texts_by_index")]
    operations = [migrations.RunSQL(BEGIN_AFTER_HISTORY, migrations.RunSQL.noop)]
