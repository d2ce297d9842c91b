"""Keep the reason of cases that a rule closed as noise when their texts are deleted, also as it is worded now."""

from django.db import migrations

from postgres.trigger_functions import create_text_eraser

# Reports leave these cases out by the beginning of the reason.
_MERGED = " OR close_reason LIKE 'Merged into case %'"
_NOISE = " OR close_reason LIKE 'Noise (rule %'"


class Migration(migrations.Migration):
    dependencies = [("inbox", "0017_plain_names_of_notices")]
    operations = [
        migrations.RunSQL(
            create_text_eraser(kept_reasons=_MERGED + _NOISE), create_text_eraser(kept_reasons=_MERGED)
        )
    ]
