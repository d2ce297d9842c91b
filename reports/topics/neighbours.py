"""Customers who talk with each other: who is within three steps of whom. Pure.

A customer with very many neighbours (a famous account) is left out of the graph: it would link everybody with everybody.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

#: The most links between two customers who count as linked, and the most neighbours of one who links others.
STEPS, MOST_NEIGHBOURS = 3, 12
#: Customers from whom paths are looked for, at most.
_MOST_SOURCES = 500

Graph = dict[int, set[int]]


@dataclass(frozen=True, slots=True)
class Cluster:
    """Customers of whom each is within three steps of another; `between` are others on the way."""

    customers: tuple[int, ...]
    between: tuple[int, ...]


def build_graph(links: Iterable[tuple[int, int]]) -> Graph:
    """Return each customer's neighbours, whoever wrote to whom, without famous ones."""
    neighbours: Graph = {}
    for customer, other in links:
        if customer != other:
            neighbours.setdefault(customer, set()).add(other)
            neighbours.setdefault(other, set()).add(customer)
    famous = {customer for customer, near in neighbours.items() if len(near) > MOST_NEIGHBOURS}
    return {customer: near - famous for customer, near in neighbours.items() if customer not in famous}


def find_clusters(graph: Graph, customers: Collection[int]) -> list[Cluster]:
    """Return the clusters among `customers`, the largest first; nobody is a cluster alone."""
    sources = sorted(customer for customer in set(customers) if customer in graph)[:_MOST_SOURCES]
    group = {customer: customer for customer in sources}
    ways: list[tuple[int, list[int]]] = []
    for source in sources:
        for way in _walk(graph, source, group):
            ways.append((source, way))
            _join(group, source, way[-1])
    members: dict[int, set[int]] = {}
    between: dict[int, set[int]] = {}
    for source, way in ways:
        root = _root(group, source)
        members.setdefault(root, set()).update((source, way[-1]))
        between.setdefault(root, set()).update(step for step in way[:-1] if step not in group)
    clusters = [Cluster(tuple(sorted(members[root])), tuple(sorted(between[root]))) for root in members]
    return sorted(clusters, key=lambda cluster: (-len(cluster.customers), cluster.customers))


def _walk(graph: Graph, source: int, wanted: Collection[int]) -> list[list[int]]:
    """Return a shortest way to each wanted customer within reach.

    Without the source.
    """
    ways, border, seen = [], [[source]], {source}
    for _ in range(STEPS):
        reached = []
        for way in border:
            for near in sorted(graph[way[-1]] - seen):
                seen.add(near)
                reached.append([*way, near])
        ways += [way[1:] for way in reached if way[-1] in wanted]
        border = reached
    return ways


def _root(group: dict[int, int], customer: int) -> int:
    while group[customer] != customer:
        group[customer] = group[group[customer]]
        customer = group[customer]
    return customer


def _join(group: dict[int, int], customer: int, other: int) -> None:
    first, second = sorted((_root(group, customer), _root(group, other)))
    group[second] = first
