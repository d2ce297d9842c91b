"""Convert rules between database rows and snapshots.

A snapshot is the plain JSON that versions and drafts store.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from accounts.models import Department
from routing.models import Calendar, RoutingDefault, Rule, WordList
from routing.rules.names import load_display_names_in
from routing.rules.references import calendar_keys_in

#: Optional actions of a rule, besides sending to a department.
OPTIONAL_RULE_FIELDS = ("person", "skill", "dismiss", "playbook_branch")
_RULE_FIELDS = (
    "position", "name", "enabled", "condition", "department", "priority", "tags", "needs_answer", *OPTIONAL_RULE_FIELDS,
)  # fmt: skip
JsonDict = dict[str, Any]


def build_rules_snapshot() -> JsonDict:
    """Read the rules as a snapshot, in order.

    A snapshot is `{"default": {"department", "department_name"}, "rules": […]}`. A rule is `key, name, enabled,
    condition, department, department_name, priority, tags, needs_answer`, with departments as slugs, and those of
    `person, skill, dismiss, playbook_branch` that it sets. `word_lists` holds all word lists by key (missing when there
    is none). `default` is None when none is set. `calendars` and
    `names` are added by `self_contained_snapshot`, so that a version can decide and explain its decisions alone.
    """
    default = RoutingDefault.objects.select_related("department").order_by("pk").first()
    return self_contained_snapshot(
        {
            "default": default
            and {"department": default.department.slug, "department_name": default.department.name},
            "rules": [serialize_rule(rule) for rule in Rule.objects.select_related("department")],
            **({"word_lists": word_lists} if (word_lists := read_word_lists()) else {}),
        }
    )


def read_word_lists() -> dict[str, JsonDict]:
    """Read all word lists by key, in the form of `routing.conditions.word_lists`. One statement."""
    return {row.key: {"name": row.name, **row.content} for row in WordList.objects.all()}


def self_contained_snapshot(content: JsonDict) -> JsonDict:
    """Add everything that the rules of a snapshot need to decide alone.

    These are the business hours that conditions use, as they are now: `{"calendars": {key: {"name", "versions"}}}`,
    in the form that `routing.business_hours.history.compile_history` takes; and the names of the brand accounts and
    departments in conditions: `{"names": …}`, as `routing.rules.names` builds them. Neither is added when no rule
    needs it.
    """
    keys = {
        key for rule in content["rules"] for key in calendar_keys_in(rule["condition"]) if key.isdecimal()
    }
    rows = Calendar.objects.filter(pk__in=keys).prefetch_related("versions") if keys else ()
    calendars = {
        str(calendar.pk): {
            "name": calendar.name,
            "versions": [
                {
                    "from": version.in_force_from and version.in_force_from.isoformat(),
                    "content": version.content,
                }
                for version in calendar.versions.all()
            ],
        }
        for calendar in rows
    }
    rules_only = {name: value for name, value in content.items() if name not in ("calendars", "names")}
    additions = {"calendars": calendars, "names": load_display_names_in(content["rules"])}
    return rules_only | {name: value for name, value in additions.items() if value}


def serialize_rule(rule: Rule) -> JsonDict:
    """Return one rule in the form of a snapshot."""
    serialized = {
        "key": str(rule.key),
        "name": rule.name,
        "enabled": rule.enabled,
        "condition": rule.condition,
        "department": rule.department.slug,
        "department_name": rule.department.name,
        "priority": rule.priority,
        "tags": rule.tags,
        "needs_answer": rule.needs_answer,
    }
    # Unset fields are left out, so that a rule looks the same as in versions from before these fields existed.
    return serialized | {name: getattr(rule, name) for name in OPTIONAL_RULE_FIELDS if getattr(rule, name)}


def build_rule(serialized: JsonDict, position: int, departments: Mapping[str, Department]) -> Rule:
    """Build an unsaved rule from a snapshot. Raises `KeyError` when its department is gone."""
    return Rule(
        key=uuid.UUID(serialized["key"]),
        position=position,
        name=serialized["name"],
        enabled=serialized.get("enabled", True),
        condition=serialized["condition"],
        department=departments[serialized["department"]],
        priority=serialized.get("priority", 0),
        tags=serialized.get("tags", []),
        needs_answer=serialized.get("needs_answer"),
        **{name: serialized[name] for name in OPTIONAL_RULE_FIELDS if name in serialized},
    )


def build_rules(content: JsonDict) -> list[Rule]:
    """Build the unsaved rules of a snapshot in order, with their departments.

    A department that is gone is replaced by a closed one with its last name. One statement.
    """
    departments = {department.slug: department for department in Department.objects.all()}
    for serialized in content["rules"]:
        slug = serialized["department"]
        if slug not in departments:
            departments[slug] = Department(
                slug=slug, name=serialized.get("department_name") or slug, is_open=False
            )
    return [
        build_rule(serialized, at, departments) for at, serialized in enumerate(content["rules"], start=1)
    ]


def replace_rules(content: JsonDict) -> None:
    """Replace the stored rules and word lists by those of a snapshot.

    Word lists stay as they are when the snapshot says nothing about them. Raises `KeyError` when a department is gone.
    """
    departments = {department.slug: department for department in Department.objects.all()}
    new = [build_rule(serialized, at, departments) for at, serialized in enumerate(content["rules"], start=1)]
    stored_by_key = {rule.key: rule for rule in Rule.objects.select_related("department")}
    Rule.objects.exclude(key__in=[rule.key for rule in new]).delete()
    changed: list[Rule] = []
    for rule in new:
        stored = stored_by_key.get(rule.key)
        if stored is not None and any(getattr(stored, name) != getattr(rule, name) for name in _RULE_FIELDS):
            rule.pk = stored.pk
            changed.append(rule)
    Rule.objects.bulk_create(rule for rule in new if rule.key not in stored_by_key)
    Rule.objects.bulk_update(changed, _RULE_FIELDS, batch_size=500)
    if "word_lists" in content:
        _replace_word_lists(content["word_lists"])
    if (default := content["default"]) is not None:
        _write_default(departments[default["department"]])


def _replace_word_lists(word_lists: Mapping[str, JsonDict]) -> None:
    stored = {row.key: row for row in WordList.objects.all()}
    WordList.objects.exclude(key__in=word_lists).delete()
    for key, word_list in word_lists.items():
        row = stored[key] if key in stored else WordList(key=key)
        content = {name: value for name, value in word_list.items() if name != "name"}
        if key not in stored or (row.name, row.content) != (word_list["name"], content):
            row.name, row.content = word_list["name"], content
            row.save()


def _write_default(department: Department) -> None:
    if not RoutingDefault.objects.filter(department=department).exists():
        RoutingDefault.objects.all().delete()
        RoutingDefault.objects.create(department=department)
