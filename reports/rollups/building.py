"""Building all facts and cells: after an upgrade, when a definition changes, and on request.

In steps, each a transaction of its own. Changes of the meantime wait in `ChangedCase` as always, also those of cases that a
step has passed.
"""

from __future__ import annotations

from django.db import connection, transaction
from django.utils import timezone

from inbox.models import Case
from postgres.locks import AdvisoryLock, take_lock, try_lock
from reports.models import ChangedCase, Fact, RollupState
from reports.rollups.cells import fill_cells
from reports.rollups.definitions import CaseRange
from reports.rollups.replacing import replace_facts
from reports.rollups.state import lock_state, mark_changed
from routing.service_levels.versions import clear_service_levels_cache, live_service_levels
from wording.times import company_zone

#: Cases in one step.
STEP = 2000
_END_OF_STEP = (
    "SELECT max(id) FROM (SELECT id FROM inbox_case WHERE id > %s ORDER BY id LIMIT %s) AS next_cases"
)


def build_next(*, waits: bool = False) -> bool:
    """Take the next step of building; returns whether another may follow.

    False as well while somebody else is at work, unless `waits` is set.
    """
    with transaction.atomic():
        if waits:
            take_lock(AdvisoryLock.ROLLUPS)
        elif not try_lock(AdvisoryLock.ROLLUPS):
            return False
        state = lock_state()
        if state.built_at is None:
            return _build_step(state)
        if state.zone != str(company_zone()):
            _finish(state)
    return False


def is_small() -> bool:
    """Return whether everything can be built while somebody waits."""
    return Case.objects.order_by()[: STEP + 1].count() <= STEP


def begin_anew() -> None:
    """Forget what was built; facts stay until the steps replace them."""
    with transaction.atomic():
        take_lock(AdvisoryLock.ROLLUPS)
        state = lock_state()
        state.built_at, state.built_to = None, 0
        state.save()


def _build_step(state: RollupState) -> bool:
    if state.built_to == 0:
        # Every case is computed from here on, so what has changed before needs no second look.
        ChangedCase.objects.all().delete()
        clear_service_levels_cache()
        state.levels = live_service_levels().number
    with connection.cursor() as cursor:
        cursor.execute(_END_OF_STEP, [state.built_to, STEP])
        last = cursor.fetchone()[0]
    if last is None:
        # Of cases that no longer exist.
        Fact.objects.filter(case_id__gt=state.built_to).delete()
        _finish(state)
        return False
    replace_facts(CaseRange(after=state.built_to, to=last), None)
    state.built_to = last
    mark_changed(state)
    return True


def _finish(state: RollupState) -> None:
    zone = company_zone()
    fill_cells(zone)
    state.zone, state.built_at = str(zone), timezone.now()
    mark_changed(state)
