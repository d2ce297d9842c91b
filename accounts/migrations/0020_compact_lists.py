"""Rows of lists that take less room, for those who want them."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0019_macros"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="has_compact_lists",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
