"""What an act does to each locked case: the verb of a single case, with what all cases share asked only once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from accounts.access import viewer
from accounts.models import Department, User
from accounts.people.department_tags import find_department_by_tags
from inbox.cases import hand_overs, priorities, tags, verbs
from inbox.cases.customer_tags import MOST_TAGS
from inbox.cases.snoozing import Snooze, snooze
from inbox.changes.batch import BatchChange
from inbox.changes.change import require_permission
from inbox.changes.refusals import Invalid, require_kept
from inbox.models import BulkAct, BulkVerb, SnoozeFor, Verb
from inbox.notices import watches
from routing.models import Priority, RoutingExample

ACTIONS = {BulkVerb.HAND_OVER: "hand_over"}


@dataclass(slots=True)
class Performer:
    """Performs one act on the cases of a batch."""

    act: BulkAct
    by: User
    now: dt.datetime
    assignee: User | None = None
    department: Department | None = None
    #: The cases from which the learned router has learned something, and whether the tag names a department.
    teaching_case_ids: frozenset[int] = frozenset()
    names_department: bool = False
    _leaves: dict[int, str] = field(default_factory=dict)

    def perform(self, change: BatchChange) -> bool:
        """Do to one case what the act says. Return False when that was so already.

        Raises what the verb raises, and has then changed nothing.
        """
        require_permission(self.by, ACTIONS.get(BulkVerb(self.act.verb), "claim"))
        require_kept(change.case)
        return _STEPS[BulkVerb(self.act.verb)](self, change)

    def check_leave(self, assignee: User, by: User, now: dt.datetime) -> None:
        """Refuse somebody on leave, asked once for each person."""
        if assignee.pk not in self._leaves:
            try:
                verbs.require_not_on_leave(assignee, by, now)
            except Invalid as error:
                self._leaves[assignee.pk] = str(error)
            else:
                self._leaves[assignee.pk] = ""
        if reason := self._leaves[assignee.pk]:
            raise Invalid(reason)


def prepare_performer(act: BulkAct, by: User, case_ids: Collection[int], now: dt.datetime) -> Performer:
    """Read once what an act needs for a batch of cases. At most two statements."""
    performer = Performer(act, by, now)
    details = act.details
    if act.verb == BulkVerb.ASSIGN and details.get("assignee_id"):
        performer.assignee = User.objects.filter(pk=details["assignee_id"]).first()
    if act.verb == BulkVerb.TAKE:
        performer.assignee = by
    if act.verb == BulkVerb.HAND_OVER:
        performer.department = Department.objects.filter(pk=details["department_id"]).first()
    if act.verb in (BulkVerb.TAG, BulkVerb.UNTAG):
        performer.teaching_case_ids = find_teaching_cases(case_ids)
        performer.names_department = (
            act.verb == BulkVerb.TAG and find_department_by_tags([details["tag"]]) is not None
        )
    return performer


def find_teaching_cases(case_ids: Collection[int]) -> frozenset[int]:
    """Return the cases from which the learned router has learned something. One statement."""
    examples = RoutingExample.objects.filter(case_id__in=list(case_ids))
    return frozenset(pk for pk in examples.values_list("case_id", flat=True) if pk is not None)


def _take(performer: Performer, change: BatchChange) -> bool:
    if viewer(performer.by).may("reassign"):
        return _assign(performer, change)
    return verbs.claim(change, performer.by, check_leave=performer.check_leave)


def _assign(performer: Performer, change: BatchChange) -> bool:
    if performer.assignee is None and performer.act.details.get("assignee_id"):
        raise Invalid("The person whom you chose is no longer here.")
    return verbs.assign(change, performer.by, performer.assignee, check_leave=performer.check_leave)


def _hand_over(performer: Performer, change: BatchChange) -> bool:
    if performer.department is None:
        raise Invalid("The department that you chose is no longer here.")
    hand_overs.require_own_or_unassigned(change)
    hand_overs.send_to_department(
        change, performer.department, str(performer.act.details["reason"]), effects=False
    )
    return True


def _tag(performer: Performer, change: BatchChange) -> bool:
    tag, case = str(performer.act.details["tag"]), change.case
    if tag in case.tags:
        return False
    if len(case.tags) >= MOST_TAGS:
        raise Invalid(f"It has {len(case.tags)} tags already: {MOST_TAGS} are allowed.")
    may_teach = performer.names_department or case.pk in performer.teaching_case_ids
    tags.set_tags(change, [*case.tags, tag], may_teach=may_teach)
    return True


def _untag(performer: Performer, change: BatchChange) -> bool:
    tag, case = str(performer.act.details["tag"]), change.case
    if tag not in case.tags:
        return False
    rest = [other for other in case.tags if other != tag]
    tags.set_tags(change, rest, may_teach=case.pk in performer.teaching_case_ids)
    return True


def _snooze(performer: Performer, change: BatchChange) -> bool:
    details = performer.act.details
    until = dt.datetime.fromisoformat(details["until"]) if details["until"] else None
    wanted = Snooze(SnoozeFor(details["waits_for"]), until, details.get("reason", ""))
    return snooze(change, wanted)


_STEPS: dict[BulkVerb, Callable[[Performer, BatchChange], bool]] = {
    BulkVerb.TAKE: _take,
    BulkVerb.ASSIGN: _assign,
    BulkVerb.HAND_OVER: _hand_over,
    BulkVerb.RESOLVE: lambda _, change: verbs.resolve(change),
    BulkVerb.DISMISS: lambda performer, change: verbs.dismiss(change, str(performer.act.details["reason"])),
    BulkVerb.TAG: _tag,
    BulkVerb.UNTAG: _untag,
    BulkVerb.PRIORITISE: lambda performer, change: priorities.prioritise(
        change, Priority(performer.act.details["priority"])
    ),
    BulkVerb.SNOOZE: _snooze,
}


def start_watches_after(changes: Sequence[BatchChange]) -> None:
    """Let people watch cases that were handed over.

    They are notified of those that came back.
    """
    watches.start_watches_of(changes)
    for change in changes:
        handed = next(event for event in change.events if event.verb == Verb.HANDED_OVER)
        if handed.data["returned"] and change.begun is not None:
            before = Department(pk=handed.data["from_id"], name=handed.data["from"])
            watches.notify_of_return(change, change.begun, before, bounced=False)
