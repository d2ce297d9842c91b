"""Columns for what more kinds of facts count by; a new kind needs no migration."""

from django.db import migrations, models

_MORE = {
    "person_id": models.BigIntegerField,
    "customer_id": models.BigIntegerField,
    "ended_at": models.DateTimeField,
    "without_closure": models.BooleanField,
    "details": models.JSONField,
}


class Migration(migrations.Migration):
    dependencies = [("reports", "0008_undo_as_owner")]

    operations = [
        *(migrations.AddField("fact", name, field(null=True)) for name, field in _MORE.items()),
        *(migrations.AlterField(model, "kind", models.SmallIntegerField()) for model in ("fact", "cell")),
        *(migrations.AlterField(model, "state", models.CharField(max_length=64)) for model in ("fact", "cell")),
    ]
