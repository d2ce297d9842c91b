"""Reasons for which an answer may no longer leave: it was allowed when it was written, and much may have happened since.

An answer that leaves within a minute after its undo window is sent whatever its case does meanwhile: its author has
just read the case. One that was prepared for many customers, one whose author chose a later time, and one that was held
for longer, because the account had to be connected again or the network was unwell, leaves only while it is young and its
case is as its author left it; otherwise a person reads it again.
"""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Coalesce, Greatest

from accounts.access import viewer
from accounts.brand_accounts.charter import why_charter_stops_answers
from accounts.models import BrandAccount, Lifecycle
from inbox.approval_rules.asking import why_not_without_approval
from inbox.models import CaseEvent, Direction, Message, Reply, Verb
from inbox.replies.composer import reply_window_end
from inbox.visibility import may_see_by_role
from wording.spans import short_span
from wording.times import at_time_phrase

#: An answer that was held for longer than this asks a person, whatever its case did.
HELD_LIMIT = dt.timedelta(hours=settings.OUTBOX_HELD_HOURS)
_PROMPT = dt.timedelta(seconds=settings.UNDO_SECONDS + 60)
#: Events after which an answer that waits for approval goes back to its author.
_MOVES: dict[Verb, str] = {
    Verb.HANDED_OVER: "The case was handed over",
    Verb.ROUTED: "The case went to another department",
    Verb.MERGED: "The case was merged with another",
    Verb.SPLIT: "The case was split",
}
_READ_AGAIN = "Read the case again, and send it if it still fits."


class Objection(NamedTuple):
    """A sentence about why an answer may not leave, and a short code for it."""

    reason: str
    code: str


def queued_since(reply: Reply) -> dt.datetime:
    """Return when a person last decided to send an answer."""
    return reply.queued_at or reply.created_at


def _due_since(reply: Reply) -> dt.datetime:
    """Return since when an answer could have left."""
    since = queued_since(reply)
    return max(since, reply.planned_at) if reply.planned_at is not None else since


def held_too_long(now: dt.datetime) -> Q:
    """Return a filter for answers that were held too long.

    For a queryset of `Reply` with `DUE_SINCE` as `due_since`.
    """
    return Q(due_since__lte=now - HELD_LIMIT)


#: For an annotation: since when an answer could have left. Postgres leaves a null out of the comparison.
DUE_SINCE = Greatest(Coalesce("queued_at", "created_at"), "planned_at")


def find_objection(reply: Reply, now: dt.datetime) -> Objection | None:
    """Return why a queued answer may not leave now.

    None if it may. One or two statements, for an answer that was held up to five.
    """
    return (
        _objection_to_author(reply)
        or _objection_to_message(reply)
        or _objection_to_charter(reply, now)
        or _objection_to_age(reply, now)
        or _objection_of_rules(reply, now)
    )


def find_overtaking(reply: Reply, now: dt.datetime) -> Objection | None:
    """Return why a waiting answer may not be approved any more.

    None if it may. Its `case` is locked. Up to six statements.
    """
    return (
        _objection_to_author(reply)
        or _objection_to_message(reply)
        or _objection_to_account(reply, now)
        or _objection_of_case(reply)
    )


def is_held_too_long(reply: Reply, now: dt.datetime) -> bool:
    """Return whether an answer was held for longer than the limit."""
    return now - _due_since(reply) >= HELD_LIMIT


def _objection_to_author(reply: Reply) -> Objection | None:
    author, brand_account = reply.author, reply.brand_account
    if not author.is_active:
        return Objection(f"{author} no longer works here.", "not_allowed")
    if not viewer(author).may_publish_as(brand_account.pk):
        return Objection(f"{author} may no longer answer as {brand_account.display_name}.", "not_allowed")
    is_planned = reply.planned_at is not None
    if not may_see_by_role(author, reply.case) and (is_planned or not _author_handed_over(reply)):
        return Objection(f"{author} can no longer see this case. {_READ_AGAIN}", "out_of_sight")
    return None


def _author_handed_over(reply: Reply) -> bool:
    """Return whether the author sent the case on just after answering.

    Answering and handing over are one step then.
    """
    since = queued_since(reply)
    events = CaseEvent.objects.filter(case=reply.case_id, verb=Verb.HANDED_OVER, actor=reply.author_id)
    return events.filter(at__gte=since, at__lte=since + _PROMPT).exists()


def _objection_to_message(reply: Reply) -> Objection | None:
    if reply.brand_account.lifecycle == Lifecycle.CLOSED:
        return disconnected_objection(reply.brand_account)
    if reply.parent.deleted_at is not None:
        return Objection("The customer's message was deleted.", "deleted")
    if (reply.parent.brand_account_id, reply.parent.case_id) != (reply.brand_account_id, reply.case_id):
        return Objection("The message belongs to another account or case by now.", "not_allowed")
    return None


def _objection_to_account(reply: Reply, now: dt.datetime) -> Objection | None:
    ends_at = reply_window_end(reply.case)
    if ends_at is not None and ends_at <= now:
        return Objection(
            f"The network let us answer only until {at_time_phrase(ends_at).removeprefix('at ')}.", "late"
        )
    reason = why_charter_stops_answers(reply.brand_account, now)
    return Objection(reason, "charter") if reason else None


def _objection_of_case(reply: Reply) -> Objection | None:
    """Return what happened to the case since approval was asked for."""
    case, since = reply.case, reply.created_at
    moved = (
        CaseEvent.objects.filter(case=case, at__gt=since, verb__in=list(_MOVES))
        .order_by("-at", "-id")
        .first()
    )
    if moved is not None:
        return Objection(f"{_MOVES[Verb(moved.verb)]}.", "moved_on")
    what = _what_happened_since(reply) or ("The case was closed" if case.closed_at is not None else "")
    return Objection(f"{what}.", "moved_on") if what else None


def _objection_of_rules(reply: Reply, now: dt.datetime) -> Objection | None:
    """Return that an answer that waited needs approval by now."""
    if now - queued_since(reply) <= _PROMPT:
        return None
    reason = why_not_without_approval(reply)
    return Objection(reason, "approval") if reason else None


def _objection_to_charter(reply: Reply, now: dt.datetime) -> Objection | None:
    """Return that the charter ran out before the planned time."""
    reason = why_charter_stops_answers(reply.brand_account, now) if reply.planned_at is not None else ""
    return Objection(reason, "charter") if reason else None


def disconnected_objection(brand_account: BrandAccount) -> Objection:
    """Return the objection to answers of an account that was disconnected."""
    return Objection(f"{brand_account.display_name} is no longer connected.", "disconnected")


def _objection_to_age(reply: Reply, now: dt.datetime) -> Objection | None:
    held_for, is_planned = now - _due_since(reply), reply.planned_at is not None
    if held_for <= _PROMPT and not (reply.prepared or is_planned):
        return None
    if is_held_too_long(reply, now):
        reason = f"It could not be sent for {short_span(held_for)}. {_READ_AGAIN}"
        return Objection(reason, "held_too_long")
    what = _what_happened_since(reply)
    reason = f"{what}." if is_planned else f"{what} before it could be sent. {_READ_AGAIN}"
    return Objection(reason, "moved_on") if what else None


def _what_happened_since(reply: Reply) -> str:
    """Return what happened to the case since, "" for nothing."""
    case, since = reply.case, queued_since(reply)
    inbound = Message.objects.filter(case=case, direction=Direction.INBOUND, received_at__gt=since)
    if inbound.filter(deleted_at__isnull=True).exists():
        return "The customer wrote again"
    outbound = Message.objects.filter(case=case, direction=Direction.OUTBOUND, network_time__gt=since)
    if outbound.exclude(user=reply.author_id).exists():
        return "Somebody else answered"
    is_closed = case.closed_at is not None and case.closed_at > since
    if is_closed and (reply.planned_at is not None or not _author_closed(reply)):
        return "The case was closed"
    return ""


def _author_closed(reply: Reply) -> bool:
    """Return whether the author closed the case just after answering."""
    since = queued_since(reply)
    events = CaseEvent.objects.filter(case=reply.case_id, verb__in=[Verb.RESOLVED, Verb.DISMISSED])
    last = events.order_by("-at", "-id").first()
    return last is not None and last.actor_id == reply.author_id and last.at <= since + _PROMPT
