"""The weeks of cells: from Monday midnight to the next, in the company's zone."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.utils import timezone

from reports.periods import start_of_day

#: Older facts are in no cell.
_FIRST_MONDAY = dt.date(2006, 1, 2)
_WEEK = dt.timedelta(weeks=1)


def week_starts(zone: ZoneInfo) -> str:
    """Return the starts of all weeks that may have cells.

    As an array of Postgres.
    """
    return _week_starts(zone, timezone.now().year + 2)


@lru_cache(maxsize=8)
def _week_starts(zone: ZoneInfo, before_year: int) -> str:
    # As text, and made once: to write a thousand times into each statement takes longer than to run it.
    weeks = (dt.date(before_year, 1, 1) - _FIRST_MONDAY) // _WEEK + 1
    starts = (start_of_day(_FIRST_MONDAY + n * _WEEK, zone) for n in range(weeks))
    return "{" + ",".join(f'"{start.isoformat()}"' for start in starts) + "}"
