"""The statement that computes facts: of what each measure says, for all kinds at once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from django.db.models.expressions import RawSQL

from inbox.models.case import CaseQuerySet
from reports.measures.attainment import clock_facts
from reports.measures.back_and_forth import return_facts
from reports.measures.by_person import answer_facts, resolved_facts
from reports.measures.closings import closing_facts
from reports.measures.exchanges import exchange_facts
from reports.measures.first_responses import first_response_facts
from reports.measures.first_turns import first_turn_facts
from reports.measures.hand_overs import hand_over_facts, routing_facts
from reports.measures.outcomes import outcome_facts
from reports.measures.resolutions import first_resolution_facts, next_response_facts, resolution_facts
from reports.models import FactKind
from reports.rollups.measured_ways import WAYS, WAYS_DEFINITION, measured_ways
from reports.scopes import CaseScope, CaseTable, counted_cases

#: The columns of a fact that only some measures compute (`_Definition.more`), with their types; NULL in the facts of others.
_MORE_COLUMNS = {
    "from_department_id": "bigint", "to_department_id": "bigint", "held": "interval", "came_back": "boolean",
    "person_id": "bigint", "customer_id": "bigint", "ended_at": "timestamptz", "without_closure": "boolean",
    "details": "jsonb",
}  # fmt: skip
_HAND_OVER = ("from_department_id", "to_department_id", "held", "came_back")
#: All columns in the order in which facts are written and compared.
FACT_COLUMNS = (
    "kind", "case_id", "n", "at", "state", "span", "value", "department_id", "brand_account_id", "visibility", *_MORE_COLUMNS,
)  # fmt: skip
#: As `wording.spans.figure_span` rounds: to seconds below a minute, to minutes below a day, else to hours.
ROUNDED = """
CASE WHEN floor(s.long + 0.5) < 60 THEN floor(s.long + 0.5)
     WHEN floor((s.long + 30) / 60) < 1440 THEN floor((s.long + 30) / 60) * 60
     ELSE floor((s.long + 1800) / 3600) * 3600 END::int
"""


@dataclass(frozen=True, slots=True)
class CaseRange:
    """Cases by id: those of `ids`, or those from above `after` up to `to`."""

    ids: list[int] | None = None
    after: int = 0
    to: int = 0

    def narrow(self, cases: CaseQuerySet) -> CaseQuerySet:
        """Return those of `cases` that are meant."""
        if self.ids is not None:
            # One parameter: a statement that spells out thousands of ids takes longer to read than to run.
            return cases.filter(pk__in=RawSQL("SELECT unnest(%s::bigint[])", [self.ids]))
        return cases.filter(pk__gt=self.after, pk__lte=self.to)

    def as_sql(self) -> tuple[str, list[Any]]:
        """Return the same condition on a column `case_id`."""
        if self.ids is not None:
            return "case_id = ANY(%s::bigint[])", [self.ids]
        return "case_id > %s AND case_id <= %s", [self.after, self.to]

    def as_ids_sql(self) -> tuple[str, list[Any]]:
        """Return a statement that selects their ids, deleted ones included."""
        if self.ids is not None:
            return "SELECT unnest(%s::bigint[])", [self.ids]
        return "SELECT id FROM inbox_case WHERE id > %s AND id <= %s", [self.after, self.to]


class _Definition(NamedTuple):
    #: Returns a statement that ends with a table `fact`: case_id, n (which one within the case), at, state, span, and `more`.
    compute: Callable[[CaseScope], tuple[str, list[Any]]]
    #: Those of `_MORE_COLUMNS` that the table has.
    more: tuple[str, ...] = ()
    #: Counts closed cases only: open ones, which are most of those that change, are not looked at.
    of_closed: bool = False
    #: The column of the table that cells with values count by; the rounded span, unless it is named.
    value: str = "NULL::int"


_DEFINITIONS = {
    FactKind.EXCHANGE: _Definition(exchange_facts, ("person_id",)),
    FactKind.CASE: _Definition(first_response_facts, ("customer_id", "without_closure")),
    FactKind.CLOCK: _Definition(clock_facts, ("person_id", "ended_at")),
    FactKind.HAND_OVER: _Definition(hand_over_facts, _HAND_OVER),
    FactKind.ROUTED: _Definition(routing_facts, _HAND_OVER),
    FactKind.OUTCOME: _Definition(outcome_facts, ("ended_at",), value="code"),
    FactKind.CLOSING: _Definition(closing_facts),
    FactKind.ANSWER: _Definition(answer_facts, ("person_id",)),
    FactKind.RESOLVED: _Definition(resolved_facts, ("person_id",)),
    FactKind.RETURN: _Definition(return_facts, ("from_department_id", "to_department_id"), of_closed=True),
    FactKind.FIRST_TURN: _Definition(first_turn_facts, ("details",), of_closed=True),
    FactKind.NEXT_RESPONSE: _Definition(next_response_facts),
    FactKind.FIRST_RESOLVE: _Definition(first_resolution_facts),
    FactKind.FINAL_RESOLVE: _Definition(resolution_facts),
}
_ALL, _CLOSED = (
    CaseTable("SELECT id FROM counted"),
    CaseTable("SELECT id FROM counted WHERE closed_at IS NOT NULL"),
)


def fresh_facts(cases: CaseRange) -> tuple[str, list[Any]]:
    """Return a statement that ends with a table `fresh`.

    The facts of cases as their rows say now. The ways of cases, whose business time no statement can measure, are read and measured before.
    """
    sql, parameters = _fresh_facts(cases)
    counted = cases.narrow(counted_cases())
    return sql, [*parameters, *measured_ways(counted.filter(closed_at__isnull=False))]


def _fresh_facts(cases: CaseRange) -> tuple[str, list[Any]]:
    counted = cases.narrow(counted_cases()).order_by().values("id", "closed_at")
    sql, values = counted.query.sql_with_params()
    arms, parameters = list[str](), list[Any](values)
    for kind, definition in _DEFINITIONS.items():
        arm, more = definition.compute(_CLOSED if definition.of_closed else _ALL)
        arms.append(f"({arm} SELECT {_columns(kind, definition.more, definition.value)} FROM fact)")  # noqa: S608 (constants)
        parameters += more
    arms.append(f"(SELECT {_columns(None, ('details',))} FROM {WAYS})")  # noqa: S608 (constants)
    facts = " UNION ALL ".join(arms)
    more_columns = ", ".join(f"f.{name}" for name in _MORE_COLUMNS)
    statement = f"""
WITH counted AS MATERIALIZED ({sql}),
fresh({", ".join(FACT_COLUMNS)}) AS MATERIALIZED (
  SELECT f.kind, f.case_id, f.n, f.at, f.state, f.span, coalesce(f.value, {ROUNDED}), c.department_id, c.brand_account_id, c.visibility, {more_columns}
  FROM ({facts}) AS f JOIN inbox_case c ON c.id = f.case_id CROSS JOIN LATERAL (SELECT extract(epoch FROM f.span)) AS s(long)
)"""  # noqa: S608 (constants)
    return statement, parameters


def _columns(kind: FactKind | None, more: tuple[str, ...], value: str = "NULL::int") -> str:
    """Return the columns of one kind's facts; without `kind` they name theirs."""
    named = "kind" if kind is None else f"{int(kind)}::smallint AS kind"
    others = (
        name if name in more else f"NULL::{sql_type} AS {name}" for name, sql_type in _MORE_COLUMNS.items()
    )
    return f"{named}, case_id, n, at, state, span, {value} AS value, {', '.join(others)}"


def stored_facts(cases: CaseRange) -> tuple[str, list[Any]]:
    """Return a table expression `stored`: the facts as they are kept."""
    condition, parameters = cases.as_sql()
    columns = ", ".join(FACT_COLUMNS)
    sql = f", stored AS MATERIALIZED (SELECT {columns} FROM reports_fact WHERE kind = ANY(%s::smallint[]) AND {condition})"  # noqa: S608 (constants)
    return sql, [list(map(int, FactKind)), *parameters]


@cache
def fingerprint() -> str:
    """Return a text that changes when any definition does."""
    statements = [str(_fresh_facts(CaseRange())), WAYS_DEFINITION]
    return hashlib.sha256("\n".join(statements).encode()).hexdigest()
