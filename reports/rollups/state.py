"""The state of the roll-ups: how far they are built, and how much waits to be refreshed."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from django.db import connection

from reports.models import RollupState
from reports.rollups.definitions import fingerprint
from wording.times import company_zone

#: The largest number of changed cases that is counted.
MANY = 1000
_STATUS = """
SELECT s.definitions, s.zone, s.built_to, s.built_at, coalesce(s.levels, 0), coalesce(s.version, ''), c.waiting, c.since, (SELECT max(id) FROM inbox_case),
       coalesce((SELECT max(number) FROM routing_slaversion), 0)
FROM (SELECT count(*) AS waiting, min(at) AS since FROM (SELECT at FROM reports_changedcase ORDER BY id LIMIT %s) AS first) c
LEFT JOIN reports_rollupstate s ON s.id = 1
"""


@dataclass(frozen=True, slots=True)
class Status:
    """The built part, and the changes that wait. `waiting` is at most `MANY`; `since` is when the first of it changed."""

    is_built: bool
    #: The zone by whose weeks there are cells; "" while there are none.
    cell_zone: str
    built_to: int
    waiting: int
    since: dt.datetime | None
    newest_case: int
    #: The number of the service levels by which business time was measured, and of the live ones.
    levels: int
    live_levels: int
    version: str

    @property
    def progress(self) -> float:
        """The part of the cases whose facts are built, 0.0–1.0."""
        return 1.0 if self.is_built else min(self.built_to / max(self.newest_case, 1), 1.0)


def read_status() -> Status:
    """Return the present state. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_STATUS, [MANY])
        definitions, zone, built_to, built_at, levels, version, waiting, since, newest, live_levels = (
            cursor.fetchone()
        )
    is_ours = definitions == fingerprint()
    is_built = is_ours and built_at is not None
    return Status(
        is_built, zone if is_built else "", (built_to or 0) if is_ours else 0, waiting, since, newest or 0, levels, live_levels, version
    )  # fmt: skip


def lock_state() -> RollupState:
    """Return the state for whoever holds the lock of the roll-ups.

    Begins anew when there is none, or when the definitions of the facts have changed.
    """
    state = RollupState.objects.filter(pk=1).first()
    if state is None or state.definitions != fingerprint():
        state = RollupState(id=1, definitions=fingerprint(), zone=str(company_zone()))
        state.save()
    return state


def mark_changed(state: RollupState) -> None:
    """Store the state of a transaction that changes facts, with another version."""
    state.version = uuid.uuid4().hex
    state.save()
