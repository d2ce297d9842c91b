"""A condition as groups and rows of a form, however deep: from what a browser sent to a tree, and back.

A node's fields are named by its place: `c` is the outermost group, `c.0` its first part, `c.0.1` the second part of
that. A group has `….group`; a row has `….field`, `….op` and any number of `….value`. What was typed is kept as it is;
`problems` say what is wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict

from routing.conditions.fields import CHOICE_FIELDS, FLAG_FIELDS, NUMBER_FIELDS, number_bounds
from routing.conditions.patterns import MAX_PATTERN_LENGTH
from routing.conditions.validation import validate_condition

ROOT_PATH = "c"
#: What a form shows; larger conditions are edited as JSON. A browser may send a thousand fields.
MAX_ROWS, MAX_FORM_DEPTH = 120, 8
#: Groups in groups that the form offers to add.
OFFERED_DEPTH = 4
#: Operators of each field; the first is what a new row has. "not" before a name bars what the rest means.
OPERATORS: dict[str, dict[str, str]] = {
    "words": {"any": "has any of", "all": "has all of", "not any": "has none of"},
    "pattern": {"matches": "matches", "not matches": "does not match"},
    **{name: {"is": "is", "not is": "is not"} for name in CHOICE_FIELDS},
    **{name: {"gte": "is at least", "lte": "is at most", "between": "is between"} for name in NUMBER_FIELDS},
    **{name: {"yes": "yes", "no": "no"} for name in FLAG_FIELDS},
    "hours": {"open": "is within", "closed": "is outside"},
}
_INPUT_NAME = re.compile(rf"{ROOT_PATH}((?:\.\d{{1,3}})*)\.(group|field|op|value)")
_GROUPS = ("all", "any", "none")


@dataclass(slots=True)
class ConditionNode:
    """A group with `parts`, or a row that asks `about` a field. `path` is its name in the form, `is_next` says that
    whoever fills it in goes on here."""

    path: str = ROOT_PATH
    group: str = ""
    parts: list[ConditionNode] = field(default_factory=list)
    field_name: str = "words"
    op: str = "any"
    values: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    is_next: bool = False

    def all_rows(self) -> Iterator[ConditionNode]:
        """The rows in it, itself where it is one."""
        if not self.group:
            yield self
        for part in self.parts:
            yield from part.all_rows()

    @property
    def depth(self) -> int:
        """How many groups stand around it."""
        return self.path.count(".")

    @property
    def text_value(self) -> str:
        """The values as one text field shows them."""
        return ", ".join(self.values)

    def renumber(self, path: str) -> ConditionNode:
        """With the names that go with its place."""
        self.path = path
        for at, part in enumerate(self.parts):
            part.renumber(f"{path}.{at}")
        return self


def build_empty_condition(accounts: Collection[str] = ()) -> ConditionNode:
    """What a new rule begins with: one row to fill in, kept to the brand accounts ("network:remote id") if any."""
    if not accounts:
        return ConditionNode(group="any", parts=[ConditionNode()]).renumber(ROOT_PATH)
    kept = ConditionNode(field_name="brand_account", op="is", values=sorted(accounts))
    return ConditionNode(group="all", parts=[kept, ConditionNode(is_next=True)]).renumber(ROOT_PATH)


def parse_condition_form(data: QueryDict) -> ConditionNode:
    """What a browser sent. Anything may be missing, doubled or nonsense; never raises."""
    found: dict[tuple[int, ...], ConditionNode] = {}
    for name in data:
        match = _INPUT_NAME.fullmatch(name)
        if match is None:
            continue
        place = tuple(int(part) for part in match[1].split(".")[1:])
        if len(place) > MAX_FORM_DEPTH or len(found) > 3 * MAX_ROWS:
            continue
        node = found.setdefault(place, ConditionNode())
        _set_node_input(node, match[2], data.getlist(name))
    root = found.pop((), ConditionNode())
    root.group = root.group if root.group in _GROUPS else "any"
    for place, node in sorted(found.items()):
        above = root if len(place) == 1 else found.get(place[:-1])
        if above is not None and above.group:
            above.parts.append(node)
    return root.renumber(ROOT_PATH)


def _set_node_input(node: ConditionNode, what: str, sent: list[str]) -> None:
    if what == "group":
        node.group = sent[-1] if sent[-1] in _GROUPS else "any"
    elif what == "field":
        node.field_name = sent[-1] if sent[-1] in OPERATORS else "words"
    elif what == "op":
        node.op = sent[-1]
    else:
        node.values = sent


def reset_mismatched_operators(node: ConditionNode) -> None:
    """Operators and values that go with their fields, where somebody has just chosen another field."""
    for row in node.all_rows():
        if row.op not in OPERATORS[row.field_name]:
            row.op = next(iter(OPERATORS[row.field_name]))
            if row.field_name not in ("words", "customer_tags", "pattern"):
                row.values = []


def apply_row_action(root: ConditionNode, action: str) -> None:
    """Adds or removes: `row PATH` and `group PATH` add a part to a group, `drop PATH` takes a node away. What was added,
    or stands where something was, `is_next`."""
    verb, _, path = action.partition(" ")
    for group in list(_all_groups(root)):
        if verb == "drop":
            _remove_part(group, path)
        elif group.path == path and verb == "row":
            group.parts.append(ConditionNode(is_next=True))
        elif group.path == path and verb == "group" and group.depth < MAX_FORM_DEPTH - 1:
            group.parts.append(ConditionNode(group="all", parts=[ConditionNode(is_next=True)]))
    root.renumber(ROOT_PATH)


def _remove_part(group: ConditionNode, path: str) -> None:
    at = next((at for at, part in enumerate(group.parts) if part.path == path), None)
    if at is not None:
        del group.parts[at]
        left = group.parts[at : at + 1] or group.parts[-1:] or [group]
        left[0].is_next = True


def _all_groups(node: ConditionNode) -> Iterator[ConditionNode]:
    if node.group:
        yield node
    for part in node.parts:
        yield from _all_groups(part)


# To a tree


def form_to_condition(root: ConditionNode) -> dict[str, Any] | None:
    """The condition that the form means, None when something is wrong with it: then the nodes' problems say what."""
    if sum(1 for _ in root.all_rows()) > MAX_ROWS:
        root.problems.append(f"More than {MAX_ROWS} rows: edit this condition as JSON.")
        return None
    tree = _node_to_condition(root)
    sound = not any(node.problems for node in (*_all_groups(root), *root.all_rows()))
    return tree if sound else None


def form_to_partial_condition(node: ConditionNode) -> dict[str, Any] | None:
    """The condition as far as it is filled in, None when nothing is; leaves that are not sound are passed over."""
    if node.group:
        parts = [part for each in node.parts if (part := form_to_partial_condition(each)) is not None]
        return {node.group: parts} if parts else None
    if not _split_values(node.values) and node.field_name not in FLAG_FIELDS:
        return None
    op = node.op if node.op in OPERATORS[node.field_name] else next(iter(OPERATORS[node.field_name]))
    leaf = build_leaf(node.field_name, op.removeprefix("not "), node.values)
    if validate_condition(leaf):
        return None
    return {"none": [leaf]} if op.startswith("not ") else leaf


def _node_to_condition(node: ConditionNode) -> dict[str, Any]:
    if node.group:
        if not node.parts:
            node.problems.append(
                "Fill in at least one row: a rule without a condition would take every message."
                if node.path == ROOT_PATH
                else "This group is empty: add a condition, or remove it."
            )
        return {node.group: [_node_to_condition(part) for part in node.parts]}
    op = node.op if node.op in OPERATORS[node.field_name] else next(iter(OPERATORS[node.field_name]))
    bars, plain = op.startswith("not "), op.removeprefix("not ")
    leaf = build_leaf(node.field_name, plain, node.values)
    if not _split_values(node.values) and node.field_name not in FLAG_FIELDS:
        node.problems.append("Fill this in, or remove the row.")
    else:
        node.problems.extend(problem.message for problem in validate_condition(leaf)[:5])
    return {"none": [leaf]} if bars else leaf


def build_leaf(name: str, op: str, values: list[str]) -> dict[str, Any]:
    """The leaf that a row means. Not checked: what cannot be read is left for `conditions.validate` to refuse."""
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
    """A whole number as people write it (`1000`, `1,000`, `1.000`, `1 000`), else the text itself."""
    value = value.strip()
    if re.fullmatch(r"[0-9]{1,15}|[0-9]{1,3}(?:[ .,'’_\u00a0\u202f][0-9]{3}){1,4}", value):
        return int(re.sub(r"[^0-9]", "", value))
    return value


def _split_values(values: list[str]) -> list[str]:
    found = (part.strip() for value in values for part in re.split("[,\n]", value.replace("\r", "")))
    return list(dict.fromkeys(part for part in found if part))


# From a tree


def condition_to_form(tree: dict[str, Any]) -> ConditionNode | None:
    """The form of a valid tree, None when it is too large or holds what no row can show."""
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


def _leaf_to_row(leaf: dict[str, Any], bar: str) -> ConditionNode | None:
    name = leaf["field"]
    if name in FLAG_FIELDS:
        return None if bar else ConditionNode(field_name=name, op="yes" if leaf["is"] else "no")
    if name == "hours":
        return ConditionNode(field_name=name, op=bar + leaf["is"], values=[leaf["calendar"]])
    if name in NUMBER_FIELDS:
        if "gte" in leaf and "lte" in leaf:
            return ConditionNode(
                field_name=name, op=f"{bar}between", values=["{}–{}".format(*number_bounds(leaf))]
            )
        op = "gte" if "gte" in leaf else "lte"
        return ConditionNode(field_name=name, op=bar + op, values=[str(leaf[op])])
    if name == "pattern":
        shown = _show_outer_blanks(leaf["matches"])
        return ConditionNode(field_name=name, op=f"{bar}matches", values=[shown]) if shown else None
    op = "is" if name in CHOICE_FIELDS else "any" if "any" in leaf else "all"
    values = list(dict.fromkeys(leaf[op]))
    same = _split_values(values) == values and (
        name != "customer_tags" or values == [tag.lower() for tag in values]
    )
    return ConditionNode(field_name=name, op=bar + op, values=values) if same else None


def _show_outer_blanks(pattern: str) -> str:
    """The pattern with blanks at its ends as `[ ]`, which means the same and can be seen; "" when that cannot be done."""
    inner = pattern.strip(" ")
    start = len(pattern) - len(pattern.lstrip(" "))
    end = len(pattern) - start - len(inner)
    backslashes = len(inner) - len(inner.rstrip("\\"))
    shown = "[ ]" * start + inner + "[ ]" * end
    sound = inner == inner.strip() and not (end and backslashes % 2) and len(shown) <= MAX_PATTERN_LENGTH
    return shown if sound else ""
