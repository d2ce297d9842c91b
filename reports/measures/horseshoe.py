"""The company's horseshoe: how long a case that changed department takes, and where. Definitions: docs/metrics.md.

The parts are averages over the middle fifth of the cases, by their time from arrival to closure, so that they add up
and stand near the median. Under five cases there is no median and there are no parts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from accounts.models import User
from inbox.horseshoe.parts import PartKind
from reports.filters import Filters
from reports.measures.journeys import Journey, PartKey, read_journeys, read_parts
from reports.periods import Period
from wording.numbers import FEWEST

_NO_TIME = dt.timedelta()


@dataclass(frozen=True, slots=True)
class Horseshoe:
    """The horseshoe of one period.

    `count` is the number of its cases, `middle` that of the middle fifth, from which `parts` are. `median` is None under
    five cases; then `middle` is 0 and `parts` are empty. `total` is the sum of the parts.
    """

    count: int
    middle: int
    median: dt.timedelta | None
    parts: dict[PartKey, dt.timedelta]
    gap: dt.timedelta

    @property
    def total(self) -> dt.timedelta:
        return sum(self.parts.values(), _NO_TIME)

    def of_kind(self, kind: PartKind) -> dt.timedelta:
        """Return the sum of the parts of one kind."""
        return sum((time for (each, _), time in self.parts.items() if each == kind), _NO_TIME)


def measure_horseshoe(user: User, period: Period, filters: Filters, *, in_business_time: bool) -> Horseshoe:
    """Measure the cases of a period that changed department and are closed.

    Two statements, and at most one for the service levels.
    """
    journeys, middle = find_ways(user, period, filters, in_business_time=in_business_time)
    if not middle:
        return Horseshoe(len(journeys), 0, None, {}, _NO_TIME)
    sums: dict[PartKey, dt.timedelta] = {}
    for journey in middle:
        for key, time in journey.parts.items():
            sums[key] = sums.get(key, _NO_TIME) + time
    return Horseshoe(
        len(journeys),
        len(middle),
        journeys[(len(journeys) - 1) // 2].time,
        {key: time / len(middle) for key, time in sums.items()},
        sum((journey.gap for journey in middle), _NO_TIME) / len(middle),
    )


def find_ways(
    user: User, period: Period, filters: Filters, *, in_business_time: bool
) -> tuple[list[Journey], list[Journey]]:
    """Return the cases of a horseshoe, and those of its middle fifth.

    Quickest first; those of the middle fifth have their parts. Two statements, and at most one for the service levels.
    """
    journeys = read_journeys(user, period, filters, in_business_time=in_business_time)
    middle = middle_fifth(journeys) if len(journeys) >= FEWEST else []
    read_parts(middle)
    return journeys, middle


def middle_fifth(ordered: Sequence[Journey]) -> list[Journey]:
    """Return those from the 40th to the 60th percentile; at least one of at least one."""
    cut = cut_of(len(ordered))
    return list(ordered[cut : len(ordered) - cut])


def cut_of(count: int) -> int:
    """Return how many are before, and after, the middle fifth."""
    return 2 * count // 5
