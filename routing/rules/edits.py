"""Edits of a rule set as plain JSON. Pure.

Each edit takes a snapshot and returns a changed copy; the original stays unchanged. Functions that take a key raise
`NoSuchRule` when no rule has it.
"""

from __future__ import annotations

import uuid
from typing import Any

JsonDict = dict[str, Any]
NAME_LENGTH = 120


class NoSuchRule(LookupError):
    """No rule of the rule set has this key."""


def get_rule_by_key(content: JsonDict, key: str) -> JsonDict:
    """Return a copy of the rule with this key."""
    for rule in content["rules"]:
        if rule["key"] == key:
            return dict(rule)
    raise NoSuchRule(key)


def with_rule(content: JsonDict, rule: JsonDict) -> JsonDict:
    """Replace the rule with the same key, or append a new one."""
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

    Places count from 1; a negative `step` moves up. Values out of range are clamped. The other rules keep their
    order.
    """
    rule = get_rule_by_key(content, key)
    place = [each["key"] for each in content["rules"]].index(key)
    rules = [each for each in content["rules"] if each["key"] != key]
    new_place = place + step if to is None else to - 1
    rules.insert(min(max(new_place, 0), len(rules)), rule)
    return content | {"rules": rules}


def with_copied_rule(content: JsonDict, key: str) -> tuple[JsonDict, str]:
    """Insert a switched-off copy after the rule; also return its key."""
    source = get_rule_by_key(content, key)
    copy = source | {
        "key": str(uuid.uuid4()),
        "name": f"{source['name'][: NAME_LENGTH - 7]} (copy)",
        "enabled": False,
    }
    at = [each["key"] for each in content["rules"]].index(key) + 1
    return content | {"rules": [*content["rules"][:at], copy, *content["rules"][at:]]}, copy["key"]


def with_word_list(content: JsonDict, key: str, word_list: JsonDict) -> JsonDict:
    """Replace the word list with this key, or add it."""
    return content | {"word_lists": content.get("word_lists", {}) | {key: word_list}}


def without_word_list(content: JsonDict, key: str) -> JsonDict:
    """Remove the word list."""
    lists = content.get("word_lists", {})
    return content | {"word_lists": {other: each for other, each in lists.items() if other != key}}


def without_department_names(content: JsonDict) -> JsonDict:
    """Return the parts of a snapshot that count in a comparison.

    Department names are left out, because they can change without an edit of the rules.
    """
    default = content["default"]
    return {
        "default": default and default["department"],
        "rules": [
            {name: value for name, value in rule.items() if name != "department_name"}
            for rule in content["rules"]
        ],
        "word_lists": content.get("word_lists", {}),
    }
