"""Computing the facts of changed cases again: by the periodic task, and for a page when few changed."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from postgres.locks import AdvisoryLock, try_lock
from reports.rollups.building import build_next, is_small
from reports.rollups.definitions import CaseRange
from reports.rollups.replacing import replace_facts
from reports.rollups.state import lock_state, read_status

#: Changes in one transaction of the periodic task.
_BATCH = 2000
#: A page refreshes so many changes itself, so that its numbers are of now; more are left to the periodic task.
_FEW = 300
_TAKE = """
DELETE FROM reports_changedcase WHERE id IN (SELECT id FROM reports_changedcase ORDER BY id LIMIT %s) RETURNING case_id
"""


@dataclass(frozen=True, slots=True)
class Freshness:
    """Whether there are numbers, of what time they are, and how far a first build has come (0.0–1.0).

    `cell_zone` is the zone by whose weeks there are cells, "" while there are none.
    """

    is_built: bool
    as_of: dt.datetime
    progress: float = 1.0
    cell_zone: str = ""


def refresh_changed_cases(limit: int = _BATCH) -> int | None:
    """Compute the facts of the cases that changed, oldest change first.

    Returns the number of changes that were taken, None when somebody else is at work. One transaction: when it is cut, the
    changes still wait, and a second run finds nothing to change.
    """
    with transaction.atomic():
        if not try_lock(AdvisoryLock.ROLLUPS):
            return None
        state = lock_state()
        # A change whose transaction is still running is not seen here, and neither is its row: it comes later.
        with connection.cursor() as cursor:
            cursor.execute(_TAKE, [limit])
            rows = cursor.fetchall()
        if rows:
            zone = ZoneInfo(state.zone) if state.built_at else None
            replace_facts(CaseRange(sorted({case_id for (case_id,) in rows})), zone)
    return len(rows)


def refresh_for(seconds: float) -> int:
    """Refresh and build until nothing waits, for at most about `seconds`.

    Returns the number of changes that were refreshed.
    """
    deadline = time.monotonic() + seconds
    refreshed = 0
    while time.monotonic() < deadline:
        count = refresh_changed_cases()
        if count is None:
            break
        refreshed += count
        if count < _BATCH and not build_next():
            break
    return refreshed


def freshen(now: dt.datetime) -> Freshness:
    """Bring the numbers up to date if that takes a moment.

    Returns of what time they are.

    One statement when nothing changed.
    """
    status = read_status()
    if not status.is_built and status.newest_case and is_small():
        while build_next():
            pass
        status = read_status()
    if not status.is_built and status.newest_case:
        return Freshness(False, now, status.progress)
    if 0 < status.waiting <= _FEW and refresh_changed_cases(_FEW) is not None:
        return Freshness(True, now, cell_zone=status.cell_zone)
    return Freshness(True, status.since or now, cell_zone=status.cell_zone)
