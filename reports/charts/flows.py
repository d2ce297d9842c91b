"""A flow from what was before to what came after: nodes on both sides, as high as their numbers, and ribbons between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

#: The drawing's coordinates: nodes between y = 30 and y = 290, with room for words on both sides.
_TOP, _HEIGHT, _GAP = 30.0, 260.0, 16.0
_LEFT, _RIGHT, _NODE = 118.0, 392.0, 10.0
#: The least distance of two labels of two lines, in the letters of a phone.
_LABEL = 46.0


@dataclass(frozen=True, slots=True)
class Node:
    """A node: its place, and where its label stands."""

    key: str
    x: float
    y: float
    height: float
    label_x: float
    label_y: float


@dataclass(frozen=True, slots=True)
class Ribbon:
    """A ribbon from one node to another; `x` and `y` is its middle."""

    origin: str
    end: str
    n: int
    path: str
    x: float
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Flow:
    """The nodes of both sides and the ribbons, large ones first so that small ones stay visible."""

    left: tuple[Node, ...]
    right: tuple[Node, ...]
    ribbons: tuple[Ribbon, ...]


def flow_chart(left: Sequence[str], right: Sequence[str], numbers: Mapping[tuple[str, str], int]) -> Flow:
    """Place nodes and ribbons; nodes without a number are left out."""
    before = {key: n for key in left if (n := sum(numbers.get((key, end), 0) for end in right))}
    after = {key: n for key in right if (n := sum(numbers.get((origin, key), 0) for origin in left))}
    total, gaps = sum(before.values()), max(len(before), len(after), 1) - 1
    unit = (_HEIGHT - _GAP * gaps) / total if total else 0.0
    left_nodes = _place(before, unit, _LEFT, _LEFT - 8)
    right_nodes = _place(after, unit, _RIGHT, _RIGHT + _NODE + 8)
    return Flow(left_nodes, right_nodes, _connect(left_nodes, right_nodes, numbers, unit))


def _place(numbers: Mapping[str, int], unit: float, x: float, label_x: float) -> tuple[Node, ...]:
    nodes: list[Node] = []
    y, label = _TOP, 0.0
    for key, n in numbers.items():
        label = max(y + n * unit / 2, label + _LABEL if nodes else 0.0)
        nodes.append(Node(key, x, round(y, 1), round(n * unit, 1), label_x, round(label, 1)))
        y += n * unit + _GAP
    return tuple(nodes)


def _connect(
    left: Sequence[Node], right: Sequence[Node], numbers: Mapping[tuple[str, str], int], unit: float
) -> tuple[Ribbon, ...]:
    ribbons = []
    arrived = {node.key: node.y for node in right}
    start, end = _LEFT + _NODE, _RIGHT
    middle = (start + end) / 2
    for node in left:
        y = node.y
        for other in right:
            n = numbers.get((node.key, other.key), 0)
            if not n:
                continue
            to, height = arrived[other.key], n * unit
            path = (
                f"M{start:g} {y:.1f}C{middle:g} {y:.1f} {middle:g} {to:.1f} {end:g} {to:.1f}"
                f"V{to + height:.1f}C{middle:g} {to + height:.1f} {middle:g} {y + height:.1f} {start:g} {y + height:.1f}Z"
            )
            centre = (y + to + height) / 2
            ribbons.append(Ribbon(node.key, other.key, n, path, middle, round(centre, 1), round(height, 1)))
            y, arrived[other.key] = y + height, to + height
    return tuple(sorted(ribbons, key=lambda ribbon: -ribbon.n))
