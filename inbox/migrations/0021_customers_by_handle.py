"""An index of handles by their beginning: whoever looks for a customer to erase may know no more."""

from __future__ import annotations

from django.contrib.postgres.indexes import OpClass
from django.db import migrations, models
from django.db.models.functions import Upper


class Migration(migrations.Migration):
    dependencies = [("inbox", "0020_notices_due_soon")]
    operations = [
        migrations.AddIndex(
            model_name="identity",
            index=models.Index(OpClass(Upper("handle"), name="text_pattern_ops"), name="identity_handle"),
        ),
    ]
