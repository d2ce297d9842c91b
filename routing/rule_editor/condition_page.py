"""The groups and rows of a condition as the page prints them: plain dictionaries with everything worked out."""

from __future__ import annotations

from typing import Any

from routing.conditions.fields import CHOICES, FLAGS, NUMBERS
from routing.rule_editor.choices import FIELD_GROUPS, URGENCIES, Choices, Options
from routing.rule_editor.condition_form import MAX_DEPTH, OFFERED_DEPTH, OPERATORS, ROOT, Node

GROUP_NAMES = {"all": "all of these hold", "any": "any of these holds", "none": "none of these holds"}
_HINTS = {
    "words": "refund, charged twice, reimburs*",
    "pattern": "order #?[0-9]{6}",
    "customer_tags": "vip, press",
    "language": "",
}
#: More options than this fold away.
_MANY = 8


def presented(node: Node, choices: Choices) -> dict[str, Any]:
    """A node for the template, with its parts."""
    shown: dict[str, Any] = {
        "path": node.path,
        "id": node.path.replace(".", "-"),
        "problems": node.problems,
        "is_root": node.path == ROOT,
        "is_next": node.is_next,
    }
    if node.group:
        return shown | {
            "group": node.group,
            "groups": [(value, name, value == node.group) for value, name in GROUP_NAMES.items()],
            "parts": [presented(part, choices) for part in node.parts],
            "may_nest": node.depth < min(OFFERED_DEPTH, MAX_DEPTH - 1),
            "joiner": {"all": "and", "any": "or", "none": "nor"}[node.group],
        }
    return shown | _row(node, choices)


def _row(node: Node, choices: Choices) -> dict[str, Any]:
    op = node.op if node.op in OPERATORS[node.about] else next(iter(OPERATORS[node.about]))
    fields = [
        (
            group,
            [
                (name, label, name == node.about)
                for name, label in members.items()
                if _offered(name, node, choices)
            ],
        )
        for group, members in FIELD_GROUPS.items()
    ]
    control, options = _control(node, op, choices)
    return {
        "fields": [(group, members) for group, members in fields if members],
        "ops": [(value, label, value == op) for value, label in OPERATORS[node.about].items()],
        "control": control,
        "options": options,
        "chosen": ", ".join(label for _, label, chosen in options if chosen) or "Choose…",
        "folds": len(options) > _MANY,
        "typed": node.typed if node.about != "pattern" else "".join(node.values[:1]),
        "hint": _HINTS.get(node.about, "10–20" if op == "between" else ""),
    }


def _offered(name: str, node: Node, choices: Choices) -> bool:
    return name == node.about or name != "hours" or bool(choices.fields.get("hours"))


def _control(node: Node, op: str, choices: Choices) -> tuple[str, list[tuple[str, str, bool]]]:
    """How a value is given: "none", "text" (several lines), "line", "number", "one" or "several" of options."""
    name = node.about
    if name in FLAGS:
        return "none", []
    if name == "urgency" and op != "between":
        return "one", _with(URGENCIES, node.values)
    if name in NUMBERS:
        return "line" if op == "between" else "number", []
    if name == "hours":
        return "one", _with(choices.fields.get("hours", []), node.values)
    if name in CHOICES and name != "customer_tags":
        return "several", _with(choices.fields.get(name, []), node.values)
    return "line" if name == "pattern" else "text", []


def _with(options: Options, values: list[str]) -> list[tuple[str, str, bool]]:
    """The options with those that are chosen; chosen values that are not among them are kept."""
    known = {value for value, _ in options}
    rest = [(value, value, True) for value in values if value and value not in known]
    return [(value, label, value in values) for value, label in options] + rest
