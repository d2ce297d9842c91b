"""What rules name, as people know it: as `routing.conditions.wording` asks for it, under "field value", calendars under their key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from accounts.models import BrandAccount, Department, Skill, User
from routing.models import Calendar

JsonDict = dict[str, Any]


def brand_account_names() -> dict[str, str]:
    """Every brand account: `brand_account x:17` is `@acme on X`. One statement."""
    found = BrandAccount.objects.only("network", "remote_id", "handle", "name")
    return {f"brand_account {one.network}:{one.remote_id}": str(one) for one in found}


def _department_names() -> dict[str, str]:
    rows = Department.objects.values_list("slug", "name")
    return {f"previous_department {slug}": name for slug, name in rows}


def load_display_names() -> dict[str, str]:
    """Everything that a rule may name: calendars, brand accounts, departments, people, skills. Five statements."""
    people = User.objects.only("username", "first_name", "last_name")
    return (
        {str(pk): name for pk, name in Calendar.objects.values_list("pk", "name")}
        | brand_account_names()
        | _department_names()
        | {f"person {one.username}": str(one) for one in people}
        | {f"skill {slug}": name for slug, name in Skill.objects.values_list("slug", "name")}
    )


def load_display_names_in(rules: Iterable[JsonDict]) -> dict[str, str]:
    """The brand accounts and departments that the conditions of these rules name. No statement where they name none."""
    asked = {name for rule in rules for name in _name_keys_in(rule["condition"])}
    fields = {name.partition(" ")[0] for name in asked}
    known = brand_account_names() if "brand_account" in fields else {}
    known |= _department_names() if "previous_department" in fields else {}
    return {name: known[name] for name in sorted(asked) if name in known}


def _name_keys_in(tree: Any) -> Iterator[str]:
    """Accepts any JSON, for drafts hold conditions that nobody has looked at."""
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
