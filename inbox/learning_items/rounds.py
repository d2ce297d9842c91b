"""Rounds of answers to the customers of a learning item: one person prepares them, another approves them.

All verbs raise `LearningItem.DoesNotExist`, and `NotAllowed` or `Invalid` with a sentence for the person. The item is
locked first, then its answers; the answers leave in `releasing`.
"""

from __future__ import annotations

import datetime as dt

from accounts.models import User
from inbox.changes.refusals import Conflict, Invalid, NotAllowed
from inbox.learning_items import rights
from inbox.learning_items.answer_text import WHAT_CHANGED, clean_template
from inbox.learning_items.changing import ItemChange, change_item
from inbox.learning_items.recipients import Recipient, list_recipients
from inbox.models import (
    AnswerRound,
    AnswerState,
    LearningItem,
    LearningVerb,
    NoticeKind,
    PlannedAnswer,
    Reply,
    ReplyState,
    RoundState,
)
from inbox.notices.notify import notify_of_learning_item
from inbox.replies.verbs import cancel_reply

#: Answers per hour that a round may have.
SLOWEST, FASTEST = 1, 600
UNDER_WAY = (RoundState.PREPARED, RoundState.SENDING)


def require_tellable(item: LearningItem, text: str) -> None:
    """Check that there is something to tell the customers. Raises `Invalid`."""
    if not item.may_be_told:
        raise Invalid("Customers are told when it has shipped, or when it was decided that nothing changes.")
    if WHAT_CHANGED in text and not item.what_changed:
        raise Invalid(f"Nothing changed, so {WHAT_CHANGED} cannot be filled in.")


def prepare_round(
    item_id: int,
    by: User,
    text: str,
    *,
    language: str = "",
    per_hour: int = 60,
    version: int | None = None,
    now: dt.datetime,
) -> AnswerRound:
    """Prepare one answer for each customer who can be told; nothing leaves before somebody else approves it.

    Preparing the same once more, as by a second click, returns the round that is under way.
    """
    if not rights.may_prepare(by):
        raise NotAllowed("Your role does not allow you to answer customers.")
    text = clean_template(text)
    if not SLOWEST <= per_hour <= FASTEST:
        raise Invalid(f"Send between {SLOWEST} and {FASTEST} an hour.")
    with change_item(item_id, by, version=version, now=now) as change:
        item = change.item
        require_tellable(item, text)
        under_way = AnswerRound.objects.filter(item=item, state__in=UNDER_WAY).first()
        if under_way is not None:
            return _require_same(under_way, by, (text, language, per_hour))
        recipients = [each for each in list_recipients(item, by, text, language, now=now) if not each.reason]
        if not recipients:
            raise Invalid("No customer can be told: the reasons stand below.")
        answer_round = AnswerRound.objects.create(
            item=item,
            text=text,
            language=language,
            per_hour=per_hour,
            prepared_by=by,
            prepared_at=now,
        )
        _plan_answers(answer_round, recipients)
        change.record(LearningVerb.PREPARED, answers=len(recipients))
        _notify_approvers(change, by, len(recipients))
    return answer_round


def _require_same(under_way: AnswerRound, by: User, wanted: tuple[str, str, int]) -> AnswerRound:
    """Return the round under way, if it is the wanted one."""
    stored = (under_way.text, under_way.language, under_way.per_hour)
    if (under_way.prepared_by_id, stored) != (by.pk, wanted):
        raise Invalid("Answers of this item are under way already.")
    return under_way


def _plan_answers(answer_round: AnswerRound, recipients: list[Recipient]) -> None:
    PlannedAnswer.objects.bulk_create(
        PlannedAnswer(
            round=answer_round,
            item_id=answer_round.item_id,
            customer_id=each.case.customer.merged_into_id or each.case.customer_id,
            case=each.case,
            parent=each.parent,
            seen_version=each.case.version,
        )
        for each in recipients
    )


def approve_round(item_id: int, by: User, round_id: int, *, now: dt.datetime) -> int:
    """Let the answers go out, one after the other; return how many. Never one's own."""
    with change_item(item_id, by, now=now) as change:
        answer_round = _lock_round(item_id, round_id)
        if answer_round.prepared_by_id == by.pk:
            raise NotAllowed("Somebody else has to approve what you prepared. Nothing was sent.")
        if not rights.may_approve(by, answer_round):
            raise NotAllowed("Only the managers of its department and administrators approve answers.")
        if answer_round.state != RoundState.PREPARED:
            raise Invalid(f"These answers need no approval: {answer_round.get_state_display().lower()}.")
        answers = list(
            PlannedAnswer.objects.filter(round=answer_round, state=AnswerState.PLANNED).order_by("pk")
        )
        gap = dt.timedelta(hours=1) / answer_round.per_hour
        for place, answer in enumerate(answers):
            answer.due_at = now + place * gap
        PlannedAnswer.objects.bulk_update(answers, ["due_at"])
        answer_round.state, answer_round.approved_by, answer_round.approved_at = RoundState.SENDING, by, now
        answer_round.save(update_fields=["state", "approved_by", "approved_at"])
        change.record(LearningVerb.APPROVED, answers=len(answers))
    return len(answers)


def withdraw_round(item_id: int, by: User, round_id: int, *, now: dt.datetime) -> None:
    """Drop answers that nobody has approved."""
    with change_item(item_id, by, now=now) as change:
        answer_round = _lock_round(item_id, round_id)
        if by.pk != answer_round.prepared_by_id and not rights.may_manage(by, answer_round.item):
            raise NotAllowed("Only who prepared them and the managers of its department withdraw answers.")
        if answer_round.state != RoundState.PREPARED:
            raise Invalid("These answers do not wait for approval any more.")
        _end(answer_round, RoundState.WITHDRAWN, now)
        change.record(LearningVerb.WITHDRAWN)


def stop_round(item_id: int, by: User, round_id: int, *, now: dt.datetime) -> int:
    """Stop the answers that have not left; return how many. Those in their undo seconds are taken back, too."""
    with change_item(item_id, by, now=now) as change:
        answer_round = _lock_round(item_id, round_id)
        if by.pk != answer_round.prepared_by_id and not rights.may_manage(by, answer_round.item):
            raise NotAllowed("Only who prepared them and the managers of its department stop answers.")
        if answer_round.state != RoundState.SENDING:
            raise Invalid("Nothing is going out any more.")
        stopped = _end(answer_round, RoundState.STOPPED, now)
        change.record(LearningVerb.STOPPED, answers=stopped)
    waiting = Reply.objects.filter(
        planned__round=answer_round, state__in=[ReplyState.PENDING, ReplyState.QUEUED]
    )
    return stopped + sum(_take_back(reply, answer_round.prepared_by, now) for reply in waiting)


def _take_back(reply: Reply, author: User, now: dt.datetime) -> bool:
    """Take an answer back in its author's name; False when it is too late."""
    try:
        cancel_reply(reply.pk, author, now=now)
    except (Conflict, NotAllowed, Reply.DoesNotExist):
        return False
    PlannedAnswer.objects.filter(reply=reply).update(state=AnswerState.STOPPED)
    return True


def _end(answer_round: AnswerRound, state: RoundState, now: dt.datetime) -> int:
    """End a round before its time; return how many answers are stopped by that."""
    answer_round.state, answer_round.ended_at = state, now
    answer_round.save(update_fields=["state", "ended_at"])
    planned = PlannedAnswer.objects.filter(round=answer_round, state=AnswerState.PLANNED)
    return planned.update(state=AnswerState.STOPPED)


def _lock_round(item_id: int, round_id: int) -> AnswerRound:
    rounds = AnswerRound.objects.select_for_update(of=("self",), no_key=True).select_related(
        "item", "prepared_by"
    )
    answer_round = rounds.filter(pk=round_id, item=item_id).first()
    if answer_round is None:
        raise Invalid("There are no such answers. Open the page again.")
    return answer_round


def _notify_approvers(change: ItemChange, by: User, count: int) -> None:
    """Notify the managers of the department that answers need approval."""
    item = change.item
    managers = User.objects.filter(
        is_active=True, role__in=rights.DECIDING_ROLES, memberships__department=item.department_id
    ).exclude(pk=by.pk)
    answers = "1 answer" if count == 1 else f"{count:,} answers"
    text = f"{by} prepared {answers} to customers, which need your approval: {item.title}"
    key = f"learning:{item.pk}:prepared:{item.version}"
    people = managers.values_list("pk", flat=True)
    notify_of_learning_item(people, item.pk, NoticeKind.LEARNING, text, key=key, now=change.now)
