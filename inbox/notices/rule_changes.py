"""Notices to departments when a community manager publishes rules that lead to them (docs/decisions/0019)."""

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
#: The most rules, and the most brand accounts, that a notice names.
_MOST_RULES_NAMED = 3


def notify_departments_of_rules(version: RuleSetVersion, before: Plain | None) -> None:
    """Notify departments of new or changed rules that lead to them.

    Only for versions that a community manager published; no statement for other versions. The managers of each
    department are notified, or the administrators if it has no manager; once per version and department. `before` is
    the previous snapshot, None for the first version.
    """
    by = version.created_by
    if by is None or by.role != Role.COMMUNITY:
        return
    rules_by_department: dict[str, list[Plain]] = {}
    for rule in _new_or_changed_rules(before, version.snapshot):
        rules_by_department.setdefault(rule["department"], []).append(rule)
    names = brand_account_names() if rules_by_department else {}
    for department in Department.objects.filter(slug__in=rules_by_department):
        notify_of_rules(
            _responsible_people(department),
            version.number,
            _notice_text(by, department, rules_by_department[department.slug], names),
            key=f"rules:{version.pk}:{department.pk}",
            now=version.created_at,
        )


def _new_or_changed_rules(before: Plain | None, after: Plain) -> Iterator[Plain]:
    """Return the enabled rules that are new or have changed."""
    earlier = {rule["key"]: rule for rule in without_department_names(before)["rules"]} if before else {}
    rules = without_department_names(after)["rules"]
    return (rule for rule in rules if rule.get("enabled", True) and rule != earlier.get(rule["key"]))


def _responsible_people(department: Department) -> list[int]:
    people = User.objects.filter(is_active=True).values_list("pk", flat=True)
    managers = people.filter(role=Role.MANAGER, memberships__department=department)
    return list(managers) or list(people.filter(role=Role.ADMINISTRATOR))


def _notice_text(by: User, department: Department, rules: list[Plain], names: Mapping[str, str]) -> str:
    rule_names = join_quoted([rule["name"] for rule in rules], "and", _MOST_RULES_NAMED)
    accounts = sorted(
        {account for rule in rules for account in brand_accounts_of_condition(rule["condition"]) or ()}
    )
    account_names = join_quoted(
        [names.get(f"brand_account {account}", account) for account in accounts], "and", _MOST_RULES_NAMED
    )
    many = len(rules) > 1
    return (
        f"{name_or_somebody(by)} published the rule{'s' if many else ''} {rule_names}: {'they send' if many else 'it sends'} "
        f"messages for {account_names} to {department}."
    )
