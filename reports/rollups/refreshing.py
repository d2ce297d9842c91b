"""Computing the facts of changed cases again, in batches."""

from __future__ import annotations

import time
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from postgres.locks import AdvisoryLock, try_lock
from reports.models import ChangedCase, Fact, FactKind
from reports.rollups.building import build_next
from reports.rollups.definitions import CaseRange
from reports.rollups.replacing import replace_facts
from reports.rollups.state import lock_state, mark_changed, read_status
from routing.service_levels.versions import clear_service_levels_cache, live_service_levels

#: Changes in one transaction of the periodic task.
_BATCH = 10_000
# Two statements: with `id IN (… LIMIT …)` the plan for a table that was small a moment ago takes seconds. What appears
# between them is taken, too.
_LAST_OF_BATCH = "SELECT max(id) FROM (SELECT id FROM reports_changedcase ORDER BY id LIMIT %s) AS first"
_TAKE = "DELETE FROM reports_changedcase WHERE id <= %s RETURNING case_id"


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
            cursor.execute(_LAST_OF_BATCH, [limit])
            cursor.execute(_TAKE, [cursor.fetchone()[0]])
            rows = cursor.fetchall()
        if rows:
            zone = ZoneInfo(state.zone) if state.built_at else None
            replace_facts(CaseRange(sorted({case_id for (case_id,) in rows})), zone)
            mark_changed(state)
    return len(rows)


def note_new_levels() -> bool:
    """Note all ways as changed when other service levels are live.

    Than those that they were measured by. Returns False while somebody else is at work.
    """
    with transaction.atomic():
        if not try_lock(AdvisoryLock.ROLLUPS):
            return False
        state = lock_state()
        clear_service_levels_cache()
        number = live_service_levels().number
        if state.levels != number:
            state.levels = number
            mark_changed(state)
            ways = Fact.objects.filter(kind=FactKind.BUSINESS_WAY).values_list("case_id", flat=True)
            ChangedCase.objects.bulk_create(ChangedCase(case_id=case_id) for case_id in ways.iterator())
    return True


def refresh_for(seconds: float) -> int:
    """Refresh and build until nothing waits, for at most about `seconds`.

    Returns the number of changes that were refreshed.
    """
    deadline = time.monotonic() + seconds
    refreshed = 0
    status = read_status()
    if status.levels != status.live_levels:
        note_new_levels()
    while time.monotonic() < deadline:
        count = refresh_changed_cases()
        if count is None:
            break
        refreshed += count
        if count < _BATCH and not build_next():
            break
    return refreshed
