from __future__ import annotations

import uuid
from typing import Any

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.utils import timezone

from routing.rules.extraction import extract_word_lists
from routing.rules.starter import starter_rules, starter_word_lists


def extract_lists_of_live_rules(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Give long lists of words in the rules a name, and publish that as a version.

    Messages are decided as before. Drafts and older versions keep their words.
    """
    rule_model, version_model = apps.get_model("routing", "Rule"), apps.get_model("routing", "RuleSetVersion")
    rows = list(rule_model.objects.order_by("position", "id"))
    before = [{"key": str(row.key), "name": row.name, "condition": row.condition} for row in rows]
    rules, lists = extract_word_lists(before, {}, starter_rules(), starter_word_lists())
    if not lists:
        return
    for row, rule in zip(rows, rules, strict=True):
        if row.condition != rule["condition"]:
            row.condition = rule["condition"]
            row.save(update_fields=["condition"])
    list_model = apps.get_model("routing", "WordList")
    for key, word_list in lists.items():
        content = {name: value for name, value in word_list.items() if name != "name"}
        list_model.objects.create(key=key, name=word_list["name"], content=content)
    _publish(version_model, {uuid.UUID(rule["key"]): rule["condition"] for rule in rules}, lists)


def _publish(version_model: Any, conditions: dict[uuid.UUID, dict[str, Any]], lists: dict[str, Any]) -> None:
    latest = version_model.objects.order_by("-number").first()
    if latest is None:
        return
    snapshot = latest.snapshot
    rules = [
        rule | {"condition": conditions.get(uuid.UUID(rule["key"]), rule["condition"])} for rule in snapshot["rules"]
    ]
    version_model.objects.create(
        number=latest.number + 1,
        snapshot=snapshot | {"rules": rules, "word_lists": lists},
        note="Long lists of words became word lists",
        created_at=timezone.now(),
    )


class Migration(migrations.Migration):
    dependencies = [
        ("routing", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="WordList",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.SlugField(max_length=60, unique=True)),
                ("name", models.CharField(max_length=80)),
                ("content", models.JSONField()),
            ],
            options={
                "ordering": ("name", "key"),
            },
        ),
        migrations.RunPython(extract_lists_of_live_rules, migrations.RunPython.noop, elidable=True),
    ]
