"""Take a run of a macro back: every step by the undo of its single act, the last one first.

What cannot be taken back is named, and stays; the rest is as it was.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from django.db import transaction

from accounts.models import User
from inbox.cases.hand_overs import UNDO_GRANTED, take_back_hand_over
from inbox.cases.undo import NOT_UNDONE, undo_act
from inbox.changes.refusals import Conflict, Invalid, NotAllowed
from inbox.models import Case, CaseEvent, Custody, MacroRun, Reply, Verb
from inbox.replies import drafts
from inbox.replies.verbs import cancel_reply

NOTE_STAYS = "The note stays."
ANSWERS = (Verb.REPLY_QUEUED, Verb.REPLY_PLANNED, Verb.APPROVAL_ASKED)


@dataclass(slots=True)
class Undone:
    """Report on a run that was taken back: how many steps are as before, and what stays, as sentences."""

    run: MacroRun
    steps: int = 0
    stays: list[str] = field(default_factory=list)

    @property
    def words(self) -> str:
        """Say what happened, for the person who took it back."""
        if not self.stays:
            return f"Undone: “{self.run.macro}”. The case is as it was."
        return " ".join([f"Undone: “{self.run.macro}”, as far as it can be.", *self.stays])


def undo_run(run_id: int, by: User, *, now: dt.datetime, granted: dt.timedelta = UNDO_GRANTED) -> Undone:
    """Take all steps of a run of `by` back.

    Taking it back again changes nothing. Raises `MacroRun.DoesNotExist` alike for none and for somebody else's, `Conflict` when
    it is too late or nothing can be taken back.
    """
    with transaction.atomic():
        runs = MacroRun.objects.select_for_update(of=("self",)).select_related("macro", "case__identity")
        run = runs.get(pk=run_id, by=by)
        undone = Undone(run)
        if run.undone_at is not None:
            return undone
        if now - run.at > granted:
            raise Conflict(run.case, "It is too late to undo this.", NOT_UNDONE)
        _take_back_steps(undone, by, now, granted)
        if undone.stays and not undone.steps:
            raise Conflict(run.case, " ".join(undone.stays), NOT_UNDONE)
        run.undone_at = now
        run.save(update_fields=["undone_at"])
    return undone


def _take_back_steps(undone: Undone, by: User, now: dt.datetime, granted: dt.timedelta) -> None:
    run = undone.run
    written = CaseEvent.objects.filter(
        case=run.case_id, actor=by, data__version__gte=run.first_version, data__version__lte=run.last_version
    )
    events = list(written.order_by("-id"))
    # An answer comes first: its row is locked before that of its case.
    for event in sorted(events, key=lambda event: event.verb not in ANSWERS):
        try:
            with transaction.atomic():
                undone.steps += _take_back(event, undone, by, now, granted)
        except (Conflict, Invalid, NotAllowed, Case.DoesNotExist, Custody.DoesNotExist) as error:
            undone.stays.append(_describe_what_stays(event, error))


def _take_back(event: CaseEvent, undone: Undone, by: User, now: dt.datetime, granted: dt.timedelta) -> bool:
    """Take one event back. Return whether there was anything to take back."""
    run = undone.run
    if event.verb in ANSWERS:
        reply = Reply.objects.get(pk=event.data["reply"])
        cancel_reply(reply.pk, by, now=now)
        drafts.withdraw_draft(run.case_id, by.pk, reply.text)
    elif event.verb == Verb.HANDED_OVER:
        sent = Custody.objects.filter(case=run.case_id, sent_by=by, sent_at=event.at, left_at__isnull=True)
        take_back_hand_over(sent.get().pk, by, now=now)
    elif event.verb == Verb.NOTED:
        undone.stays.append(NOTE_STAYS)
        return False
    elif "before" in event.data:
        # Every step that was taken back is a version of its own.
        latest = run.last_version + undone.steps
        undo_act(run.case_id, by, event.data["version"], now=now, latest=latest, granted=granted)
    else:
        return False
    return True


def _describe_what_stays(event: CaseEvent, error: Exception) -> str:
    what = _STEPS.get(event.verb, "A step")
    if isinstance(error, Custody.DoesNotExist):
        return f"{what} stays: the case went on from there."
    if isinstance(error, Case.DoesNotExist):
        return f"{what} stays: you may not change the case any more."
    return f"{what} stays: {error}"


_STEPS: dict[str, str] = {
    Verb.REPLY_QUEUED: "The answer",
    Verb.REPLY_PLANNED: "The answer",
    Verb.APPROVAL_ASKED: "The answer",
    Verb.HANDED_OVER: "The hand-over",
    Verb.ASSIGNED: "The assignment",
    Verb.CASE_TAGGED: "The change of the tags",
    Verb.PRIORITISED: "The change of the priority",
    Verb.SNOOZED: "The snooze",
    Verb.RESOLVED: "“Resolved”",
    Verb.DISMISSED: "“Dismissed”",
}
