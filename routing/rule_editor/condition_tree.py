"""Convert between the form of a condition and its stored tree."""

from __future__ import annotations

import re
from typing import Any

from routing.conditions.fields import CHOICE_FIELDS, FLAG_FIELDS, NUMBER_FIELDS, number_bounds
from routing.conditions.patterns import MAX_PATTERN_LENGTH
from routing.conditions.validation import validate_condition
from routing.rule_editor.condition_form import (
    MAX_FORM_DEPTH,
    MAX_ROWS,
    OPERATORS,
    ROOT_PATH,
    ConditionNode,
)


def form_to_condition(root: ConditionNode) -> dict[str, Any] | None:
    """Return the condition as a tree, None when something is wrong.

    The `problems` of the nodes then say what. Call it only once per form, because a second call adds them again.
    """
    if sum(1 for _ in root.all_rows()) > MAX_ROWS:
        root.problems.append(f"More than {MAX_ROWS} rows: edit this condition as JSON.")
        return None
    tree = _node_to_condition(root)
    has_problems = any(node.problems for node in (*root.all_groups(), *root.all_rows()))
    return None if has_problems else tree


def form_to_partial_condition(node: ConditionNode) -> dict[str, Any] | None:
    """Return the condition without unusable rows, None when nothing is left.

    Empty and invalid rows are unusable. Adds no problems to the nodes.
    """
    if node.group:
        parts = [tree for part in node.parts if (tree := form_to_partial_condition(part)) is not None]
        return {node.group: parts} if parts else None
    if not _split_values(node.values) and node.field_name not in FLAG_FIELDS:
        return None
    op = node.valid_op
    leaf = build_leaf(node.field_name, op.removeprefix("not "), node.values)
    if validate_condition(leaf):
        return None
    return {"none": [leaf]} if op.startswith("not ") else leaf


def _node_to_condition(node: ConditionNode) -> dict[str, Any]:
    if node.group:
        if not node.parts:
            node.problems.append(
                "Fill in at least one row: a rule without a condition would match every message."
                if node.path == ROOT_PATH
                else "This group is empty: add a condition, or remove it."
            )
        return {node.group: [_node_to_condition(part) for part in node.parts]}
    op = node.valid_op
    leaf = build_leaf(node.field_name, op.removeprefix("not "), node.values)
    if not _split_values(node.values) and node.field_name not in FLAG_FIELDS:
        node.problems.append("Fill this in, or remove the row.")
    else:
        node.problems.extend(problem.message for problem in validate_condition(leaf)[:5])
    return {"none": [leaf]} if op.startswith("not ") else leaf


def build_leaf(name: str, op: str, values: list[str]) -> dict[str, Any]:
    """Return the leaf of a row, without validating it.

    `validate_condition` reports what makes no sense. `op` comes without "not ".
    """
    if name == "words":
        return {"field": name, op: _split_values(values)}
    text = (values or [""])[0].replace("\r\n", "\n").strip()
    if name == "pattern":
        return {"field": name, "matches": text}
    if name in FLAG_FIELDS:
        return {"field": name, "is": op == "yes"}
    if name == "hours":
        return {"field": name, "calendar": text, "is": op}
    if name == "customer_tags":
        return {"field": name, "is": [tag.lower() for tag in _split_values(values)]}
    if name in CHOICE_FIELDS:
        return {"field": name, "is": _split_values(values)}
    if op != "between":
        return {"field": name, op: _parse_number(text)}
    ends = re.split(r"\s*(?:-|–|\bto\b|\band\b|;)\s*", text, maxsplit=1)
    least, most = ends if len(ends) == 2 else (text, text)
    return {"field": name, "gte": _parse_number(least), "lte": _parse_number(most)}


def _parse_number(value: str) -> int | str:
    """Return the whole number that was typed, else the text itself.

    Accepted forms are `1000`, `1,000`, `1.000` and `1 000`.
    """
    value = value.strip()
    if re.fullmatch(r"[0-9]{1,15}|[0-9]{1,3}(?:[ .,'’_\u00a0\u202f][0-9]{3}){1,4}", value):
        return int(re.sub(r"[^0-9]", "", value))
    return value


def _split_values(values: list[str]) -> list[str]:
    parts = (part.strip() for value in values for part in re.split("[,\n]", value.replace("\r", "")))
    return list(dict.fromkeys(part for part in parts if part))


def condition_to_form(tree: dict[str, Any]) -> ConditionNode | None:
    """Return the form of a valid tree, None when no form fits.

    No form fits when the tree is too large, or when no row can show one of its leaves; it is then edited as JSON.
    """
    node = _condition_to_node(tree)
    if node is None:
        return None
    if not node.group:
        node = ConditionNode(group="all", parts=[node])
    node.renumber(ROOT_PATH)
    if sum(1 for _ in node.all_rows()) > MAX_ROWS or any(
        row.depth > MAX_FORM_DEPTH for row in node.all_rows()
    ):
        return None
    return node


def _condition_to_node(tree: dict[str, Any]) -> ConditionNode | None:
    if "field" in tree:
        return _leaf_to_row(tree, "")
    group, parts = next(iter(tree.items()))
    if group == "none" and len(parts) == 1 and "field" in parts[0]:
        row = _leaf_to_row(parts[0], "not ")
        if row is not None and row.op in OPERATORS[row.field_name]:
            return row
    nodes = [_condition_to_node(part) for part in parts]
    return None if None in nodes else ConditionNode(group=group, parts=[node for node in nodes if node])


def _leaf_to_row(leaf: dict[str, Any], negation: str) -> ConditionNode | None:
    name = leaf["field"]
    if name in FLAG_FIELDS:
        return None if negation else ConditionNode(field_name=name, op="yes" if leaf["is"] else "no")
    if name == "hours":
        return ConditionNode(field_name=name, op=negation + leaf["is"], values=[leaf["calendar"]])
    if name in NUMBER_FIELDS:
        if "gte" in leaf and "lte" in leaf:
            return ConditionNode(
                field_name=name, op=f"{negation}between", values=["{}–{}".format(*number_bounds(leaf))]
            )
        op = "gte" if "gte" in leaf else "lte"
        return ConditionNode(field_name=name, op=negation + op, values=[str(leaf[op])])
    if name == "pattern":
        shown = _show_outer_blanks(leaf["matches"])
        return ConditionNode(field_name=name, op=f"{negation}matches", values=[shown]) if shown else None
    op = "is" if name in CHOICE_FIELDS else "any" if "any" in leaf else "all"
    values = list(dict.fromkeys(leaf[op]))
    is_unchanged_by_form = _split_values(values) == values and (
        name != "customer_tags" or values == [tag.lower() for tag in values]
    )
    return ConditionNode(field_name=name, op=negation + op, values=values) if is_unchanged_by_form else None


def _show_outer_blanks(pattern: str) -> str:
    """Return the pattern with `[ ]` for blanks at its ends.

    This is equivalent but visible; a form would strip the blanks. "" when it cannot be done.
    """
    inner = pattern.strip(" ")
    start = len(pattern) - len(pattern.lstrip(" "))
    end = len(pattern) - start - len(inner)
    backslashes = len(inner) - len(inner.rstrip("\\"))
    shown = "[ ]" * start + inner + "[ ]" * end
    is_equivalent = (
        inner == inner.strip() and not (end and backslashes % 2) and len(shown) <= MAX_PATTERN_LENGTH
    )
    return shown if is_equivalent else ""
