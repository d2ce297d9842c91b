"""Local time in statements without asking Postgres for a zone (docs/decisions/0045): its data may differ from ours."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from zoneinfo import ZoneInfo

#: Nothing that is counted is older than the networks, and nobody reads reports of later years.
_FIRST, _LAST = dt.datetime(2000, 1, 1, tzinfo=dt.UTC), dt.datetime(2100, 1, 1, tzinfo=dt.UTC)
_DAY, _SECOND = dt.timedelta(days=1), dt.timedelta(seconds=1)
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
