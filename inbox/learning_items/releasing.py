"""Hand approved answers to the outbox, each when it is due. May run twice, and in two workers at once."""

from __future__ import annotations

import datetime as dt
import uuid

from django.db import OperationalError, transaction

from inbox.changes.refusals import Conflict, Invalid, NotAllowed
from inbox.learning_items.answer_text import fill_template
from inbox.learning_items.changing import change_item
from inbox.models import (
    AnswerRound,
    AnswerState,
    Case,
    Direction,
    ItemState,
    LearningVerb,
    Message,
    NoticeKind,
    PlannedAnswer,
    Reply,
    RoundState,
)
from inbox.notices.notify import notify_of_learning_item
from inbox.replies.verbs import queue_prepared_reply
from postgres.time_limits import is_lock_timeout

_BATCH = 50
#: Names a planned answer, whatever runs twice: the outbox takes each name once.
_NAMES = uuid.UUID("6f0a3f0e-5f0b-4c1e-9b52-6c1b2f5d9a41")
_LONGEST_REASON = 300


def release_due_answers(now: dt.datetime) -> int:
    """Hand the answers that are due to the outbox; return how many it took."""
    due = PlannedAnswer.objects.filter(
        state=AnswerState.PLANNED, due_at__lte=now, round__state=RoundState.SENDING
    )
    released = sum(
        _release(pk, now) for pk in due.order_by("due_at", "pk").values_list("pk", flat=True)[:_BATCH]
    )
    _end_finished_rounds(now)
    return released


def _release(pk: int, now: dt.datetime) -> bool:
    """Hand one answer to the outbox, unless another worker is at it.

    A case that somebody changes at this moment is tried again at the next run.
    """
    try:
        with transaction.atomic():
            rows = PlannedAnswer.objects.select_for_update(of=("self",), skip_locked=True, no_key=True)
            rows = rows.select_related(
                "round__prepared_by", "round__approved_by", "item", "case__identity", "parent"
            )
            answer = rows.filter(pk=pk, state=AnswerState.PLANNED, round__state=RoundState.SENDING).first()
            if answer is None:
                return False
            answer.reply, answer.reason = _queue(answer, now)
            answer.state = AnswerState.QUEUED if answer.reply else AnswerState.REFUSED
            answer.save(update_fields=["state", "reply", "reason"])
            return answer.reply is not None
    except OperationalError as error:
        if not is_lock_timeout(error):
            raise
        return False


def _queue(answer: PlannedAnswer, now: dt.datetime) -> tuple[Reply | None, str]:
    """Return the reply in the outbox, or None with the reason."""
    case, author = answer.case, answer.round.prepared_by
    if reason := _what_is_new(answer):
        return None, reason
    text = fill_template(answer.round.text, case.identity, answer.item.what_changed)
    name = uuid.uuid5(_NAMES, str(answer.pk))
    try:
        queued = queue_prepared_reply(
            case.pk, author, answer.parent_id, text, name, case.version, now=now, approved_by=answer.round.approved_by
        )  # fmt: skip
        return queued, ""
    except Case.DoesNotExist:
        return None, f"{author} may no longer read this case."
    except (Conflict, Invalid, NotAllowed) as error:
        return None, str(error)[:_LONGEST_REASON]


def _what_is_new(answer: PlannedAnswer) -> str:
    """Return why an answer no longer fits its case.

    "" if it does.
    """
    case = answer.case
    if case.version == answer.seen_version:
        return ""
    since = answer.round.prepared_at
    messages = Message.objects.filter(case=case, received_at__gt=since)
    if messages.filter(direction=Direction.INBOUND, deleted_at__isnull=True).exists():
        return "The customer has written again: read the case and answer by hand."
    if messages.filter(direction=Direction.OUTBOUND).exists():
        return "Somebody has answered in the meantime."
    if case.is_open and case.waiting_since is not None:
        return "The customer waits for an answer to something: answer it by hand."
    return ""


def _end_finished_rounds(now: dt.datetime) -> None:
    """End the rounds that have no planned answer left."""
    sending = AnswerRound.objects.filter(state=RoundState.SENDING)
    for pk, item_id in sending.exclude(answers__state=AnswerState.PLANNED).values_list("pk", "item_id"):
        _end_round(pk, item_id, now)


def _end_round(pk: int, item_id: int, now: dt.datetime) -> None:
    with change_item(item_id, None, now=now) as change:
        ended = AnswerRound.objects.filter(pk=pk, state=RoundState.SENDING)
        if not ended.update(state=RoundState.DONE, ended_at=now):
            return
        answers = PlannedAnswer.objects.filter(round=pk)
        queued = answers.filter(state=AnswerState.QUEUED).count()
        refused = answers.filter(state=AnswerState.REFUSED).count()
        if queued:
            change.set(state=ItemState.TOLD)
        change.record(LearningVerb.TOLD, answers=queued)
        text = f"{queued:,} answers are in the outbox, {refused:,} could not go there: {change.item.title}"
        author = AnswerRound.objects.values_list("prepared_by", flat=True).get(pk=pk)
        key = f"learning:{item_id}:done:{pk}"
        notify_of_learning_item([author], item_id, NoticeKind.LEARNING, text, key=key, now=now)
