"""Groups and rows of a condition in the form of its rule.

Groups may be nested. The inputs of a node are named after its place: `c` is the outermost group, `c.0` its first
part, `c.0.1` the second part of that. A group has `….group`; a row has `….field`, `….op` and any number of `….value`.
Nodes store the typed text unchanged; `routing.rule_editor.condition_tree` turns them into the tree that rules store,
and back.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from django.http import QueryDict

from routing.conditions.fields import CHOICE_FIELDS, FLAG_FIELDS, NUMBER_FIELDS

ROOT_PATH = "c"
#: Limits of the form; larger conditions are edited as JSON. Django reads at most a thousand fields.
MAX_ROWS, MAX_FORM_DEPTH = 120, 8
#: Depth up to which the form offers to add nested groups.
OFFERED_DEPTH = 4
#: Operators of each field; a new row has the first. "not " before an operator negates it.
OPERATORS: dict[str, dict[str, str]] = {
    "words": {"any": "has any of", "all": "has all of", "not any": "has none of"},
    "pattern": {"matches": "matches", "not matches": "does not match"},
    **{name: {"is": "is", "not is": "is not"} for name in CHOICE_FIELDS},
    "about": {"is": "is about", "not is": "is not about"},
    **{name: {"gte": "is at least", "lte": "is at most", "between": "is between"} for name in NUMBER_FIELDS},
    **{name: {"yes": "yes", "no": "no"} for name in FLAG_FIELDS},
    "hours": {"open": "is within", "closed": "is outside"},
}
_INPUT_NAME = re.compile(rf"{ROOT_PATH}((?:\.\d{{1,3}})*)\.(group|field|op|value)")
_GROUPS = ("all", "any", "none")


@dataclass(slots=True)
class ConditionNode:
    """A group with `parts`, or a row that compares `field_name` with `values`.

    `path` is its name in the form. `is_next` marks the node that gets the focus. `problems` are sentences for its
    author.
    """

    path: str = ROOT_PATH
    group: str = ""
    parts: list[ConditionNode] = field(default_factory=list)
    field_name: str = "words"
    op: str = "any"
    values: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    is_next: bool = False

    def all_rows(self) -> Iterator[ConditionNode]:
        """Yield the rows inside, including itself when it is a row."""
        if not self.group:
            yield self
        for part in self.parts:
            yield from part.all_rows()

    def all_groups(self) -> Iterator[ConditionNode]:
        """Yield the groups inside, first itself when it is a group."""
        if self.group:
            yield self
        for part in self.parts:
            yield from part.all_groups()

    @property
    def depth(self) -> int:
        """Number of groups around it."""
        return self.path.count(".")

    @property
    def valid_op(self) -> str:
        """Its operator when the field has that one, else the field's first."""
        operators = OPERATORS[self.field_name]
        return self.op if self.op in operators else next(iter(operators))

    @property
    def text_value(self) -> str:
        """All values, as a single text field shows them."""
        return ", ".join(self.values)

    def renumber(self, path: str) -> ConditionNode:
        """Set `path` here and the paths of all nodes inside; return self."""
        self.path = path
        for number, part in enumerate(self.parts):
            part.renumber(f"{path}.{number}")
        return self


def build_empty_condition(accounts: Collection[str] = ()) -> ConditionNode:
    """Return the condition of a new rule: one row to fill in.

    With brand accounts ("network:remote id"), a first row limits the rule to these.
    """
    if not accounts:
        return ConditionNode(group="any", parts=[ConditionNode()]).renumber(ROOT_PATH)
    limit = ConditionNode(field_name="brand_account", op="is", values=sorted(accounts))
    return ConditionNode(group="all", parts=[limit, ConditionNode(is_next=True)]).renumber(ROOT_PATH)


def parse_condition_form(data: QueryDict) -> ConditionNode:
    """Return the outermost group of a submitted form.

    Never raises: fields may be missing, repeated or invalid, and what does not fit is ignored.
    """
    nodes: dict[tuple[int, ...], ConditionNode] = {}
    for name in data:
        match = _INPUT_NAME.fullmatch(name)
        if match is None:
            continue
        place = tuple(int(part) for part in match[1].split(".")[1:])
        if len(place) > MAX_FORM_DEPTH or len(nodes) > 3 * MAX_ROWS:
            continue
        node = nodes.setdefault(place, ConditionNode())
        _set_node_input(node, match[2], data.getlist(name))
    root = nodes.pop((), ConditionNode())
    root.group = root.group if root.group in _GROUPS else "any"
    for place, node in sorted(nodes.items()):
        parent = root if len(place) == 1 else nodes.get(place[:-1])
        if parent is not None and parent.group:
            parent.parts.append(node)
    return root.renumber(ROOT_PATH)


def _set_node_input(node: ConditionNode, input_name: str, sent: list[str]) -> None:
    if input_name == "group":
        node.group = sent[-1] if sent[-1] in _GROUPS else "any"
    elif input_name == "field":
        node.field_name = sent[-1] if sent[-1] in OPERATORS else "words"
    elif input_name == "op":
        node.op = sent[-1]
    else:
        node.values = sent


def reset_mismatched_operators(node: ConditionNode) -> None:
    """Reset operators and values of rows whose field was just changed.

    Fields that accept any text keep the typed text.
    """
    for row in node.all_rows():
        if row.op not in OPERATORS[row.field_name]:
            row.op = row.valid_op
            if row.field_name not in ("words", "customer_tags", "pattern"):
                row.values = []


def apply_row_action(root: ConditionNode, action: str) -> None:
    """Add or remove a node, and mark one with `is_next`.

    `row PATH` and `group PATH` add a part to that group; `drop PATH` removes that node. Any other action changes
    nothing.
    """
    verb, _, path = action.partition(" ")
    for group in list(root.all_groups()):
        if verb == "drop":
            _remove_part(group, path)
        elif group.path == path and verb == "row":
            group.parts.append(ConditionNode(is_next=True))
        elif group.path == path and verb == "group" and group.depth < MAX_FORM_DEPTH - 1:
            group.parts.append(ConditionNode(group="all", parts=[ConditionNode(is_next=True)]))
    root.renumber(ROOT_PATH)


def _remove_part(group: ConditionNode, path: str) -> None:
    index = next((index for index, part in enumerate(group.parts) if part.path == path), None)
    if index is not None:
        del group.parts[index]
        neighbours = group.parts[index : index + 1] or group.parts[-1:] or [group]
        neighbours[0].is_next = True
