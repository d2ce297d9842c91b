"""Starter rules that come with the product, for ten departments.

They are in `starter_rules.json`, and the word lists that they use in `starter_word_lists.json`. We chose the words,
which are general ones (docs/decisions/0020).
"""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

#: The department of messages that no starter rule matches.
DEFAULT_DEPARTMENT = "service"
#: The ten departments of the starter rules, by slug, with their display names.
STARTER_DEPARTMENTS = {
    "service": "Customer service",
    "billing": "Billing",
    "sales": "Sales",
    "marketing": "Marketing",
    "pr": "Press and public affairs",
    "product": "Product",
    "tech": "Technical support",
    "legal": "Legal and privacy",
    "hr": "People and jobs",
    "spam": "No reply needed",
}
_RULE_KEY_NAMESPACE = uuid.UUID("6f1c3f0e-5a51-4d43-9d50-0d7f2f6f6f53")


def starter_rules() -> list[dict[str, Any]]:
    """Return the starter rules in order, with stable keys.

    They have the form of the rules in `routing.rules.store.build_rules_snapshot`.
    """
    content = _read_json("starter_rules.json")
    return [{**rule, "key": str(uuid.uuid5(_RULE_KEY_NAMESPACE, rule["name"]))} for rule in content["rules"]]


def starter_word_lists() -> dict[str, dict[str, Any]]:
    """Return the word lists of the starter rules by key (`routing.conditions.word_lists`)."""
    lists: dict[str, dict[str, Any]] = _read_json("starter_word_lists.json")
    return lists


def _read_json(file_name: str) -> Any:
    return json.loads(Path(__file__).with_name(file_name).read_text(encoding="utf-8"))


def starter_snapshot() -> dict[str, Any]:
    """Return the starter rules as a rule set with its default.

    It can decide without a database. Its version is 0.
    """
    rules = [{**rule, "department_name": STARTER_DEPARTMENTS[rule["department"]]} for rule in starter_rules()]
    return {
        "version": 0,
        "default": {
            "department": DEFAULT_DEPARTMENT,
            "department_name": STARTER_DEPARTMENTS[DEFAULT_DEPARTMENT],
        },
        "rules": rules,
        "word_lists": starter_word_lists(),
    }
