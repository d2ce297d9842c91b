"""The statements that compute facts, each written by the measure that counts them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from django.db.models.expressions import RawSQL

from inbox.models.case import CaseQuerySet
from reports.measures.attainment import clock_facts
from reports.measures.closings import closing_facts
from reports.measures.exchanges import exchange_facts
from reports.measures.first_responses import first_response_facts
from reports.measures.hand_overs import hand_over_facts, routing_facts
from reports.measures.outcomes import outcome_facts
from reports.models import FactKind
from reports.scopes import counted_cases

#: The columns of a fact that only some measures compute (`_Definition.more`), with their types; NULL in the facts of others.
_MORE_COLUMNS = {
    "from_department_id": "bigint", "to_department_id": "bigint", "held": "interval", "came_back": "boolean",
    "person_id": "bigint", "customer_id": "bigint", "ended_at": "timestamptz", "without_closure": "boolean",
    "details": "jsonb",
}  # fmt: skip
_HAND_OVER = ("from_department_id", "to_department_id", "held", "came_back")
#: All columns but the kind, in the order in which facts are written and compared.
FACT_COLUMNS = (
    "case_id", "n", "at", "state", "span", "value", "department_id", "brand_account_id", "visibility", *_MORE_COLUMNS,
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
    compute: Callable[[CaseQuerySet], tuple[str, list[Any]]]
    #: Those of `_MORE_COLUMNS` that the table has.
    more: tuple[str, ...] = ()
    #: What cells with values count by.
    value: str = ROUNDED


_DEFINITIONS = {
    FactKind.EXCHANGE: _Definition(exchange_facts),
    FactKind.CASE: _Definition(first_response_facts),
    FactKind.CLOCK: _Definition(clock_facts),
    FactKind.HAND_OVER: _Definition(hand_over_facts, _HAND_OVER),
    FactKind.ROUTED: _Definition(routing_facts, _HAND_OVER),
    FactKind.OUTCOME: _Definition(outcome_facts, ("ended_at",), "f.code"),
    FactKind.CLOSING: _Definition(closing_facts),
}


def fresh_facts(kind: FactKind, cases: CaseRange) -> tuple[str, list[Any]]:
    """Return a statement that ends with a table `fresh`: the facts as rows say now."""
    definition = _DEFINITIONS[kind]
    sql, parameters = definition.compute(cases.narrow(counted_cases()))
    more = ", ".join(
        f"f.{name}" if name in definition.more else f"NULL::{sql_type}"
        for name, sql_type in _MORE_COLUMNS.items()
    )
    fresh = f""",
fresh({", ".join(FACT_COLUMNS)}) AS MATERIALIZED (
  SELECT f.case_id, f.n, f.at, f.state, f.span, {definition.value}, c.department_id, c.brand_account_id, c.visibility, {more}
  FROM fact f JOIN inbox_case c ON c.id = f.case_id CROSS JOIN LATERAL (SELECT extract(epoch FROM f.span)) AS s(long)
)"""  # noqa: S608 (constants)
    return sql + fresh, parameters


def stored_facts(kind: FactKind, cases: CaseRange) -> tuple[str, list[Any]]:
    """Return a table expression `stored`: the facts as they are kept."""
    condition, parameters = cases.as_sql()
    columns = ", ".join(FACT_COLUMNS)
    sql = f", stored AS MATERIALIZED (SELECT {columns} FROM reports_fact WHERE kind = %s AND {condition})"  # noqa: S608 (constants)
    return sql, [int(kind), *parameters]


@cache
def fingerprint() -> str:
    """Return a text that changes when any definition does."""
    statements = [str(fresh_facts(kind, CaseRange())) for kind in FactKind]
    return hashlib.sha256("\n".join(statements).encode()).hexdigest()
