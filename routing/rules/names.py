"""Display names of what rules refer to.

The keys are those that `routing.conditions.wording` looks up: "field value", and for calendars their key alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from accounts.models import BrandAccount, Department, Skill, User
from routing.models import Calendar

JsonDict = dict[str, Any]


def brand_account_names() -> dict[str, str]:
    """Return the display names of all brand accounts. One statement.

    For example, `brand_account x:17` maps to `@acme on X`.
    """
    accounts = BrandAccount.objects.only("network", "remote_id", "handle", "name")
    return {f"brand_account {account.network}:{account.remote_id}": str(account) for account in accounts}


def _department_names() -> dict[str, str]:
    rows = Department.objects.values_list("slug", "name")
    return {f"previous_department {slug}": name for slug, name in rows}


def load_display_names() -> dict[str, str]:
    """Read the display names of everything that a rule may name.

    These are calendars, brand accounts, departments, people and skills. Five statements.
    """
    people = User.objects.only("username", "first_name", "last_name")
    return (
        {str(pk): name for pk, name in Calendar.objects.values_list("pk", "name")}
        | brand_account_names()
        | _department_names()
        | {f"person {person.username}": str(person) for person in people}
        | {f"skill {slug}": name for slug, name in Skill.objects.values_list("slug", "name")}
    )


def load_display_names_in(rules: Iterable[JsonDict]) -> dict[str, str]:
    """Read the display names that the conditions of these rules need.

    These are names of brand accounts and departments. No statement when the conditions name none.
    """
    keys = {key for rule in rules for key in _name_keys_in(rule["condition"])}
    fields = {key.partition(" ")[0] for key in keys}
    names = brand_account_names() if "brand_account" in fields else {}
    names |= _department_names() if "previous_department" in fields else {}
    return {key: names[key] for key in sorted(keys) if key in names}


def _name_keys_in(tree: Any) -> Iterator[str]:
    """Yield the keys of the names that a condition needs.

    Accepts any JSON, because conditions in drafts may not have been validated.
    """
    if isinstance(tree, list):
        for part in tree:
            yield from _name_keys_in(part)
    elif isinstance(tree, dict):
        field, values = tree.get("field"), tree.get("is")
        if field in ("brand_account", "previous_department") and isinstance(values, list):
            yield from (f"{field} {value}" for value in values)
        elif field is None:
            for parts in tree.values():
                yield from _name_keys_in(parts)
