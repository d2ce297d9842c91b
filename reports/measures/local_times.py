"""Local time in statements without asking Postgres for a zone (docs/decisions/0045): its data may differ from ours.

And the hours of a local day: 24, on a day with a clock change 23 or 25.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

from reports.periods import start_of_day

#: Nothing that is counted is older than the networks, and nobody reads reports of later years.
_FIRST, _LAST = dt.datetime(2000, 1, 1, tzinfo=dt.UTC), dt.datetime(2100, 1, 1, tzinfo=dt.UTC)
_DAY, _QUARTER, _SECOND = dt.timedelta(days=1), dt.timedelta(minutes=15), dt.timedelta(seconds=1)
#: SQL for the local time of `f.at`, with the named parameters of `offset_parameters`. Sessions are in UTC.
LOCAL = "(f.at + (%(offsets)s::interval[])[width_bucket(f.at, %(changes)s::timestamptz[])])"


def offset_parameters(zone: ZoneInfo) -> dict[str, list[dt.datetime] | list[dt.timedelta]]:
    """Return the parameters of `LOCAL`: when the offset of a zone changes, and the offset from then on."""
    changes, offsets = zip(*_offset_changes(zone), strict=True)
    return {"changes": [dt.datetime(1, 1, 2, tzinfo=dt.UTC), *changes[1:]], "offsets": list(offsets)}


def local_sql(moment: str) -> str:
    """Return SQL for the local time of a moment; its two parameters are those of `offsets_between`.

    A moment that is written with a parameter cannot be given: it stands there twice.
    """
    return f"({moment} + (%s::interval[])[width_bucket({moment}, %s::timestamptz[])])"


def offsets_between(
    zone: ZoneInfo, start: dt.datetime, end: dt.datetime
) -> tuple[list[dt.timedelta], list[dt.datetime]]:
    """Return the offsets of a zone between two moments, and their beginnings.

    The first has none.
    """
    changes = list(_offset_changes(zone))
    first = max(n for n, (at, _) in enumerate(changes) if n == 0 or at <= start)
    chosen = [change for change in changes[first:] if change[0] <= end] or changes[first : first + 1]
    begins = [dt.datetime(1, 1, 2, tzinfo=dt.UTC), *(at for at, _ in chosen[1:])]
    return [offset for _, offset in chosen], begins


@lru_cache(maxsize=8)
def _offset_changes(zone: ZoneInfo) -> tuple[tuple[dt.datetime, dt.timedelta], ...]:
    spans = [(_FIRST, _offset(_FIRST, zone))]
    at = _FIRST
    while at < _LAST:
        after = at + _DAY
        if _offset(after, zone) != spans[-1][1]:
            spans.append((_bisect_change(at, after, zone), _offset(after, zone)))
        at = after
    return tuple(spans)


def _bisect_change(before: dt.datetime, after: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    while after - before > _SECOND:
        middle = before + (after - before) // 2 // _SECOND * _SECOND
        before, after = (
            (middle, after) if _offset(middle, zone) == _offset(before, zone) else (before, middle)
        )
    return after


def _offset(at: dt.datetime, zone: ZoneInfo) -> dt.timedelta:
    return at.astimezone(zone).utcoffset() or dt.timedelta()


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour, [start, end) as aware UTC datetimes, by the clock on the wall.

    `key` names it in addresses: "13"; "02b" is an hour that comes a second time, when clocks go back.
    """

    key: str
    start: dt.datetime
    end: dt.datetime

    @property
    def label(self) -> str:
        """The beginning of the hour for people: "13:00"."""
        return f"{self.key[:2]}:00{', again' if self.is_repeated else ''}"

    @property
    def is_repeated(self) -> bool:
        return len(self.key) > 2


@lru_cache(maxsize=128)
def list_hours(day: dt.date, zone: ZoneInfo) -> tuple[Hour, ...]:
    """Return the hours of a day in order. An hour that the clocks jump over is not among them."""
    at, end = start_of_day(day, zone), start_of_day(day + _DAY, zone)
    edges: list[tuple[dt.datetime, str]] = []
    before: tuple[int, dt.timedelta | None] | None = None
    while at < end:
        local = at.astimezone(zone)
        here = (local.hour, local.utcoffset())
        # Quarters, because no zone is further divided: of some the clocks change by half an hour.
        if here != before:
            is_again = any(key[:2] == f"{local.hour:02d}" for _, key in edges)
            edges.append((at, f"{local.hour:02d}{'b' if is_again else ''}"))
        before, at = here, at + _QUARTER
    ends = [start for start, _ in edges[1:]] + [end]
    return tuple(Hour(key, start, until) for (start, key), until in zip(edges, ends, strict=True))


def same_time(at: dt.datetime, day: dt.date, zone: ZoneInfo) -> dt.datetime:
    """Return the moment of a day with the clock time of `at`."""
    local = at.astimezone(zone)
    return dt.datetime.combine(day, local.timetz()).astimezone(dt.UTC)


def same_weekdays(day: dt.date, count: int) -> Sequence[dt.date]:
    """Return the same weekday of the weeks before, the latest first."""
    return [day - n * 7 * _DAY for n in range(1, count + 1)]
