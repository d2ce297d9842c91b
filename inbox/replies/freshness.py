"""Refuse an answer that no longer fits what has happened in its case since its author looked."""

from __future__ import annotations

from accounts.models import User
from inbox.changes.refusals import SOMEBODY_WAS_QUICKER, Conflict, conflict_with_event, conflict_with_newest
from inbox.models import LIVE_STATES, Case, CaseEvent, Message, Reply, ReplyState, Verb, WokeBy
from inbox.replies.readable import on_its_way_sentence

#: Events after which an answer to the customer is still up to date.
_HARMLESS_VERBS = (
    Verb.ASSIGNED,
    Verb.ACCEPTED,
    Verb.NOTED,
    Verb.LEARNING_LINKED,
    Verb.LEARNING_UNLINKED,
    Verb.HANDED_OVER,
    Verb.MACRO_RUN,
    Verb.SNOOZED,
    Verb.CHANGES_ASKED,
    Verb.APPROVAL_DECLINED,
    Verb.APPROVAL_WITHDRAWN,
    Verb.APPROVAL_OVERTAKEN,
    Verb.APPROVAL_UNDONE,
    Verb.REPLY_CANCELLED,
    Verb.REPLY_FAILED,
    Verb.SLA_MISSED,
    Verb.ESCALATED,
)

#: Events of an answer that is on its way, unless it was taken back.
_UNDER_WAY = (Verb.REPLY_QUEUED, Verb.REPLY_PLANNED, Verb.APPROVAL_ASKED, Verb.APPROVED)
_ANSWERS = (Verb.ANSWERED, *_UNDER_WAY)


def require_nobody_answers(case: Case, parent: Message, by: User) -> None:
    """Refuse an answer while another to its message is under way.

    Raises `Conflict`.
    """
    live = Reply.objects.filter(parent=parent, state__in=LIVE_STATES).select_related("author").first()
    if live is not None:
        heading = "You have answered already" if live.author_id == by.pk else SOMEBODY_WAS_QUICKER
        raise Conflict(case, on_its_way_sentence(live, by), heading)


def require_nothing_new(case: Case, seen_version: int, by: User) -> None:
    """Refuse an answer if something relevant happened since `seen_version`.

    Every event records the version that it created. A version without a harmless event was created by the customer, or
    by somebody who answered. Raises `Conflict`.
    """
    if seen_version == case.version:
        return
    events = CaseEvent.objects.filter(case=case, data__version__gt=seen_version).select_related("actor")
    harmless, relevant = set(), []
    for event in events.order_by("at", "id"):
        if event.verb in _HARMLESS_VERBS or _is_harmless_now(event):
            harmless.add(event.data["version"])
        else:
            relevant.append(event)
    accounted_for = harmless - {event.data["version"] for event in relevant}
    if seen_version > case.version or set(range(seen_version + 1, case.version + 1)) - accounted_for:
        answered = [event for event in relevant if event.verb in _ANSWERS]
        raise conflict_with_event(case, answered[-1], by) if answered else conflict_with_newest(case, by)


def _is_harmless_now(event: CaseEvent) -> bool:
    if event.verb == Verb.WOKEN:
        # A case that its customer woke has a new message.
        return bool(event.data.get("because") != WokeBy.CUSTOMER)
    return event.verb in _UNDER_WAY and _is_dead_reply_event(event)


def _is_dead_reply_event(event: CaseEvent) -> bool:
    states = (ReplyState.CANCELLED, ReplyState.FAILED)
    return Reply.objects.filter(pk=event.data.get("reply"), state__in=states).exists()
