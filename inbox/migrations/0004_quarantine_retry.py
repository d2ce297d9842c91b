from __future__ import annotations

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("inbox", "0003_fewer_indexes")]

    operations = [
        migrations.AddField("quarantined", "retry_wanted", models.BooleanField(default=False)),
        migrations.AddIndex(
            "quarantined",
            models.Index(fields=["id"], name="quarantined_wanted", condition=Q(retry_wanted=True)),
        ),
    ]
