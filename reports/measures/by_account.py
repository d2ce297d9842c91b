"""The responses of each brand account, by time of arrival: the exchanges of `exchanges`, counted by account."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from accounts.models import User
from reports.filters import Filters
from reports.measures.exchanges import exchange_units
from reports.periods import Period
from reports.scopes import fetch_all

_BY_ACCOUNT = """
SELECT coalesce(s.brand_account_id, 0), grouping(s.step), s.step, count(*),
       count(*) FILTER (WHERE s.state = 'answered'),
       percentile_disc(0.5) WITHIN GROUP (ORDER BY s.span) FILTER (WHERE s.state = 'answered')
FROM (SELECT u.state, u.span, c.brand_account_id, width_bucket(u.at, %s::timestamptz[]) - 1 AS step
      FROM unit u JOIN inbox_case c ON c.id = u.case_id) s
GROUP BY GROUPING SETS ((), (s.step), (s.brand_account_id), (s.brand_account_id, s.step))
"""


@dataclass(frozen=True, slots=True)
class AccountResponses:
    """The exchanges of one brand account; `steps` are (answered, needing) of each step of the period."""

    needing: int
    answered: int
    median: dt.timedelta | None
    steps: tuple[tuple[int, int], ...]


def responses_by_account(
    user: User, period: Period, filters: Filters, *, now: dt.datetime
) -> dict[int, AccountResponses]:
    """Count the exchanges of the period by brand account; those of all under 0.

    Only of cases that the user may read. One statement.
    """
    sql, parameters = exchange_units(user, period, filters, now=now)
    rows = fetch_all(sql + _BY_ACCOUNT, [*parameters, [step.start for step in period.steps]])
    steps: dict[int, list[tuple[int, int]]] = {}
    for account, is_whole, step, needing, answered, _ in rows:
        if not is_whole:
            steps.setdefault(account, [(0, 0)] * len(period.steps))[step] = (answered, needing)
    return {
        account: AccountResponses(needing, answered, median, tuple(steps.get(account, ())))
        for account, is_whole, _, needing, answered, median in rows
        if is_whole
    }


def ripe_shares(
    responses: Mapping[int, AccountResponses], period: Period, *, promised: dt.timedelta, now: dt.datetime
) -> dict[int, tuple[int, int]]:
    """Return (answered, needing) by account, without what is still counting.

    `promised` is the longest promised response, as for the response rate.
    """
    places = [place for place, step in enumerate(period.steps) if step.end + promised <= now]
    shares = {}
    for account, each in responses.items():
        counts = [each.steps[place] for place in places]
        shares[account] = (sum(answered for answered, _ in counts), sum(needing for _, needing in counts))
    return shares
