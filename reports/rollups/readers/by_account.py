"""The responses of each brand account from roll-ups: as the measure of the same name, read from cells and facts."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from typing import Any

from accounts.models import User
from reports.filters import Filters
from reports.measures.by_account import AccountResponses
from reports.models import FactKind
from reports.periods import Period
from reports.rollups.choices import choose
from reports.rollups.covering import cover_steps, cover_whole
from reports.rollups.freshness import freshen_for
from reports.rollups.tallies import count_facts, nearest_rank, read_values_by_account


def responses_by_account(
    user: User, period: Period, filters: Filters, *, now: dt.datetime
) -> dict[int, AccountResponses]:
    """Count the exchanges of the period by brand account; those of all under 0.

    Medians are as they are shown. Two statements.
    """
    cell_zone, choice = freshen_for(user, now), choose(user, filters)
    steps: dict[int, list[tuple[int, int]]] = defaultdict(lambda: [(0, 0)] * len(period.steps))
    by_account = ("state", "brand_account_id")
    cover = cover_steps(period, cell_zone)
    for step, (state, account), n in count_facts(FactKind.EXCHANGE, user, choice, cover, by_account):
        for key in (0, account):
            answered, needing = steps[key][step]
            steps[key][step] = (answered + (n if state == "answered" else 0), needing + n)
    medians = read_values_by_account(
        FactKind.EXCHANGE, user, choice, cover_whole(period, cell_zone), _find_medians
    )
    return {
        account: AccountResponses(
            sum(needing for _, needing in counts),
            sum(answered for answered, _ in counts),
            medians.get(account),
            tuple(counts),
        )
        for account, counts in steps.items()
        if any(needing for _, needing in counts)
    }


def _find_medians(rows: list[tuple[Any, ...]]) -> dict[int, dt.timedelta | None]:
    """Return the median of what was answered, by brand account.

    That of all is under 0.
    """
    values: dict[int, Counter[int]] = defaultdict(Counter)
    for _, state, value, account, n in rows:
        if state == "answered" and value is not None:
            values[account][value] += int(n)
            values[0][value] += int(n)
    return {account: nearest_rank(sorted(counts.items()), 0.5) for account, counts in values.items()}
