"""Telling a department that somebody who keeps brand accounts published a rule that leads to it (docs/decisions/0019)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from accounts.models import Department, Role, User
from inbox.changes.refusals import name_or_somebody
from inbox.notices.notify import notify_of_rules
from routing.conditions.brand_accounts import brand_accounts_of_condition
from routing.conditions.wording import join_quoted
from routing.models import RuleSetVersion
from routing.rules.edits import without_department_names
from routing.rules.names import brand_account_names

Plain = dict[str, Any]
#: Names that a sentence has room for.
_MOST_RULES_NAMED = 3


def notify_departments_of_rules(version: RuleSetVersion, before: Plain | None) -> None:
    """Tell the managers of each department that rules of a community manager lead to since this version; where it has
    none, the administrators. Once a version and department. No statement for anybody else's version.
    """
    by = version.created_by
    if by is None or by.role != Role.COMMUNITY:
        return
    led: dict[str, list[Plain]] = {}
    for rule in _new_or_changed_rules(before, version.snapshot):
        led.setdefault(rule["department"], []).append(rule)
    names = brand_account_names() if led else {}
    for department in Department.objects.filter(slug__in=led):
        notify_of_rules(
            _responsible_people(department),
            version.number,
            _notice_text(by, department, led[department.slug], names),
            key=f"rules:{version.pk}:{department.pk}",
            now=version.created_at,
        )


def _new_or_changed_rules(before: Plain | None, after: Plain) -> Iterator[Plain]:
    """The rules that decide and are new or say something else."""
    was = {rule["key"]: rule for rule in without_department_names(before)["rules"]} if before else {}
    now = without_department_names(after)["rules"]
    return (rule for rule in now if rule.get("enabled", True) and rule != was.get(rule["key"]))


def _responsible_people(department: Department) -> list[int]:
    people = User.objects.filter(is_active=True).values_list("pk", flat=True)
    managers = people.filter(role=Role.MANAGER, memberships__department=department)
    return list(managers) or list(people.filter(role=Role.ADMINISTRATOR))


def _notice_text(by: User, department: Department, rules: list[Plain], names: Mapping[str, str]) -> str:
    which = join_quoted([rule["name"] for rule in rules], "and", _MOST_RULES_NAMED)
    accounts = sorted({one for rule in rules for one in brand_accounts_of_condition(rule["condition"]) or ()})
    whose = join_quoted(
        [names.get(f"brand_account {one}", one) for one in accounts], "and", _MOST_RULES_NAMED
    )
    many = len(rules) > 1
    return (
        f"{name_or_somebody(by)} published the rule{'s' if many else ''} {which}: {'they send' if many else 'it sends'} "
        f"messages for {whose} to {department}."
    )
