"""Template context for the groups and rows of a condition.

It consists of plain dictionaries, and the template has nothing left to compute.
"""

from __future__ import annotations

from typing import Any

from routing.conditions.fields import CHOICE_FIELDS, FLAG_FIELDS, NUMBER_FIELDS
from routing.rule_editor.choices import FIELD_GROUPS, URGENCIES, EditorChoices, Options
from routing.rule_editor.condition_form import (
    MAX_FORM_DEPTH,
    OFFERED_DEPTH,
    OPERATORS,
    ROOT_PATH,
    ConditionNode,
)

GROUP_NAMES = {"all": "all of these match", "any": "any of these matches", "none": "none of these matches"}
_HINTS = {
    "words": "refund, charged twice, reimburs*",
    "pattern": "order #?[0-9]{6}",
    "customer_tags": "vip, press",
    "language": "",
}
#: A list with more options than this is folded.
_FOLD_ABOVE = 8


def build_node_context(node: ConditionNode, choices: EditorChoices) -> dict[str, Any]:
    """Return the template context of a node, including its parts."""
    context: dict[str, Any] = {
        "path": node.path,
        "id": node.path.replace(".", "-"),
        "problems": node.problems,
        "is_root": node.path == ROOT_PATH,
        "is_next": node.is_next,
    }
    if node.group:
        return context | {
            "group": node.group,
            "groups": [(value, name, value == node.group) for value, name in GROUP_NAMES.items()],
            "parts": [build_node_context(part, choices) for part in node.parts],
            "may_nest": node.depth < min(OFFERED_DEPTH, MAX_FORM_DEPTH - 1),
            "joiner": {"all": "and", "any": "or", "none": "nor"}[node.group],
        }
    return context | _row_context(node, choices)


def _row_context(node: ConditionNode, choices: EditorChoices) -> dict[str, Any]:
    op = node.valid_op
    fields = [
        (
            group,
            [
                (name, label, name == node.field_name)
                for name, label in members.items()
                if _is_offered(name, node, choices)
            ],
        )
        for group, members in FIELD_GROUPS.items()
    ]
    control, options = _value_control(node, op, choices)
    return {
        "fields": [(group, members) for group, members in fields if members],
        "ops": [(value, label, value == op) for value, label in OPERATORS[node.field_name].items()],
        "control": control,
        "options": options,
        "chosen": ", ".join(label for _, label, chosen in options if chosen) or "Choose…",
        "folds": len(options) > _FOLD_ABOVE,
        "typed": node.text_value if node.field_name != "pattern" else "".join(node.values[:1]),
        "hint": _HINTS.get(node.field_name, "10–20" if op == "between" else ""),
    }


def _is_offered(name: str, node: ConditionNode, choices: EditorChoices) -> bool:
    return name == node.field_name or name not in ("hours", "about") or bool(choices.fields.get(name))


def _value_control(
    node: ConditionNode, op: str, choices: EditorChoices
) -> tuple[str, list[tuple[str, str, bool]]]:
    """Return the kind of control for a value, and its options.

    Options are (value, label, is it chosen). Controls: "none", "text" (several lines), "line", "number", "one" or
    "several" of the options.
    """
    name = node.field_name
    if name in FLAG_FIELDS:
        return "none", []
    if name == "urgency" and op != "between":
        return "one", _mark_chosen(URGENCIES, node.values)
    if name in NUMBER_FIELDS:
        return "line" if op == "between" else "number", []
    if name == "hours":
        return "one", _mark_chosen(choices.fields.get("hours", []), node.values)
    if name in CHOICE_FIELDS and name != "customer_tags":
        return "several", _mark_chosen(choices.fields.get(name, []), node.values)
    return "line" if name == "pattern" else "text", []


def _mark_chosen(options: Options, values: list[str]) -> list[tuple[str, str, bool]]:
    """Return the options, each with True when it is chosen.

    Chosen values that are not among the options are added at the end.
    """
    offered = {value for value, _ in options}
    rest = [(value, value, True) for value in values if value and value not in offered]
    return [(value, label, value in values) for value, label in options] + rest
