"""Operators in what was typed into search: `dept:billing -tag:"late delivery" is:open before:2026-11-01`. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from inbox.search_words.query import straighten_quotes

#: Names that may be typed, each with the operator that it stands for.
OPERATOR_NAMES = {
    "from": "from",
    "customer": "from",
    "network": "network",
    "account": "account",
    "dept": "dept",
    "department": "dept",
    "assignee": "assignee",
    "tag": "tag",
    "lang": "lang",
    "language": "lang",
    "is": "is",
    "before": "before",
    "since": "since",
    "after": "since",
}
_OPERATOR = re.compile(r'(?<!\S)(-?)([A-Za-z]+):("[^"]+"|[^\s"]+)(?=\s|\Z)')


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator: `name` is a value of `OPERATOR_NAMES`. `typed`: as it stands in the query."""

    name: str
    value: str
    without: bool
    typed: str


def split_operators(query: str) -> tuple[str, tuple[Operator, ...]]:
    """Return the query without its operators, and the operators in order.

    A name that is no operator stays a word, as in "order:12" or "https://…".
    """
    operators = []

    def take(match: re.Match[str]) -> str:
        name = OPERATOR_NAMES.get(match[2].lower())
        value = match[3].strip('"').strip()
        if name is None or not value:
            return match[0]
        operators.append(Operator(name, value, bool(match[1]), match[0]))
        return ""

    rest = _OPERATOR.sub(take, straighten_quotes(query))
    return " ".join(rest.split()), tuple(operators)


def without_operator(query: str, operator: Operator) -> str:
    """Return the query without one of its operators."""
    return " ".join(straighten_quotes(query).replace(operator.typed, " ", 1).split())
