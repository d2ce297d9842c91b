"""The walk over a Page in a cursor: begin one, store it between two pages, and what the next one takes over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from networks import wire
from networks.base import JSONObject
from networks.facebook.walk import (
    BRIEF_OVERLAP,
    BUSY_MESSAGES,
    LOOKS,
    OVERLAP,
    SWEEP_SECONDS,
    Inner,
    Older,
    Walk,
    pick_paging_params,
)


def start_walk(cursor: JSONObject, now: dt.datetime, history: dt.timedelta | None = None) -> Walk:
    """Return the walk in a cursor, or a new one.

    A new walk begins at the cursor's `since`; `history` is how far a first poll goes back, None for all.
    """
    inner = cursor.get("window")
    if isinstance(inner, Mapping):
        return _read_walk(inner)
    since = wire.optional_count(cursor.get("since")) or 0
    swept = wire.optional_count(cursor.get("swept")) or 0
    clock = int(now.timestamp())
    carried: dict[str, Any] = _read_carried(cursor)
    if not since:
        floor = None if history is None else clock - int(history.total_seconds())
        return Walk(**{**carried, "looks": (clock,) * len(LOOKS)}, swept=clock, floor=floor, stop=floor)
    looks = (*carried["looks"], *(0,) * len(LOOKS))[: len(LOOKS)]
    due = [number for number, (every, _) in enumerate(LOOKS) if clock - looks[number] >= every]
    if due or clock - swept >= SWEEP_SECONDS:
        # Go back to the last sweep, to find what happened under old posts since then.
        reach = LOOKS[due[-1]][1] if due else OVERLAP
        carried["looks"] = tuple(
            clock if due and number <= due[-1] else at for number, at in enumerate(looks)
        )
        floor = min(min(since, swept or since) - OVERLAP, since - reach)
        return Walk(**carried, since=since, swept=clock, floor=floor, stop=floor, reach=reach)
    busy = (wire.optional_count(cursor.get("volume")) or 0) > BUSY_MESSAGES
    floor = since - (BRIEF_OVERLAP if busy else OVERLAP)
    return Walk(**carried, since=since, swept=swept, floor=floor, stop=floor, sweep=False)


def _read_carried(cursor: Mapping[str, Any]) -> dict[str, Any]:
    """Read what a walk takes over from the one before; what is owed is read first."""
    older = list(wire.as_list(cursor.get("older")))
    after, floor, started = older if len(older) == 3 else (None, 0, 0)
    return {
        "looks": tuple(wire.optional_count(at) or 0 for at in wire.as_list(cursor.get("looks"))),
        "queue": _read_inners(cursor.get("owed"), None),
        "older": Older(
            pick_paging_params(after) if isinstance(after, Mapping) else None,
            wire.optional_count(floor) or 0,
            wire.optional_count(started) or 0,
        ),
        "ads_read": wire.optional_count(cursor.get("ads_read")) or 0,
        "ads_refused": wire.optional_count(cursor.get("ads_refused")) or 0,
    }


def _read_inners(value: object, floor: int | None) -> tuple[Inner, ...]:
    """Read inner edges, also from a cursor of an earlier version.

    That holds only their owners and parameters.
    """
    inners: list[Inner] = []
    for entry in wire.as_list(value):
        if not isinstance(entry, list) or len(entry) not in (2, len(Inner._fields)):
            continue
        owner, params = str(entry[0]), pick_paging_params(wire.as_mapping(entry[1]))
        more = entry[2:] or [floor, 0, 0, 0]
        counts = [wire.optional_count(number) for number in more]
        inners.append(Inner(owner, params, counts[0], *(count or 0 for count in counts[1:])))
    return tuple(inners)


def _read_walk(inner: Mapping[str, Any]) -> Walk:
    counts: dict[str, Any] = {
        key: wire.optional_count(inner.get(key)) or 0
        for key in (
            "since", "swept", "newest", "messages", "edge", "pages", "outer", "top", "restarts", "closings", "oldest",
        )
    }  # fmt: skip
    after, boundary = inner.get("after"), inner.get("boundary")
    floor = wire.optional_count(inner.get("floor"))
    carried = _read_carried(inner)
    return Walk(
        **{**carried, "queue": _read_inners(inner.get("queue"), floor)},
        **counts,
        floor=floor,
        stop=wire.optional_count(inner.get("stop")),
        after=pick_paging_params(after) if isinstance(after, Mapping) else None,
        boundary=pick_paging_params(boundary) if isinstance(boundary, Mapping) else None,
        outer_done=inner.get("outer_done") is True,
        photos=tuple(str(ids) for ids in wire.as_list(inner.get("photos"))),
        owed=_read_inners(inner.get("owed"), floor),
        listed=tuple(str(owner) for owner in wire.as_list(inner.get("listed"))),
        used=tuple(str(digest) for digest in wire.as_list(inner.get("used"))),
        lossy=inner.get("lossy") is True,
        sweep=inner.get("sweep") is True,
        reach=wire.optional_count(inner.get("reach")) or OVERLAP,
    )


def cursor_from_walk(walk: Walk) -> JSONObject:
    """Return the cursor that holds a walk, as JSON to store."""
    return {"window": {name: getattr(walk, name) for name in Walk.__dataclass_fields__} | _as_json(walk)}


def _as_json(walk: Walk) -> dict[str, Any]:
    """Return the fields of a walk that are no plain values."""
    older = walk.older
    return {
        "after": dict(walk.after) if walk.after is not None else None,
        "boundary": dict(walk.boundary) if walk.boundary is not None else None,
        "queue": [[*inner] for inner in walk.queue],
        "owed": [[*inner] for inner in walk.owed],
        "older": [dict(older.after) if older.after is not None else None, older.floor, older.started],
        **{name: list(getattr(walk, name)) for name in ("used", "photos", "listed", "looks")},
    }


def final_cursor(walk: Walk) -> JSONObject:
    """Return the cursor after a complete walk.

    The next walk starts from the newest message seen.
    """
    newest = max(walk.newest, walk.since)
    document = _as_json(walk)
    carried = {name: document[name] for name in ("looks", "owed", "older") if document[name]}
    if carried["older"] == [None, 0, 0]:
        del carried["older"]
    carried |= {name: value for name in ("ads_read", "ads_refused") if (value := getattr(walk, name))}
    if not newest:
        return carried
    return {"since": newest, "swept": walk.swept, "volume": walk.messages, **carried}
