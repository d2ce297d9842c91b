"""Topics of a period: which may be shown, and how many cases say each, in steps; the same cases as units of a list.

What is read is kept per case (`reports.models.CaseTopics`): no text is read on a request.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from accounts.models import User
from inbox.models import ERASED_PREFIX
from inbox.visibility import Reach, case_scope
from reports.filters import NO_FILTERS, Filters
from reports.models import RisingTopic, TopicAlert
from reports.periods import Period
from reports.rollups.choices import choose
from reports.scopes import ALWAYS, fetch_all

#: The most topics that are counted for a page.
_MOST_COUNTED = 60
_CANDIDATES = """
SELECT key, min(label), max(score) FROM reports_risingtopic
WHERE week >= %s AND week < %s AND public_only = %s AND department_id = ANY(%s::bigint[])
GROUP BY key ORDER BY max(score) DESC, key LIMIT %s
"""
_COUNTS = """
SELECT width_bucket(t.at, %s::timestamptz[]) - 1, said.key, t.department_id, count(*)
FROM reports_casetopics t CROSS JOIN LATERAL unnest(t.keys) AS said(key)
WHERE t.at >= %s AND t.at < %s AND t.keys && %s::text[] AND said.key = ANY(%s::text[]) AND {0}
GROUP BY 1, 2, 3
UNION ALL
SELECT 0, '', 0, count(*) FROM reports_casetopics t WHERE t.at >= %s AND t.at < %s AND {0}
"""
_NEWEST = """
SELECT t.case_id FROM reports_casetopics t WHERE t.keys @> ARRAY[%s] AND t.at >= %s AND t.at < %s AND {}
ORDER BY t.at DESC, t.case_id DESC LIMIT %s
"""
_UNITS = """
WITH unit AS (
  SELECT t.case_id, 0::bigint AS n, t.at,
         CASE WHEN c.first_response_at IS NOT NULL THEN greatest(interval '0', c.first_response_at - t.at)
              WHEN c.needs_answer AND c.closed_at IS NULL THEN %s - t.at END AS span,
         CASE WHEN c.first_response_at IS NOT NULL THEN 'answered' WHEN NOT c.needs_answer THEN 'quiet'
              WHEN c.closed_at IS NULL THEN 'waiting' ELSE 'closed' END AS state
  FROM reports_casetopics t JOIN inbox_case c ON c.id = t.case_id
  WHERE t.keys @> ARRAY[%s] AND t.at >= %s AND t.at < %s AND {}
)
"""


@dataclass(frozen=True, slots=True)
class TopicCounts:
    """The cases of a period: all of them, and those of each topic by step and by department."""

    cases: int
    by_step: dict[str, Counter[int]]
    by_department: dict[str, Counter[int]]

    def of(self, key: str) -> int:
        """Return the number of cases of a topic."""
        return self.by_step[key].total() if key in self.by_step else 0


def list_candidates(user: User, period: Period, filters: Filters) -> dict[str, str]:
    """Return the topics that may be worth showing, with their words.

    The most surprising first. One statement.
    """
    scope = case_scope(user)
    departments = list(filters.department_ids) or (
        sorted(scope.ids) if scope.reach is Reach.OWN_DEPARTMENTS else [0]
    )
    first = period.first_day - dt.timedelta(days=period.first_day.weekday())
    values = [first, period.day_after, not scope.reads_direct, departments, _MOST_COUNTED]
    return {key: label for key, label, _ in fetch_all(_CANDIDATES, values)}


def count_topics(user: User, period: Period, filters: Filters, keys: Iterable[str]) -> TopicCounts:
    """Count the cases of topics in each step of a period.

    Of those that the reader may read. One statement.
    """
    condition, parameters = _readable(user, filters)
    wanted, span = list(keys), [period.start, period.end]
    starts = [step.start for step in period.steps]
    rows = fetch_all(
        _COUNTS.format(condition), [starts, *span, wanted, wanted, *parameters, *span, *parameters]
    )
    counts = TopicCounts(next(n for _, key, _, n in rows if not key), {}, {})
    for step, key, department_id, n in rows:
        if key:
            counts.by_step.setdefault(key, Counter())[step] += n
            counts.by_department.setdefault(key, Counter())[department_id] += n
    return counts


def topic_units(
    user: User, period: Period, filters: Filters, key: str, *, now: dt.datetime
) -> tuple[str, list[Any]]:
    """Return the units (`reports.behind.lists`) of a topic's cases."""
    condition, parameters = _readable(user, filters)
    return _UNITS.format(condition), [now, key, period.start, period.end, *parameters]


def list_topic_cases(user: User, period: Period, filters: Filters, key: str, *, most: int) -> list[int]:
    """Return the newest cases of a topic that the reader may read. One statement."""
    condition, parameters = _readable(user, filters)
    rows = fetch_all(_NEWEST.format(condition), [key, period.start, period.end, *parameters, most])
    return [case_id for (case_id,) in rows]


def alert_units(user: User, alert: TopicAlert, *, now: dt.datetime) -> tuple[str, list[Any]]:
    """Return the units of an alert's cases, without erased customers."""
    condition, parameters = _readable(user, NO_FILTERS)
    condition += " AND t.visibility = 'public' AND t.case_id = ANY(%s::bigint[]) AND EXISTS (SELECT FROM inbox_identity i"
    condition += " WHERE i.id = c.identity_id AND NOT starts_with(i.remote_id, %s))"
    start, end = ALWAYS
    return _UNITS.format(condition), [now, alert.key, start, end, *parameters, alert.case_ids, ERASED_PREFIX]


def find_label(key: str) -> str:
    """Return the words of a topic, "" for none.

    One statement.
    """
    return RisingTopic.objects.filter(key=key).order_by("-week").values_list("label", flat=True).first() or ""


def _readable(user: User, filters: Filters) -> tuple[str, list[Any]]:
    choice = choose(user, filters)
    condition, parameters = choice.as_sql("t")
    cases, more = choice.cases_sql("t")
    return condition + cases, [*parameters, *more]
