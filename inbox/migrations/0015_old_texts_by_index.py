"""Which cases have old texts, from indexes alone: reading the messages themselves took minutes on a large inbox.

And what a report reads in the reason of a closed case stays.
"""

from __future__ import annotations

from django.db import migrations

from postgres.trigger_functions import create_old_texts_query, create_text_eraser

# A message reaches us within an hour of its writing, or is in the index of late ones, or was back-filled.
_BY_INDEX = """NOT EXISTS (
      SELECT FROM inbox_message m WHERE m.case_id = c.id AND m.network_time >= cutoff - interval '1 hour')
    AND NOT EXISTS (
      SELECT FROM inbox_message m WHERE m.case_id = c.id AND m.received_at >= cutoff
        AND m.received_at - m.network_time > interval '1 hour' AND NOT m.historical)"""
_BY_MESSAGE = (
    "NOT EXISTS (SELECT FROM inbox_message m WHERE m.case_id = c.id AND m.received_at >= cutoff)"
)

# Reports leave out cases that were merged into others, by the beginning of the reason.
_MERGED = " OR close_reason LIKE 'Merged into case %'"


class Migration(migrations.Migration):
    dependencies = [("inbox", "0014_undo")]
    operations = [
        migrations.RunSQL(
            create_old_texts_query(no_message_since=_BY_INDEX, reached_us=" AND c.created_at < cutoff"),
            create_old_texts_query(no_message_since=_BY_MESSAGE),
        ),
        migrations.RunSQL(create_text_eraser(kept_reasons=_MERGED), create_text_eraser()),
    ]
