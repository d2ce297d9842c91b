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

from routing.conditions.fields import CHOICES, FLAGS, NUMBERS, bounds
from routing.conditions.patterns import MAX_LENGTH
from routing.conditions.validation import validate

ROOT = "c"
#: What a form shows; larger conditions are edited as JSON. A browser may send a thousand fields.
MAX_ROWS, MAX_DEPTH = 120, 8
#: Groups in groups that the form offers to add.
OFFERED_DEPTH = 4
#: Operators of each field; the first is what a new row has. "not" before a name bars what the rest means.
OPERATORS: dict[str, dict[str, str]] = {
    "words": {"any": "has any of", "all": "has all of", "not any": "has none of"},
    "pattern": {"matches": "matches", "not matches": "does not match"},
    **{name: {"is": "is", "not is": "is not"} for name in CHOICES},
    **{name: {"gte": "is at least", "lte": "is at most", "between": "is between"} for name in NUMBERS},
    **{name: {"yes": "yes", "no": "no"} for name in FLAGS},
    "hours": {"open": "is within", "closed": "is outside"},
}
_NAME = re.compile(rf"{ROOT}((?:\.\d{{1,3}})*)\.(group|field|op|value)")
_GROUPS = ("all", "any", "none")


@dataclass(slots=True)
class Node:
    """A group with `parts`, or a row that asks `about` a field. `path` is its name in the form, `is_next` says that
    whoever fills it in goes on here."""

    path: str = ROOT
    group: str = ""
    parts: list[Node] = field(default_factory=list)
    about: str = "words"
    op: str = "any"
    values: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    is_next: bool = False

    def all_rows(self) -> Iterator[Node]:
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
    def typed(self) -> str:
        """The values as one text field shows them."""
        return ", ".join(self.values)

    def renumbered(self, path: str) -> Node:
        """With the names that go with its place."""
        self.path = path
        for at, part in enumerate(self.parts):
            part.renumbered(f"{path}.{at}")
        return self


def empty(accounts: Collection[str] = ()) -> Node:
    """What a new rule begins with: one row to fill in, kept to the brand accounts ("network:remote id") if any."""
    if not accounts:
        return Node(group="any", parts=[Node()]).renumbered(ROOT)
    kept = Node(about="brand_account", op="is", values=sorted(accounts))
    return Node(group="all", parts=[kept, Node(is_next=True)]).renumbered(ROOT)


def read(data: QueryDict) -> Node:
    """What a browser sent. Anything may be missing, doubled or nonsense; never raises."""
    found: dict[tuple[int, ...], Node] = {}
    for name in data:
        match = _NAME.fullmatch(name)
        if match is None:
            continue
        place = tuple(int(part) for part in match[1].split(".")[1:])
        if len(place) > MAX_DEPTH or len(found) > 3 * MAX_ROWS:
            continue
        node = found.setdefault(place, Node())
        _fill(node, match[2], data.getlist(name))
    root = found.pop((), Node())
    root.group = root.group if root.group in _GROUPS else "any"
    for place, node in sorted(found.items()):
        above = root if len(place) == 1 else found.get(place[:-1])
        if above is not None and above.group:
            above.parts.append(node)
    return root.renumbered(ROOT)


def _fill(node: Node, what: str, sent: list[str]) -> None:
    if what == "group":
        node.group = sent[-1] if sent[-1] in _GROUPS else "any"
    elif what == "field":
        node.about = sent[-1] if sent[-1] in OPERATORS else "words"
    elif what == "op":
        node.op = sent[-1]
    else:
        node.values = sent


def settle(node: Node) -> None:
    """Operators and values that go with their fields, where somebody has just chosen another field."""
    for row in node.all_rows():
        if row.op not in OPERATORS[row.about]:
            row.op = next(iter(OPERATORS[row.about]))
            if row.about not in ("words", "customer_tags", "pattern"):
                row.values = []


def act(root: Node, action: str) -> None:
    """Adds or removes: `row PATH` and `group PATH` add a part to a group, `drop PATH` takes a node away. What was added,
    or stands where something was, `is_next`."""
    verb, _, path = action.partition(" ")
    for group in list(_all_groups(root)):
        if verb == "drop":
            _drop(group, path)
        elif group.path == path and verb == "row":
            group.parts.append(Node(is_next=True))
        elif group.path == path and verb == "group" and group.depth < MAX_DEPTH - 1:
            group.parts.append(Node(group="all", parts=[Node(is_next=True)]))
    root.renumbered(ROOT)


def _drop(group: Node, path: str) -> None:
    at = next((at for at, part in enumerate(group.parts) if part.path == path), None)
    if at is not None:
        del group.parts[at]
        left = group.parts[at : at + 1] or group.parts[-1:] or [group]
        left[0].is_next = True


def _all_groups(node: Node) -> Iterator[Node]:
    if node.group:
        yield node
    for part in node.parts:
        yield from _all_groups(part)


# To a tree


def tree_of(root: Node) -> dict[str, Any] | None:
    """The condition that the form means, None when something is wrong with it: then the nodes' problems say what."""
    if sum(1 for _ in root.all_rows()) > MAX_ROWS:
        root.problems.append(f"More than {MAX_ROWS} rows: edit this condition as JSON.")
        return None
    tree = _tree(root)
    sound = not any(node.problems for node in (*_all_groups(root), *root.all_rows()))
    return tree if sound else None


def partial_tree(node: Node) -> dict[str, Any] | None:
    """The condition as far as it is filled in, None when nothing is; leaves that are not sound are passed over."""
    if node.group:
        parts = [part for each in node.parts if (part := partial_tree(each)) is not None]
        return {node.group: parts} if parts else None
    if not _parts(node.values) and node.about not in FLAGS:
        return None
    op = node.op if node.op in OPERATORS[node.about] else next(iter(OPERATORS[node.about]))
    leaf = leaf_of(node.about, op.removeprefix("not "), node.values)
    if validate(leaf):
        return None
    return {"none": [leaf]} if op.startswith("not ") else leaf


def _tree(node: Node) -> dict[str, Any]:
    if node.group:
        if not node.parts:
            node.problems.append(
                "Fill in at least one row: a rule without a condition would take every message."
                if node.path == ROOT
                else "This group is empty: add a condition, or remove it."
            )
        return {node.group: [_tree(part) for part in node.parts]}
    op = node.op if node.op in OPERATORS[node.about] else next(iter(OPERATORS[node.about]))
    bars, plain = op.startswith("not "), op.removeprefix("not ")
    leaf = leaf_of(node.about, plain, node.values)
    if not _parts(node.values) and node.about not in FLAGS:
        node.problems.append("Fill this in, or remove the row.")
    else:
        node.problems.extend(problem.message for problem in validate(leaf)[:5])
    return {"none": [leaf]} if bars else leaf


def leaf_of(name: str, op: str, values: list[str]) -> dict[str, Any]:
    """The leaf that a row means. Not checked: what cannot be read is left for `conditions.validate` to refuse."""
    if name == "words":
        return {"field": name, op: _parts(values)}
    text = (values or [""])[0].replace("\r\n", "\n").strip()
    if name == "pattern":
        return {"field": name, "matches": text}
    if name in FLAGS:
        return {"field": name, "is": op == "yes"}
    if name == "hours":
        return {"field": name, "calendar": text, "is": op}
    if name == "customer_tags":
        return {"field": name, "is": [tag.lower() for tag in _parts(values)]}
    if name in CHOICES:
        return {"field": name, "is": _parts(values)}
    if op != "between":
        return {"field": name, op: _number(text)}
    ends = re.split(r"\s*(?:-|–|\bto\b|\band\b|;)\s*", text, maxsplit=1)
    least, most = ends if len(ends) == 2 else (text, text)
    return {"field": name, "gte": _number(least), "lte": _number(most)}


def _number(value: str) -> int | str:
    """A whole number as people write it (`1000`, `1,000`, `1.000`, `1 000`), else the text itself."""
    value = value.strip()
    if re.fullmatch(r"[0-9]{1,15}|[0-9]{1,3}(?:[ .,'’_\u00a0\u202f][0-9]{3}){1,4}", value):
        return int(re.sub(r"[^0-9]", "", value))
    return value


def _parts(values: list[str]) -> list[str]:
    found = (part.strip() for value in values for part in re.split("[,\n]", value.replace("\r", "")))
    return list(dict.fromkeys(part for part in found if part))


# From a tree


def node_of(tree: dict[str, Any]) -> Node | None:
    """The form of a valid tree, None when it is too large or holds what no row can show."""
    node = _node(tree)
    if node is None:
        return None
    if not node.group:
        node = Node(group="all", parts=[node])
    node.renumbered(ROOT)
    if sum(1 for _ in node.all_rows()) > MAX_ROWS or any(row.depth > MAX_DEPTH for row in node.all_rows()):
        return None
    return node


def _node(tree: dict[str, Any]) -> Node | None:
    if "field" in tree:
        return _row(tree, "")
    group, parts = next(iter(tree.items()))
    if group == "none" and len(parts) == 1 and "field" in parts[0]:
        row = _row(parts[0], "not ")
        if row is not None and row.op in OPERATORS[row.about]:
            return row
    nodes = [_node(part) for part in parts]
    return None if None in nodes else Node(group=group, parts=[node for node in nodes if node])


def _row(leaf: dict[str, Any], bar: str) -> Node | None:
    name = leaf["field"]
    if name in FLAGS:
        return None if bar else Node(about=name, op="yes" if leaf["is"] else "no")
    if name == "hours":
        return Node(about=name, op=bar + leaf["is"], values=[leaf["calendar"]])
    if name in NUMBERS:
        if "gte" in leaf and "lte" in leaf:
            return Node(about=name, op=f"{bar}between", values=["{}–{}".format(*bounds(leaf))])
        op = "gte" if "gte" in leaf else "lte"
        return Node(about=name, op=bar + op, values=[str(leaf[op])])
    if name == "pattern":
        shown = _seen_at_its_ends(leaf["matches"])
        return Node(about=name, op=f"{bar}matches", values=[shown]) if shown else None
    op = "is" if name in CHOICES else "any" if "any" in leaf else "all"
    values = list(dict.fromkeys(leaf[op]))
    same = _parts(values) == values and (name != "customer_tags" or values == [tag.lower() for tag in values])
    return Node(about=name, op=bar + op, values=values) if same else None


def _seen_at_its_ends(pattern: str) -> str:
    """The pattern with blanks at its ends as `[ ]`, which means the same and can be seen; "" when that cannot be done."""
    inner = pattern.strip(" ")
    start = len(pattern) - len(pattern.lstrip(" "))
    end = len(pattern) - start - len(inner)
    backslashes = len(inner) - len(inner.rstrip("\\"))
    shown = "[ ]" * start + inner + "[ ]" * end
    sound = inner == inner.strip() and not (end and backslashes % 2) and len(shown) <= MAX_LENGTH
    return shown if sound else ""
