"""Edits of a rule set as plain JSON: each takes a snapshot and gives the next one, and leaves the first alone.

Pure. All raise `NoSuchRule` for a key that is not there.
"""

from __future__ import annotations

import uuid
from typing import Any

JsonDict = dict[str, Any]
NAME_LENGTH = 120


class NoSuchRule(LookupError):
    """The rule is not in the rule set (any more)."""


def get_rule_by_key(content: JsonDict, key: str) -> JsonDict:
    """Return the rule with this key."""
    for rule in content["rules"]:
        if rule["key"] == key:
            return dict(rule)
    raise NoSuchRule(key)


def with_rule(content: JsonDict, rule: JsonDict) -> JsonDict:
    """Put the rule in its own place, or a new one last."""
    keys = [each["key"] for each in content["rules"]]
    if rule["key"] not in keys:
        return content | {"rules": [*content["rules"], rule]}
    return content | {"rules": [rule if each["key"] == rule["key"] else each for each in content["rules"]]}


def with_changed_rule(content: JsonDict, key: str, rule: JsonDict) -> JsonDict:
    """Replace the content of the rule with this key."""
    get_rule_by_key(content, key)
    return with_rule(content, rule | {"key": key})


def with_switched_rule(content: JsonDict, key: str, enabled: bool) -> JsonDict:
    """Switch the rule on or off."""
    return with_rule(content, get_rule_by_key(content, key) | {"enabled": enabled})


def without_rule(content: JsonDict, key: str) -> JsonDict:
    """Remove the rule."""
    get_rule_by_key(content, key)
    return content | {"rules": [each for each in content["rules"] if each["key"] != key]}


def with_moved_rule(content: JsonDict, key: str, *, to: int | None = None, step: int = 0) -> JsonDict:
    """Move the rule to place `to`, or by `step` places.

    Places count from 1; `step` is up when negative; both are brought into range. The others keep their order.
    """
    rule = get_rule_by_key(content, key)
    place = [each["key"] for each in content["rules"]].index(key)
    rules = [each for each in content["rules"] if each["key"] != key]
    new_place = place + step if to is None else to - 1
    rules.insert(min(max(new_place, 0), len(rules)), rule)
    return content | {"rules": rules}


def with_copied_rule(content: JsonDict, key: str) -> tuple[JsonDict, str]:
    """Put a copy right after the rule, switched off; also return its key."""
    source = get_rule_by_key(content, key)
    copy = source | {
        "key": str(uuid.uuid4()),
        "name": f"{source['name'][: NAME_LENGTH - 7]} (copy)",
        "enabled": False,
    }
    at = [each["key"] for each in content["rules"]].index(key) + 1
    return content | {"rules": [*content["rules"][:at], copy, *content["rules"][at:]]}, copy["key"]


def without_department_names(content: JsonDict) -> JsonDict:
    """Return what counts when two snapshots are compared.

    The departments' names are left out: they change by themselves.
    """
    default = content["default"]
    return {
        "default": default and default["department"],
        "rules": [
            {name: value for name, value in rule.items() if name != "department_name"}
            for rule in content["rules"]
        ],
    }
