"""Undo what a person has just done to a case: resolve, dismiss, take, assign, accept, snooze or wake it.

The event of such an act keeps each field's value before and after. An undo puts the fields back, and the clocks as if
nothing had happened. Hand-overs are taken back in `hand_overs`, answers in `inbox.replies.verbs`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from accounts.models import User
from inbox.cases.hand_overs import UNDO_GRANTED, UNDO_OFFERED
from inbox.cases.lessons import teach_router_from_tags
from inbox.changes.case_row import CLOCK_COLUMNS
from inbox.changes.change import Change, change_case_as
from inbox.changes.refusals import Conflict, Invalid, conflict_with_newest
from inbox.models import Case, CaseEvent, Custody, Notice, NoticeKind, Verb
from inbox.notices.notify import delete_unread_notices

NOT_UNDONE = "Not undone"
UNDOABLE_VERBS = (
    Verb.RESOLVED,
    Verb.DISMISSED,
    Verb.ASSIGNED,
    Verb.ACCEPTED,
    Verb.SNOOZED,
    Verb.WOKEN,
)
_KINDS_OF_NOTICES = (NoticeKind.SOLVED, NoticeKind.DISMISSED, NoticeKind.ASSIGNED, NoticeKind.MOVED)


def find_undoable_act(case_id: int, by: User, now: dt.datetime) -> int | None:
    """Return the version that the last act of `by` created.

    None without an act in the last `UNDO_OFFERED`, or if it cannot be undone. One statement.
    """
    acts = CaseEvent.objects.filter(
        case=case_id, actor=by, verb__in=UNDOABLE_VERBS, at__gt=now - UNDO_OFFERED, data__has_key="before"
    )
    version: int | None = acts.order_by("-id").values_list("data__version", flat=True).first()
    return version


def undo_act(
    case_id: int,
    by: User,
    version: int,
    *,
    now: dt.datetime,
    latest: int | None = None,
    granted: dt.timedelta = UNDO_GRANTED,
) -> Case:
    """Undo the act of `by` that created this version of the case.

    Undoing it again changes nothing. `latest` is the version up to which nothing else has happened but this act and other undos. Raises `Invalid` when they did no such thing, `Conflict` when it is too late or
    somebody has changed the same since.
    """
    with change_case_as(case_id, by, "claim", now=now) as change:
        events = CaseEvent.objects.filter(case=case_id, actor=by, data__version=version).order_by("id")
        act = next((event for event in events if "before" in event.data), None)
        if act is None:
            raise Invalid("There is nothing of yours to undo here.")
        if CaseEvent.objects.filter(case=case_id, verb=Verb.UNDONE, data__undoes=version).exists():
            return change.case
        if now - act.at > granted:
            raise Conflict(change.case, "It is too late to undo this.", NOT_UNDONE)
        put_back(change, act.verb, act.data["before"], latest or act.data["version"])
        if act.verb == Verb.CASE_TAGGED:
            teach_router_from_tags(change, [])
        if any(event.verb == Verb.ACCEPTED for event in events):
            accepted = Custody.objects.filter(case=case_id, left_at__isnull=True, accepted_at=act.at)
            accepted.update(accepted_at=None, accepted_by=None)
        delete_unread_notices(Notice.objects.filter(case=case_id, at=act.at, kind__in=_KINDS_OF_NOTICES))
        # The reports count the newest record of a clock: this one says that it has not ended.
        running = [clock | {"met": None} for clock in act.data.get("clocks", ())]
        change.record(Verb.UNDONE, {"undoes": version, "what": act.verb, "clocks": running})
    return change.case


def _is_at_work(user_id: int) -> bool:
    return User.objects.filter(pk=user_id, is_active=True).exists()


def put_back(
    change: Change,
    verb: str,
    pairs: dict[str, list[Any]],
    version: int,
    is_at_work: Callable[[int], bool] = _is_at_work,
) -> None:
    """Put the values before an act back into a locked case.

    `pairs` are each field's value before and after the act; `version` is that of a case to which nothing else has happened since. Raises `Conflict` when
    somebody has changed one of them since.
    """
    case = change.case
    values = {name: pair for name, pair in pairs.items() if name not in CLOCK_COLUMNS}
    # Why a case is back from snooze is forgotten by the next act, whatever that is.
    compared = [(name, after) for name, (_, after) in values.items() if name != "woke"]
    if any(getattr(case, name) != _from_json(name, after) for name, after in compared):
        raise Conflict(case, conflict_with_newest(case, change.by).happened, NOT_UNDONE)
    if verb in (Verb.RESOLVED, Verb.DISMISSED):
        change.resume_custody()
    old = {name: _from_json(name, before) for name, (before, _) in values.items()}
    if (person := old.get("assignee_id")) and not is_at_work(person):
        old["assignee_id"] = None
    change.set(**old)
    if case.version == version:
        change.set(
            **{name: _from_json(name, pair[0]) for name, pair in pairs.items() if name in CLOCK_COLUMNS}
        )
        change.keeps_clocks = True


def _from_json(name: str, value: Any) -> Any:
    return Case._meta.get_field(name).to_python(value)  # type: ignore[union-attr]
