"""First responses of the cases created in a period. Definitions: docs/metrics.md."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from accounts.models import User
from reports.filters import Filters
from reports.measures.closure import CLOSURE_COLUMNS, CLOSURE_JOIN
from reports.measures.new_cases import case_units, created_cases
from reports.periods import Period
from reports.scopes import CaseScope, fetch_all

_FIRST_RESPONSE = """
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY span) FILTER (WHERE state = 'answered'),
       percentile_disc(0.9) WITHIN GROUP (ORDER BY span) FILTER (WHERE state = 'answered'),
       count(*) FILTER (WHERE state = 'answered'),
       count(*) FILTER (WHERE state = 'waiting'),
       count(*) FILTER (WHERE state = 'closed'),
       max(span) FILTER (WHERE state = 'waiting'),
       percentile_disc(0.5) WITHIN GROUP (ORDER BY span) FILTER (WHERE state = 'waiting')
FROM unit
"""

_FACTS = f""",
fact AS (
  SELECT u.case_id, u.n, u.at, CASE WHEN c.needs_answer THEN u.span END AS span,
         CASE WHEN c.needs_answer THEN u.state ELSE 'quiet' END AS state, {CLOSURE_COLUMNS}
  FROM unit u JOIN inbox_case c ON c.id = u.case_id{CLOSURE_JOIN}
)
"""  # noqa: S608 (constants)


@dataclass(frozen=True, slots=True)
class FirstResponse:
    """First responses of the cases created in a period that need an answer.

    `open` and `closed` are those without one: they wait, or were closed without an answer. The ages are of the open.
    """

    median: dt.timedelta | None
    p90: dt.timedelta | None
    answered: int
    open: int
    closed: int
    oldest_open: dt.timedelta | None
    median_open: dt.timedelta | None

    @property
    def missing(self) -> int:
        """The cases without a first response."""
        return self.open + self.closed

    @property
    def needing(self) -> int:
        return self.answered + self.missing


def first_response_times(user: User, period: Period, filters: Filters, *, now: dt.datetime) -> FirstResponse:
    """Measure first responses of cases created in the period.

    Only cases that need an answer count. One statement.
    """
    sql, parameters = case_units(created_cases(user, period, filters).filter(needs_answer=True), now=now)
    return FirstResponse(*fetch_all(sql + _FIRST_RESPONSE, parameters)[0])


def first_response_facts(cases: CaseScope) -> tuple[str, list[Any]]:
    """Return a statement that ends with a table `fact`: cases with their first response.

    Those that need no answer are "quiet". What still waits has no span: it depends on the present. Each names its customer,
    and whether they got no closure.
    """
    sql, parameters = case_units(cases, now=None)
    return sql + _FACTS, parameters
