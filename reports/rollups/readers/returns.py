"""Cases that came back, and cases sent wrong at first, from roll-ups: as `back_and_forth` and `first_turns` of the measures."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from accounts.models import User
from reports.filters import Filters
from reports.measures.back_and_forth import Return
from reports.measures.first_turns import FirstTurns
from reports.models import FactKind
from reports.periods import Period
from reports.rollups.choices import Choice, choose, with_departments
from reports.rollups.covering import cover_whole
from reports.rollups.freshness import fetch_kept, freshen_for
from reports.rollups.tallies import count_facts


def find_returns(
    user: User, periods: Sequence[Period], filters: Filters, *, now: dt.datetime
) -> list[Return]:
    """Find the cases of all these periods that came back.

    One item for each pair of departments. One statement.
    """
    freshen_for(user, now)
    start, end = min(each.start for each in periods), max(each.end for each in periods)
    choice = choose(user, filters)
    where, values = _where(FactKind.RETURN, choice, user, start, end)
    sql = f"SELECT case_id, from_department_id, to_department_id, at {where}"
    rows = fetch_kept(user, choice, sql, values)
    return [Return(*row) for row in rows]


def first_turns(user: User, period: Period, filters: Filters, *, now: dt.datetime) -> list[FirstTurns]:
    """Count first turns by what decided them, most wrong ones first. Two statements."""
    choice = choose(user, filters)
    sent: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for _, (state,), n in count_facts(
        FactKind.FIRST_TURN, user, choice, cover_whole(period, freshen_for(user, now))
    ):
        decided_by, rest = state.split(":", 1)
        rule_key, outcome = rest.rsplit(":", 1)
        numbers = sent[decided_by, rule_key]
        numbers[0] += n
        numbers[1] += n if outcome == "wrong" else 0
    counted = {key: numbers for key, numbers in sent.items() if numbers[0]}
    names = _newest_names(
        user, choice, period, [rule_key for decided_by, rule_key in counted if decided_by == "rule"]
    )
    turns = [
        FirstTurns(decided_by, rule_key, names.get(rule_key, "") if decided_by == "rule" else "", *numbers)
        for (decided_by, rule_key), numbers in counted.items()
    ]
    return sorted(turns, key=lambda turn: (-turn.wrong, -turn.sent, turn.rule_key, turn.decided_by))


def _newest_names(user: User, choice: Choice, period: Period, rule_keys: list[str]) -> dict[str, str]:
    """Return the newest name of each rule in counted decisions."""
    if not rule_keys:
        return {}
    where, values = _where(FactKind.FIRST_TURN, choice, user, period.start, period.end)
    sql = f"""
SELECT rule.key, newest.name FROM unnest(%s::text[]) AS rule(key) CROSS JOIN LATERAL (
  SELECT f.details #>> ARRAY[]::text[] AS name {where} AND f.state IN ('rule:' || rule.key || ':right', 'rule:' || rule.key || ':wrong')
  ORDER BY f.n DESC LIMIT 1) AS newest
"""  # noqa: S608 (constants)
    return dict(fetch_kept(user, choice, sql, [rule_keys, *values]))


def _where(
    kind: FactKind, choice: Choice, user: User, start: dt.datetime, end: dt.datetime
) -> tuple[str, list[Any]]:
    condition, parameters = with_departments(choice, user).as_sql("f")
    cases, more = choice.cases_sql("f")
    sql = f"FROM reports_fact f WHERE f.kind = {kind} AND f.at >= %s AND f.at < %s AND {condition}{cases}"
    return sql, [start, end, *parameters, *more]
