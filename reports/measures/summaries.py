"""Any measure as numbers, in all and by group, from the same facts as the pages. For `manage.py report`.

Percentiles are the usual interpolated ones (`percentile_cont`), as a check outside would compute them; pages show the nearest
rank.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from zoneinfo import ZoneInfo

from django.db.models import Q

from inbox.models import Case
from inbox.models.case import CaseQuerySet
from reports.measures.attainment import clock_facts, running_clock_facts
from reports.measures.closings import closing_facts
from reports.measures.exchanges import exchange_facts
from reports.measures.hand_overs import hand_over_facts
from reports.measures.local_times import LOCAL, offset_parameters
from reports.measures.new_cases import case_units
from reports.measures.outcomes import outcome_facts
from reports.measures.resolutions import resolution_facts
from reports.scopes import counted_cases, fetch_all, imported_cases

Metric = Literal[
    "first-response",
    "next-response",
    "resolution",
    "response-rate",
    "hand-overs",
    "attainment",
    "volume",
    "sentiment-shift",
    "outcome",
    "hanging",
]
Grouping = Literal["network", "brand", "department", "week", "hour", "weekday", "clock", "outcome"]
_Statement = tuple[str, list[Any]]
_CREATED = ", fact AS (SELECT case_id, n, at, NULL::interval AS span, 'created' AS state FROM unit)"


@dataclass(frozen=True, slots=True)
class Definition:
    """A measure: what it counts, which of its facts are done, and a condition on the facts."""

    unit: str
    facts: Callable[[CaseQuerySet, bool], _Statement]
    #: The state of the facts that are the `n` of the count. Those with a span are measured.
    done: str
    condition: str = "true"
    #: Imported conversations have no such thing.
    has_history: bool = True
    #: The state of a fact that `done` names.
    state: str = "f.state"


def _case_facts(cases: CaseQuerySet, _: bool) -> _Statement:
    sql, parameters = case_units(cases.filter(needs_answer=True), now=None)
    return sql + ", fact AS (TABLE unit)", parameters


def _volume_facts(cases: CaseQuerySet, _: bool) -> _Statement:
    sql, parameters = case_units(cases, now=None)
    return sql + _CREATED, parameters


def _exchange_facts(cases: CaseQuerySet, with_imported: bool) -> _Statement:
    return exchange_facts(cases, with_imported=with_imported)


def _outcome_facts(cases: CaseQuerySet, with_imported: bool) -> _Statement:
    return outcome_facts(cases, with_imported=with_imported)


DEFINITIONS: dict[Metric, Definition] = {
    "first-response": Definition("cases", _case_facts, "answered"),
    # Of an imported conversation what followed its first answer was judged by nobody.
    "response-rate": Definition("exchanges", _exchange_facts, "answered", "NOT c.historical OR f.n = 1"),
    "next-response": Definition("exchanges", _exchange_facts, "answered", "f.n > 1"),
    "resolution": Definition(
        "cases", lambda cases, _: resolution_facts(cases), "resolved", has_history=False
    ),
    "hand-overs": Definition(
        "hand-overs", lambda cases, _: hand_over_facts(cases), "accepted", has_history=False
    ),
    "attainment": Definition("clocks", lambda cases, _: clock_facts(cases), "met", has_history=False),
    "volume": Definition("cases", _volume_facts, "created"),
    # Of those who were unhappy before our answer and wrote again; each code holds both tones (`reports.measures.outcomes`).
    "sentiment-shift": Definition(
        "exchanges",
        _outcome_facts,
        "positive",
        "f.code / 100 = 0 AND mod(f.code / 10, 10) <> 4",
        state="CASE WHEN mod(f.code / 10, 10) = 2 THEN 'positive' ELSE 'other' END",
    ),
    "outcome": Definition(
        "exchanges",
        _outcome_facts,
        "good",
        "f.ended_at IS NULL OR f.ended_at <= %(now)s",
        state="CASE WHEN f.state IN ('thanked', 'fixed') THEN 'good' ELSE f.state END",
    ),
    "hanging": Definition(
        "cases",
        lambda cases, _: closing_facts(cases),
        "hanging",
        "split_part(f.state, ':', 1) <> 'open'",
        has_history=False,
        state="split_part(f.state, ':', 1)",
    ),
}
#: For each grouping the key of a group and its name for people; groups are in the order of their keys.
_GROUPS: dict[Grouping, tuple[str, str]] = {
    "network": ("c.network", "c.network"),
    "brand": ("b.handle", "b.network || ':' || b.handle"),
    "department": ("d.slug", "d.name"),
    "week": (f"to_char({LOCAL}, 'IYYY-\"W\"IW')", f"to_char({LOCAL}, 'IYYY-\"W\"IW')"),
    "hour": (f"to_char({LOCAL}, 'HH24')", f"to_char({LOCAL}, 'HH24:00')"),
    "weekday": (f"to_char({LOCAL}, 'ID')", f"trim(to_char({LOCAL}, 'Day'))"),
    "outcome": ("f.state", "f.state"),
    "clock": ("split_part(f.state, ':', 1)", "split_part(f.state, ':', 1)"),
}
_SUMMARY = """
SELECT key, label, count(*), count(*) FILTER (WHERE done), count(seconds), sum(seconds),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds::float8), percentile_cont(0.9) WITHIN GROUP (ORDER BY seconds::float8),
       count(*) FILTER (WHERE seconds <= 3600), grouping(key)
FROM (
  SELECT {key} AS key, {label} AS label, {done} AS done,
         extract(epoch FROM {span}) AS seconds
  FROM fact f
  JOIN inbox_case c ON c.id = f.case_id
  JOIN accounts_brandaccount b ON b.id = c.brand_account_id
  JOIN accounts_department d ON d.id = {department}
  WHERE f.at >= %(start)s AND f.at < %(end)s AND ({condition})
) AS measured
GROUP BY GROUPING SETS ((key, label), ())
ORDER BY grouping(key) DESC, key, label
"""


@dataclass(frozen=True, slots=True)
class Summary:
    """One line: of `count` things `n` are done; `timed` have a duration, in seconds.

    `within_1h` is the share of those with a duration of at most an hour.
    """

    key: str
    label: str
    count: int
    n: int
    timed: int
    total_seconds: float
    median: float | None
    p90: float | None
    within_hour: int
    has_rate: bool = True

    @property
    def rate(self) -> float | None:
        return self.n / self.count if self.count and self.has_rate else None

    @property
    def mean(self) -> float | None:
        return self.total_seconds / self.timed if self.timed else None

    @property
    def within_1h(self) -> float | None:
        return self.within_hour / self.timed if self.timed else None


def summarize(
    metric: Metric,
    by: Grouping | None,
    start: dt.datetime,
    end: dt.datetime,
    *,
    zone: ZoneInfo,
    now: dt.datetime,
    with_imported: bool = False,
) -> tuple[Summary, list[Summary]]:
    """Return a measure in all, and by group. One statement; for attainment two."""
    definition = DEFINITIONS[metric]
    cases = counted_cases()
    if with_imported and definition.has_history:
        cases = Case.objects.filter(Q(pk__in=cases.values("pk")) | Q(pk__in=imported_cases().values("pk")))
    values: dict[str, Any] = {"start": start, "end": end, "now": now} | offset_parameters(zone)
    statements = [definition.facts(cases, with_imported)]
    if metric == "attainment":
        statements.append(running_clock_facts(cases))
    rows: list[Sequence[Any]] = []
    for position, statement in enumerate(statements):
        rows += _fetch(metric, definition, by, statement, values, runs=position > 0)
    has_rate = metric != "volume"
    total = _merge([row for row in rows if row[-1]], "", "", has_rate=has_rate)
    keys = dict.fromkeys((row[0], row[1]) for row in rows if not row[-1]) if by else {}
    groups = [
        _merge([row for row in rows if not row[-1] and (row[0], row[1]) == key], *key, has_rate=has_rate)
        for key in sorted(keys)
    ]
    return total, groups


def _fetch(
    metric: Metric, definition: Definition, by: Grouping | None, statement: _Statement, values: dict[str, Any], *, runs: bool
) -> list[Sequence[Any]]:  # fmt: skip
    key, label = _GROUPS[by] if by else ("''", "''")
    sql, parameters = statement
    span, condition, state = "f.span", definition.condition, definition.state
    if metric == "hand-overs":
        # What waits has waited until now.
        span = "coalesce(f.span, %(now)s - f.at)"
    if metric == "attainment":
        # A clock that runs and is past due is missed.
        span, condition = "NULL::interval", "f.at + f.span < %(now)s" if runs else "true"
        state = "split_part(f.state, ':', 2)"
    department = "f.to_department_id" if metric == "hand-overs" else "c.department_id"
    text = _SUMMARY.format(
        key=key,
        label=label,
        done=f"{state} = '{definition.done}'",
        span=span,
        department=department,
        condition=condition,
    )
    text, more = _as_positional(text, values)
    return list(fetch_all(sql + text, [*parameters, *more]))


def _as_positional(text: str, values: dict[str, Any]) -> tuple[str, list[Any]]:
    """Replace named parameters: the facts' statement has positional ones."""
    parameters: list[Any] = []
    parts = text.split("%(")
    written = [parts[0]]
    for part in parts[1:]:
        name, _, rest = part.partition(")s")
        parameters.append(values[name])
        written.append("%s" + rest)
    return "".join(written), parameters


def _merge(rows: Sequence[Sequence[Any]], key: str, label: str, *, has_rate: bool) -> Summary:
    """Return one line of several rows. At most one has durations."""
    medians = [row[6] for row in rows if row[6] is not None]
    ninths = [row[7] for row in rows if row[7] is not None]
    return Summary(
        key=key or "",
        label=label or "",
        count=sum(row[2] for row in rows),
        n=sum(row[3] for row in rows),
        timed=sum(row[4] for row in rows),
        total_seconds=float(sum(row[5] or 0 for row in rows)),
        median=medians[0] if medians else None,
        p90=ninths[0] if ninths else None,
        within_hour=sum(row[8] for row in rows),
        has_rate=has_rate,
    )
