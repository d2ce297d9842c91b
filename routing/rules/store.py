"""The rules as rows and as a snapshot: plain JSON that versions and drafts keep, and back again."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from accounts.models import Department
from routing.models import Calendar, RoutingDefault, Rule
from routing.rules.findings import calendar_keys_in
from routing.rules.names import load_display_names_in

#: What a rule may also do, besides sending to a department.
OPTIONAL_RULE_FIELDS = ("person", "skill", "dismiss", "playbook_branch")
_RULE_FIELDS = (
    "position", "name", "enabled", "condition", "department", "priority", "tags", "needs_answer", *OPTIONAL_RULE_FIELDS,
)  # fmt: skip
JsonDict = dict[str, Any]


def build_rules_snapshot() -> JsonDict:
    """The rules as they are now: `{"default": {"department", "department_name"}, "rules": […]}`, in order.

    A rule is `key, name, enabled, condition, department, department_name, priority, tags, needs_answer`, departments
    as slugs, and those of `person, skill, dismiss, playbook_branch` that it sets. `default` is None when none is set.
    `calendars` and `names`, as `self_contained_snapshot` has them: a version decides, and says why, alone.
    """
    default = RoutingDefault.objects.select_related("department").order_by("pk").first()
    return self_contained_snapshot(
        {
            "default": default
            and {"department": default.department.slug, "department_name": default.department.name},
            "rules": [serialize_rule(rule) for rule in Rule.objects.select_related("department")],
        }
    )


def self_contained_snapshot(content: JsonDict) -> JsonDict:
    """The snapshot with the business hours that its rules ask about, as they are now: `{"calendars": {key: {"name",
    "versions"}}}`, as `routing.business_hours.history.compile_history` takes them; and with what brand accounts and departments in conditions are
    called: `{"names": …}` as `routing.rules.names` has them. Nothing is added where none is asked."""
    keys = {
        key for rule in content["rules"] for key in calendar_keys_in(rule["condition"]) if key.isdecimal()
    }
    found = Calendar.objects.filter(pk__in=keys).prefetch_related("versions") if keys else ()
    calendars = {
        str(calendar.pk): {
            "name": calendar.name,
            "versions": [
                {"from": one.in_force_from and one.in_force_from.isoformat(), "content": one.content}
                for one in calendar.versions.all()
            ],
        }
        for calendar in found
    }
    bare = {name: value for name, value in content.items() if name not in ("calendars", "names")}
    more = {"calendars": calendars, "names": load_display_names_in(content["rules"])}
    return bare | {name: value for name, value in more.items() if value}


def serialize_rule(rule: Rule) -> JsonDict:
    """One rule as a snapshot has it."""
    said = {
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
    # What is not set is left out, so that a rule reads in a version as it did before there was such a thing.
    return said | {name: getattr(rule, name) for name in OPTIONAL_RULE_FIELDS if getattr(rule, name)}


def build_rule(said: JsonDict, position: int, departments: Mapping[str, Department]) -> Rule:
    """A rule of a snapshot as an instance that is not saved. Raises `KeyError` when its department is gone."""
    return Rule(
        key=uuid.UUID(said["key"]),
        position=position,
        name=said["name"],
        enabled=said.get("enabled", True),
        condition=said["condition"],
        department=departments[said["department"]],
        priority=said.get("priority", 0),
        tags=said.get("tags", []),
        needs_answer=said.get("needs_answer"),
        **{name: said[name] for name in OPTIONAL_RULE_FIELDS if name in said},
    )


def build_rules(content: JsonDict) -> list[Rule]:
    """The rules of a snapshot in order, not saved, each with its department. A department that is gone is stood in
    for by a closed one of its last name. One statement."""
    departments = {department.slug: department for department in Department.objects.all()}
    for said in content["rules"]:
        slug = said["department"]
        if slug not in departments:
            departments[slug] = Department(slug=slug, name=said.get("department_name") or slug, is_open=False)
    return [build_rule(said, at, departments) for at, said in enumerate(content["rules"], start=1)]


def replace_rules(content: JsonDict) -> None:
    """Make the rows say what a snapshot says. Raises `KeyError` when a department is gone."""
    departments = {department.slug: department for department in Department.objects.all()}
    wanted = [build_rule(said, at, departments) for at, said in enumerate(content["rules"], start=1)]
    there = {rule.key: rule for rule in Rule.objects.select_related("department")}
    Rule.objects.exclude(key__in=[rule.key for rule in wanted]).delete()
    changed: list[Rule] = []
    for rule in wanted:
        known = there.get(rule.key)
        if known is not None and any(getattr(known, name) != getattr(rule, name) for name in _RULE_FIELDS):
            rule.pk = known.pk
            changed.append(rule)
    Rule.objects.bulk_create(rule for rule in wanted if rule.key not in there)
    Rule.objects.bulk_update(changed, _RULE_FIELDS, batch_size=500)
    if (default := content["default"]) is not None:
        _write_default(departments[default["department"]])


def _write_default(department: Department) -> None:
    if not RoutingDefault.objects.filter(department=department).exists():
        RoutingDefault.objects.all().delete()
        RoutingDefault.objects.create(department=department)
