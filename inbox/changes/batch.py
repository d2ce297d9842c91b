"""Many changes of one person at one moment, written by a few statements for all of them.

A `BatchChange` does for a verb what a `Change` does, from custodies that were read beforehand, and only notes what is to be
written. `save_batch` writes it. The verbs are the same for both.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db import connection

from accounts.models import Department, User
from inbox.changes.change import Change
from inbox.live.publish import publish_cases_on_commit
from inbox.models import Case, Custody
from inbox.models.case import CaseQuerySet
from postgres.bound_cursors import bound_cursor, rows_as_json

_INSERT_EVENTS = """
INSERT INTO inbox_caseevent (case_id, at, verb, actor_id, data)
SELECT e.case_id, e.at, e.verb, e.actor_id, e.data
FROM ROWS FROM (json_to_recordset(%(rows)s::json)
  AS (case_id bigint, at timestamptz, verb text, actor_id bigint, data jsonb)) WITH ORDINALITY AS e(case_id, at, verb, actor_id, data, n)
ORDER BY e.n
"""
_RESUME_CUSTODIES = """
UPDATE inbox_custody SET left_at = NULL WHERE id IN (
  SELECT DISTINCT ON (case_id) id FROM inbox_custody WHERE case_id = ANY(%(cases)s) ORDER BY case_id, sent_at DESC, id DESC)
"""


@dataclass(slots=True)
class BatchChange(Change):
    """One of many changes: asks no statement, and notes what becomes of the custody."""

    #: The open custody, None for a closed case.
    held: Custody | None = None
    #: The departments that have or had the case; read only for hand-overs.
    had_by: frozenset[int] = frozenset()
    ends: bool = False
    resumes: bool = False
    #: The custody that begins; whether the held one is deleted; whether the acceptance of the open one is taken back.
    begun: Custody | None = None
    deletes_held: bool = False
    unaccepts: bool = False

    def accept_custody(self) -> None:
        """Let the batch accept the custody, as `Change.accept_custody` does."""
        waits = self.held is not None and self.held.accepted_at is None and not self.accepts_custody
        self.accept_custody_on_save(waits=waits)

    def was_with(self, department: Department) -> bool:
        """Return whether a department has or had the case."""
        return department.pk in self.had_by

    def end_custody(self) -> None:
        """Note that the custody ends."""
        self.ends = True

    def resume_custody(self) -> None:
        """Note that the last custody goes on."""
        self.resumes = True

    def begin_custody(
        self, department: Department, reason: str, *, wrong_department: bool, routed: bool
    ) -> Custody:
        """Note the custody that begins."""
        self.begun = self.build_custody(department, reason, wrong_department=wrong_department, routed=routed)
        return self.begun


def lock_batch(
    among: CaseQuerySet, case_ids: Collection[int], by: User, now: dt.datetime, *, with_past: bool = False
) -> dict[int, BatchChange]:
    """Lock cases among those that a person may change.

    Returns a change of each, by the case's id.

    In the order of ids, as ingest locks them. `with_past` also reads which departments had them. Requires a transaction;
    two statements.
    """
    rows = among.select_related("identity", "department", "assignee")
    cases = list(
        rows.select_for_update(of=("self",), no_key=True).filter(pk__in=list(case_ids)).order_by("pk")
    )
    custodies = Custody.objects.filter(case__in=[case.pk for case in cases])
    if not with_past:
        custodies = custodies.filter(left_at__isnull=True)
    held: dict[int, Custody] = {}
    had_by: dict[int, set[int]] = {}
    for custody in custodies:
        had_by.setdefault(custody.case_id, set()).add(custody.department_id)
        if custody.left_at is None:
            held[custody.case_id] = custody
    return {
        case.pk: BatchChange(case, by, now, held=held.get(case.pk), had_by=frozenset(had_by.get(case.pk, ())))
        for case in cases
    }


def save_batch(changes: Iterable[BatchChange], by: User, now: dt.datetime) -> list[BatchChange]:
    """Write changes with their events and custodies; return those that changed anything.

    Within the running transaction. The statements do not depend on the number of cases.
    """
    changed = [change for change in changes if change.advance_version()]
    if not changed:
        return []
    _write_cases(changed)
    events = [
        {
            "case_id": change.case.pk,
            "at": event.at,
            "verb": event.verb,
            "actor_id": event.actor_id,
            "data": event.data,
        }
        for change in changed
        for event in change.events
    ]
    with bound_cursor() as cursor:
        cursor.execute(_INSERT_EVENTS, {"rows": rows_as_json(events)})
    _write_custodies(changed, by, now)
    publish_cases_on_commit([change.as_case_change() for change in changed])
    return changed


def _write_cases(changed: Sequence[BatchChange]) -> None:
    names = tuple(sorted({name for change in changed for name in change.fields} | {"version"}))
    attributes = [_field_of(name).attname for name in names]
    rows = [
        {"id": change.case.pk} | {name: getattr(change.case, name) for name in attributes}
        for change in changed
    ]
    with bound_cursor() as cursor:
        cursor.execute(_build_update(names), {"rows": rows_as_json(rows)})


@cache
def _build_update(names: tuple[str, ...]) -> str:
    columns = [(_field_of(name).column, _field_of(name).db_type(connection)) for name in names]
    record = ", ".join(f"{column} {kind}" for column, kind in columns)
    values = ", ".join(f"{column} = r.{column}" for column, _ in columns)
    return (
        f"UPDATE inbox_case c SET {values} FROM json_to_recordset(%(rows)s::json) AS r(id bigint, {record}) "  # noqa: S608 (names of columns)
        "WHERE c.id = r.id"
    )


def _field_of(name: str) -> Any:
    return Case._meta.get_field(name)


def _write_custodies(changed: Sequence[BatchChange], by: User, now: dt.datetime) -> None:
    """Write what becomes of the custodies.

    In this order a case never has two that are open.
    """
    if accepted := [change.case.pk for change in changed if change.accepts_custody]:
        waiting = Custody.objects.filter(case__in=accepted, left_at__isnull=True, accepted_at__isnull=True)
        waiting.update(accepted_at=now, accepted_by=by)
    if ended := [change.case.pk for change in changed if change.ends]:
        Custody.objects.filter(case__in=ended, left_at__isnull=True).update(left_at=now)
    if deleted := [change.held.pk for change in changed if change.deletes_held and change.held]:
        Custody.objects.filter(pk__in=deleted).delete()
    if resumed := [change.case.pk for change in changed if change.resumes]:
        with bound_cursor() as cursor:
            cursor.execute(_RESUME_CUSTODIES, {"cases": resumed})
    if unaccepted := [change.case.pk for change in changed if change.unaccepts]:
        open_ones = Custody.objects.filter(case__in=unaccepted, left_at__isnull=True, accepted_by=by)
        open_ones.update(accepted_at=None, accepted_by=None)
    Custody.objects.bulk_create([change.begun for change in changed if change.begun is not None])
