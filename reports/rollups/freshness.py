"""Of what time the numbers on a page are. A page refreshes a few changes itself, so that they are of now."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from accounts.models import User
from reports.models import ChangedCase
from reports.rollups.building import build_next, is_small
from reports.rollups.refreshing import note_new_levels, refresh_changed_cases
from reports.rollups.state import read_status

#: A page refreshes so many changes itself; more are left to the periodic task.
_FEW = 300


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
    is_current = status.waiting == 0
    if 0 < status.waiting <= _FEW:
        is_current = refresh_changed_cases(_FEW) is not None
    return Freshness(now if is_current else status.since or now, status.cell_zone)


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


def seconds_behind(now: dt.datetime) -> float:
    """Return for how long the oldest change has waited to be counted.

    One statement.
    """
    since = ChangedCase.objects.order_by("id").values_list("at", flat=True).first()
    return round(max((now - since).total_seconds(), 0.0), 1) if since else 0.0
