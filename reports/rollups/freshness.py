"""Of what time the numbers on a page are. A page refreshes a few changes itself, so that they are of now."""

from __future__ import annotations

import datetime as dt
import pickle  # noqa: S403 (keys are written by it, nothing is read)
from collections import OrderedDict
from collections.abc import Callable, Sized
from dataclasses import dataclass
from threading import Lock
from typing import Any, TypeVar

from accounts.models import User
from reports.models import ChangedCase
from reports.rollups.building import build_next, is_small
from reports.rollups.choices import Choice
from reports.rollups.refreshing import note_new_levels, refresh_changed_cases
from reports.rollups.state import read_status
from reports.scopes import fetch_all

#: A page refreshes so many changes itself; more are left to the periodic task.
_FEW = 300


_Rows = list[tuple[Any, ...]]
_Read = TypeVar("_Read", bound=Sized)
#: What was read by statements, by version, text, parameters and reading, in this process; what was not asked for longest goes first.
_kept: OrderedDict[tuple[str, str, bytes, object], Any] = OrderedDict()
_lock = Lock()
_MOST_STATEMENTS, _MOST_ROWS = 500, 2000


class RollupsNotBuilt(Exception):
    """There are no numbers yet; `progress` is how far their first build has come, 0.0–1.0."""

    def __init__(self, progress: float) -> None:
        super().__init__(progress)
        self.progress = progress


@dataclass(frozen=True, slots=True)
class Freshness:
    """Of what time the numbers are.

    `cell_zone` is the zone by whose weeks there are cells, "" while there are none.
    """

    as_of: dt.datetime
    cell_zone: str
    #: The version of the facts (`RollupState.version`), or an older one.
    version: str = ""


def freshen(now: dt.datetime) -> Freshness:
    """Bring the numbers up to date if that takes a moment.

    One statement when nothing changed. Raises `RollupsNotBuilt`.
    """
    status = read_status()
    if not status.is_built and status.newest_case and is_small():
        while build_next():
            pass
        status = read_status()
    if not status.is_built and status.newest_case:
        raise RollupsNotBuilt(status.progress)
    if status.levels != status.live_levels and note_new_levels():
        status = read_status()
    is_current, version = status.waiting == 0, status.version
    if 0 < status.waiting <= _FEW:
        is_current = refresh_changed_cases(_FEW) is not None
        if is_current:
            version = read_status().version
    return Freshness(now if is_current else status.since or now, status.cell_zone, version)


def freshen_for(user: User, now: dt.datetime) -> Freshness:
    """Return the freshness of all numbers that a page shows at `now`.

    It is brought up to date once, and kept on the user, as the `Viewer` is. Raises `RollupsNotBuilt`.
    """
    remembered = user.__dict__.get("_rollups")
    if not isinstance(remembered, tuple) or remembered[0] != now:
        remembered = user.__dict__["_rollups"] = (now, freshen(now))
    freshness: Freshness = remembered[1]
    return freshness


def shown_as_of(user: User, now: dt.datetime) -> dt.datetime:
    """Return of what time a page's numbers are.

    `now` if none were read for the user.
    """
    remembered = user.__dict__.get("_rollups")
    return remembered[1].as_of if isinstance(remembered, tuple) and remembered[0] == now else now


def fetch_kept(user: User, choice: Choice, sql: str, parameters: list[Any]) -> _Rows:
    """Return the rows of a statement on facts and cells alone; see `read_kept`."""
    return read_kept(user, choice, sql, parameters, _as_they_are)


def read_kept(
    user: User, choice: Choice, sql: str, parameters: list[Any], read: Callable[[_Rows], _Read]
) -> _Read:
    """Return what `read` makes of the rows of a statement.

    The statement is on facts and cells alone, `read` a function of rows alone, and nobody may change what it returned. It is remembered under the whole statement with its parameters, who may read what among them, and the version of the
    facts: so nobody sees another reader's number, nor one of before a change. Filters by columns of cases are of the present.
    """
    remembered = user.__dict__.get("_rollups")
    version = remembered[1].version if isinstance(remembered, tuple) else ""
    if not version or not choice.has_cells:
        return read(fetch_all(sql, parameters))
    key = (version, sql, pickle.dumps(parameters), read)
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            earlier: _Read = _kept[key]
            return earlier
    result = read(fetch_all(sql, parameters))
    if len(result) <= _MOST_ROWS:
        with _lock:
            _kept[key] = result
            while len(_kept) > _MOST_STATEMENTS:
                _kept.popitem(last=False)
    return result


def _as_they_are(rows: _Rows) -> _Rows:
    return rows


def whole_minute(now: dt.datetime) -> dt.datetime:
    """Return the minute that pages name as the time of their numbers."""
    return now.replace(second=0, microsecond=0)


def seconds_behind(now: dt.datetime) -> float:
    """Return for how long the oldest change has waited to be counted.

    One statement.
    """
    since = ChangedCase.objects.order_by("id").values_list("at", flat=True).first()
    return round(max((now - since).total_seconds(), 0.0), 1) if since else 0.0
