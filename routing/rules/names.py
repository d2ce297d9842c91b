"""The names by which people know what rules name.

`routing.conditions.wording` looks them up so: under "field value", calendars under their key.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from accounts.models import BrandAccount, Department, Skill, User
from routing.models import Calendar

JsonDict = dict[str, Any]


def brand_account_names() -> dict[str, str]:
    """Map every brand account: `brand_account x:17` is `@acme on X`. One statement."""
    accounts = BrandAccount.objects.only("network", "remote_id", "handle", "name")
    return {f"brand_account {account.network}:{account.remote_id}": str(account) for account in accounts}


def _department_names() -> dict[str, str]:
    rows = Department.objects.values_list("slug", "name")
    return {f"previous_department {slug}": name for slug, name in rows}


def load_display_names() -> dict[str, str]:
    """Read the names of everything a rule may name.

    Calendars, brand accounts, departments, people, skills. Five statements.
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
    """Read the names of what the conditions of these rules name.

    Brand accounts and departments. No statement where they name none.
    """
    keys = {key for rule in rules for key in _name_keys_in(rule["condition"])}
    fields = {key.partition(" ")[0] for key in keys}
    names = brand_account_names() if "brand_account" in fields else {}
    names |= _department_names() if "previous_department" in fields else {}
    return {key: names[key] for key in sorted(keys) if key in names}


def _name_keys_in(tree: Any) -> Iterator[str]:
    """Yield the keys that a condition names.

    Accepts any JSON, for drafts hold conditions that nobody has looked at.
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
