"""Undo an act case by case: put back what it changed, unless somebody has changed the same since."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from accounts.models import Department, User
from inbox.bulk.performing import ACTIONS, find_teaching_cases
from inbox.cases.lessons import teach_router_from_tags
from inbox.cases.undo import NOT_UNDONE, put_back
from inbox.changes.batch import BatchChange, lock_batch
from inbox.changes.change import require_permission
from inbox.changes.refusals import Conflict, Invalid, require_kept
from inbox.models import BulkAct, BulkItem, BulkVerb, Case, Verb, Watch

#: The database lets a hand-over be deleted, and an acceptance be taken back, for a minute: less, for what is under way.
FRESH_FOR = dt.timedelta(seconds=45)
ERASED = "What it was before has been deleted with its texts."


def remember(change: BatchChange) -> dict[str, Any]:
    """Return what an item keeps of a saved change."""
    act = change.events[-1]
    former = change.before.get("assignee")
    undo = {
        "verb": act.verb,
        "values": change.values_changed(),
        "clocks": act.data.get("clocks", []),
        "accepted": change.accepts_custody,
    }
    return {
        "version": change.case.version,
        "at": change.now,
        "former_assignee_id": former.pk if former is not None else None,
        "undo": undo,
    }


@dataclass(slots=True)
class Undoer:
    """Undoes one act on the cases of a batch."""

    act: BulkAct
    now: dt.datetime
    changes: dict[int, BatchChange]
    #: The people among former assignees who still work here, and the cases that taught the learned router.
    people_at_work: frozenset[int]
    teaching_case_ids: frozenset[int]
    departments: dict[int, Department]

    def undo(self, item: BulkItem, change: BatchChange) -> None:
        """Put one case back as it was. Raises a refusal, and has then changed nothing."""
        require_permission(self.act.by, ACTIONS.get(BulkVerb(self.act.verb), "claim"))
        require_kept(change.case)
        if not item.undo or item.version is None:
            raise Invalid(ERASED)
        if self.act.verb == BulkVerb.HAND_OVER:
            self._take_back(item, change)
            return
        put_back(
            change, item.undo["verb"], item.undo["values"], item.version, self.people_at_work.__contains__
        )
        change.unaccepts = bool(item.undo["accepted"]) and self._is_fresh(item.at)
        if change.case.pk in self.teaching_case_ids:
            teach_router_from_tags(change, [])
        # The reports count the newest record of a clock: this one says that it has not ended.
        running = [clock | {"met": None} for clock in item.undo["clocks"]]
        change.record(Verb.UNDONE, {"undoes": item.version, "what": item.undo["verb"], "clocks": running})

    def _take_back(self, item: BulkItem, change: BatchChange) -> None:
        held, case = change.held, change.case
        recipient = case.department
        if held is None or held.sent_at != item.at or held.sent_by_id != self.act.by_id:
            raise Conflict(case, f"{recipient} has it now: it was passed on or closed since.", NOT_UNDONE)
        if held.accepted_at is not None:
            raise Conflict(
                case, f"{recipient} has accepted it already. Ask them to bounce it back.", NOT_UNDONE
            )
        put_back(
            change,
            item.undo["verb"],
            item.undo["values"],
            item.version or 0,
            self.people_at_work.__contains__,
        )
        case.department = self.departments[case.department_id]
        change.from_department_id = recipient.pk
        words = {"from": recipient.name, "to": case.department.name, "from_id": recipient.pk}
        change.record(Verb.TAKEN_BACK, words)
        if self._is_fresh(held.written_at):
            change.deletes_held, change.resumes = True, True
            change.unaccepts = bool(item.undo["accepted"])
            return
        # The department has had it for a while: that stays in the history.
        change.end_custody()
        begun = change.begin_custody(
            case.department, "The hand-over was taken back", wrong_department=False, routed=False
        )
        begun.from_department_id = recipient.pk

    def _is_fresh(self, at: dt.datetime | None) -> bool:
        return at is not None and at > self.now - FRESH_FOR

    def clean_up(self, undone: Sequence[BatchChange], moments: Collection[dt.datetime | None]) -> None:
        """Delete the watches that a hand-over began at these moments. At most one statement."""
        if self.act.verb == BulkVerb.HAND_OVER and undone:
            cases = [change.case.pk for change in undone]
            Watch.objects.filter(case__in=cases, since__in=[at for at in moments if at is not None]).delete()


def prepare_undoer(act: BulkAct, items: Collection[BulkItem], now: dt.datetime) -> Undoer:
    """Lock the cases of a batch for their undo. At most six statements."""
    case_ids = [item.case_id for item in items]
    # Whoever handed a case over may take it back, though they may no longer see it.
    hands_over = act.verb == BulkVerb.HAND_OVER
    cases = Case.objects.all() if hands_over else Case.objects.visible_to(act.by)
    people = {item.former_assignee_id for item in items if item.former_assignee_id}
    at_work = User.objects.filter(pk__in=people, is_active=True) if people else User.objects.none()
    teaching = act.verb in (BulkVerb.TAG, BulkVerb.UNTAG)
    return Undoer(
        act,
        now,
        lock_batch(cases, case_ids, act.by, now),
        frozenset(at_work.values_list("pk", flat=True)),
        find_teaching_cases(case_ids) if teaching else frozenset(),
        Department.objects.in_bulk() if hands_over else {},
    )
