"""Count what followed our answers: the tone before and after, and what the customer did next. Definitions: docs/metrics.md.

The unit is an answered exchange. What follows is the customer's next message in the case within 72 hours of our answer; without
one the customer is silent, which is known when the 72 hours are over. All of it is as far as the texts could be read.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

from accounts.models import User
from reports.filters import Filters
from reports.measures.exchanges import alive_cases
from reports.periods import Period
from reports.scopes import CaseScope, fetch_all, reported_cases, with_cases

#: Share of those with an answer who loved or liked it: Maritz Research and evolve24, September 2011, n = 1,300.
LIKED_IN_2011 = 0.835
#: The customer's next message counts when it comes within this time of our answer.
WINDOW = dt.timedelta(hours=72)
#: Tones by number, as in the keys of outcomes; the last of them is no tone.
TONES = ("negative", "neutral", "positive", "unread")
_SILENT = len(TONES)
AFTER = (*TONES, "silent")
#: What the customer did, most important first. Of "unripe" it is not yet known whether they stay silent.
DEEDS = ("thanked", "fixed", "again", "escalated", "silent", "unripe")
#: Answered after at most so long; the last takes the rest.
BANDS = (dt.timedelta(minutes=15), dt.timedelta(hours=1), dt.timedelta(days=1))

_TONE = "coalesce(array_position(ARRAY['negative', 'neutral', 'positive'], {}::text) - 1, 3)"
_OUTCOMES = f"""
WITH scope AS ({{}}),
message AS (
  SELECT m.case_id, m.id, m.direction, m.network_time, m.received_at, m.needs_answer, m.sentiment, m.urgency, m.said,
         lag(m.direction) OVER w AS before, lead(m.direction) OVER w AS after
  FROM inbox_message m JOIN scope ON scope.id = m.case_id
  WHERE NOT m.historical
  WINDOW w AS (PARTITION BY m.case_id ORDER BY m.network_time, m.id)
),
numbered AS (
  SELECT message.*, count(*) FILTER (WHERE direction = 'in' AND before IS DISTINCT FROM 'in')
         OVER (PARTITION BY case_id ORDER BY network_time, id) AS exchange,
         direction = 'in' AND before IS DISTINCT FROM 'in' AS is_first, direction = 'in' AND after = 'out' AS is_last
  FROM message
),
exchange AS (
  SELECT case_id, exchange,
         min(received_at) FILTER (WHERE direction = 'in') AS arrived,
         min(network_time) FILTER (WHERE direction = 'in') AS asked,
         min(network_time) FILTER (WHERE direction = 'out') AS answered,
         bool_or(needs_answer) FILTER (WHERE direction = 'in') AS needing,
         max(sentiment) FILTER (WHERE is_first) AS first_tone, max(urgency) FILTER (WHERE is_first) AS first_urgency,
         max(said) FILTER (WHERE is_first) AS first_said,
         max(sentiment) FILTER (WHERE is_last) AS last_tone, max(urgency) FILTER (WHERE is_last) AS last_urgency
  FROM numbered WHERE exchange > 0
  GROUP BY case_id, exchange
),
followed AS (
  SELECT exchange.*, coalesce(lead(asked) OVER w <= answered + interval '72 hours', false) AS goes_on,
         lead(first_tone) OVER w AS next_tone, lead(first_urgency) OVER w AS next_urgency, lead(first_said) OVER w AS next_said
  FROM exchange WINDOW w AS (PARTITION BY case_id ORDER BY exchange)
),
outcome AS (
  SELECT x.case_id, x.exchange AS n, x.arrived AS at, x.answered,
         CASE WHEN x.answered >= x.arrived THEN x.answered - x.arrived
              ELSE greatest(x.answered - x.asked, interval '0') END AS span,
         CASE WHEN x.goes_on AND (
                x.next_tone = 'negative' AND (x.last_tone IN ('neutral', 'positive') OR x.next_said = 'complains')
                OR x.next_urgency > x.last_urgency) THEN 'escalated'
              WHEN x.goes_on AND x.next_said = 'fixed' THEN 'fixed'
              WHEN x.goes_on AND x.next_said = 'thanks' THEN 'thanked'
              WHEN c.last_outbound_at >= x.answered AND EXISTS (
                SELECT 1 FROM inbox_case other JOIN inbox_message m ON m.case_id = other.id
                WHERE other.customer_id = c.customer_id AND other.brand_account_id <> c.brand_account_id
                  AND other.visibility = 'public' AND m.direction = 'in' AND m.needs_answer AND NOT m.historical
                  AND m.network_time > x.answered AND m.network_time <= x.answered + interval '72 hours'
              ) THEN 'escalated'
              WHEN x.goes_on THEN 'again' ELSE 'silent' END AS deed,
         {_TONE.format("x.last_tone")} AS tone_before,
         CASE WHEN x.goes_on THEN {_TONE.format("x.next_tone")} ELSE {_SILENT} END AS tone_after
  FROM followed x JOIN inbox_case c ON c.id = x.case_id
  WHERE x.needing AND x.answered IS NOT NULL
),
coded AS (
  SELECT outcome.*, (tone_before * 100 + tone_after * 10
         + CASE WHEN span <= interval '15 minutes' THEN 0 WHEN span <= interval '1 hour' THEN 1
                WHEN span <= interval '1 day' THEN 2 ELSE 3 END)::int AS code
  FROM outcome
)
"""  # noqa: S608 (constants)
# In an imported conversation all messages are history. Nobody judged them when they came: its first exchange counts, whatever
# was read in it.
_OUTCOMES_WITH_IMPORTED = (
    _OUTCOMES.replace(
        "m.needs_answer, m.sentiment", "past.historical AS imported, m.needs_answer, m.sentiment"
    )
    .replace(
        "WHERE NOT m.historical\n  WINDOW",
        "JOIN inbox_case past ON past.id = m.case_id WHERE NOT m.historical OR past.historical\n  WINDOW",
    )
    .replace("AS needing", "OR (exchange = 1 AND bool_or(imported)) AS needing")
)
_FACT = """,
fact AS (
  SELECT case_id, n, at, deed AS state, span, code, CASE WHEN deed = 'silent' THEN answered + interval '72 hours' END AS ended_at
  FROM coded
)
"""
_UNIT = """,
unit AS (
  SELECT u.case_id, u.n, u.at, u.span, u.state FROM (
    SELECT coded.*, CASE WHEN deed = 'silent' AND answered + interval '72 hours' > %s THEN 'unripe' ELSE deed END AS state FROM coded
  ) u
  WHERE u.at >= %s AND u.at < %s AND (%s::text[] IS NULL OR u.state || ':' || u.code = ANY(%s::text[]))
)
"""
_COUNT = """
SELECT step.place, c.department_id, u.state, u.code, count(*)
FROM (SELECT coded.*, CASE WHEN deed = 'silent' AND answered + interval '72 hours' > %s THEN 'unripe' ELSE deed END AS state FROM coded) u
JOIN inbox_case c ON c.id = u.case_id
JOIN unnest(%s::int[], %s::timestamptz[], %s::timestamptz[]) AS step(place, starts, ends)
  ON u.at >= step.starts AND u.at < step.ends
GROUP BY 1, 2, 3, 4
"""


class Outcome(NamedTuple):
    """One way in which an answered exchange can go on: `band` is the number of the time to our answer (`BANDS`)."""

    deed: str
    before: str
    after: str
    band: int

    @property
    def wrote(self) -> bool:
        """Tell whether the customer wrote again in the case."""
        return self.after != "silent"

    @property
    def liked(self) -> bool:
        """Tell whether the customer loved or liked the answer, as far as their words say: no network sends us likes."""
        return self.after == "positive" or self.deed in ("thanked", "fixed")

    @property
    def shift(self) -> str:
        """The tone after against the tone before: better, same, worse, silent; "unread" where one was not read."""
        if not self.wrote:
            return "silent"
        if "unread" in (self.before, self.after):
            return "unread"
        change = TONES.index(self.after) - TONES.index(self.before)
        return "better" if change > 0 else "worse" if change < 0 else "same"

    @property
    def code(self) -> int:
        """Everything but the deed as a number."""
        return TONES.index(self.before) * 100 + AFTER.index(self.after) * 10 + self.band


def read_outcome(deed: str, code: int) -> Outcome:
    """Return the outcome that a deed and a code stand for."""
    return Outcome(deed, TONES[code // 100], AFTER[code // 10 % 10], code % 10)


@cache
def every_outcome() -> tuple[Outcome, ...]:
    """Return all outcomes that there may be."""
    bands = range(len(BANDS) + 1)
    return tuple(Outcome(d, b, a, band) for d in DEEDS for b in TONES for a in AFTER for band in bands)


@dataclass(slots=True)
class Outcomes:
    """The answered exchanges of a period: numbers by outcome; by step (from 0) and deed; by department and deed."""

    whole: Counter[Outcome] = field(default_factory=Counter)
    by_step: Counter[tuple[int, str]] = field(default_factory=Counter)
    by_department: Counter[tuple[int, str]] = field(default_factory=Counter)

    def count(self, is_counted: Callable[[Outcome], bool] = lambda _: True) -> int:
        """Count the exchanges of which the outcome is known; `is_counted` narrows them."""
        return sum(n for each, n in self.whole.items() if each.deed != "unripe" and is_counted(each))

    @property
    def unripe(self) -> int:
        """The number of those of which it is not known yet."""
        return sum(n for each, n in self.whole.items() if each.deed == "unripe")


def measure_outcomes(user: User, period: Period, filters: Filters, *, now: dt.datetime) -> Outcomes:
    """Count answered exchanges by what followed, from the rows. One statement."""
    sql, parameters = _outcomes_sql(user, period, filters)
    steps = period.steps
    columns: list[Any] = [list(range(len(steps))), [s.start for s in steps], [s.end for s in steps]]
    counted = Outcomes()
    for step, department_id, deed, code, n in fetch_all(sql + _COUNT, [*parameters, now, *columns]):
        counted.whole[read_outcome(deed, code)] += n
        counted.by_step[step, deed] += n
        counted.by_department[department_id, deed] += n
    return counted


def outcome_units(
    user: User, period: Period, filters: Filters, is_listed: Callable[[Outcome], bool], *, now: dt.datetime
) -> tuple[str, list[Any]]:
    """Return the units (`reports.behind.lists`) of answered exchanges, those with a listed outcome."""
    sql, parameters = _outcomes_sql(user, period, filters)
    keys = [f"{each.deed}:{each.code}" for each in every_outcome() if is_listed(each)]
    return sql + _UNIT, [*parameters, now, period.start, period.end, keys, keys]


def outcome_facts(cases: CaseScope, *, with_imported: bool = False) -> tuple[str, list[Any]]:
    """Return a statement that ends with a table `fact`: every answered exchange of some cases.

    `state` is the deed and `code` the rest of the outcome. One that is silent is known to be so from `ended_at` on.
    """
    sql, parameters = with_cases(_OUTCOMES_WITH_IMPORTED if with_imported else _OUTCOMES, cases)
    return sql + _FACT, parameters


def _outcomes_sql(user: User, period: Period, filters: Filters) -> tuple[str, list[Any]]:
    return with_cases(_OUTCOMES, alive_cases(filters.narrow(reported_cases(user)), period.start))
