"""The list of answers that wait for approval, for somebody who may decide: oldest first, in pages by keyset."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import pairwise

from django.db.models import OuterRef, QuerySet, Subquery
from django.urls import reverse

from accounts.models import User
from inbox.approval_rules.approvers import pending_replies
from inbox.changes.refusals import name_or_somebody
from inbox.display import initials, network_sign
from inbox.models import Direction, Message, Reply, Visibility
from inbox.replies.composer import max_reply_length, reply_length_unit, reply_window
from networks.registry import network_label
from postgres.paging import decode_cursor, encode_cursor
from wording.spans import short_span
from wording.times import DisplayTime, coming_time, display_time

PAGE_LENGTH = 20
#: Characters of the customer's message that are shown.
CHARACTERS_SHOWN = 2_000


@dataclass(slots=True)
class WaitingAnswer:
    """An answer that waits for approval, as the list shows it."""

    reply: Reply
    customer: str
    initials: str
    sign: str
    sign_class: str
    network: str
    case_address: str
    version: int
    message: str
    message_time: DisplayTime
    author: str
    author_initials: str
    asked: DisplayTime
    waits: str
    reasons: list[str]
    #: Until when the network lets us answer, and whether that is soon; "" without a limit.
    window: str
    is_window_short: bool
    planned: str
    max_length: int
    unit: str
    #: The id of the answer below it, 0 for the last: where the page goes once this one is decided.
    following: int = 0
    #: The form that was refused, and what was typed into it.
    form: str = ""
    words: str = ""
    text: str = ""


def count_waiting(user: User) -> int:
    """Return how many answers wait for a decision of the user."""
    return pending_replies(user).count()


def list_waiting(user: User, after: str, now: dt.datetime) -> tuple[list[WaitingAnswer], str]:
    """Return a page of the list, and the cursor of the next.

    It is "" on the last page. One statement.
    """
    replies = _with_neighbours(pending_replies(user))
    if (cursor := decode_cursor(after)) is not None:
        at, pk = cursor
        replies = replies.filter(created_at__gte=at).exclude(created_at=at, pk__lte=pk)
    rows = list(replies.order_by("created_at", "pk")[: PAGE_LENGTH + 1])
    last = rows[PAGE_LENGTH - 1] if len(rows) > PAGE_LENGTH else None
    following = encode_cursor(last.created_at, last.pk) if last is not None else ""
    waiting = [_build_row(reply, now) for reply in rows[:PAGE_LENGTH]]
    for row, below in pairwise(waiting):
        row.following = below.reply.pk
    return waiting, following


def _with_neighbours(replies: QuerySet[Reply]) -> QuerySet[Reply]:
    inbound = Message.objects.filter(case=OuterRef("case"), direction=Direction.INBOUND)
    newest = inbound.order_by("-network_time").values("network_time")[:1]
    related = ("case__identity", "case__department", "parent", "author", "brand_account", "approval")
    return replies.select_related(*related).annotate(last_inbound=Subquery(newest))


def _build_row(reply: Reply, now: dt.datetime) -> WaitingAnswer:
    case, message = reply.case, reply.parent
    name = case.identity.display_name
    sign, sign_class = network_sign(case.network)
    ends_at = _window_end(reply)
    author = name_or_somebody(reply.author)
    return WaitingAnswer(
        reply=reply,
        customer=name,
        initials=initials(name),
        sign=sign,
        sign_class=sign_class,
        network=network_label(case.network),
        case_address=reverse("inbox:case", args=[case.pk]),
        version=case.version,
        message=message.text[:CHARACTERS_SHOWN],
        message_time=display_time(message.network_time, now),
        author=author,
        author_initials=reply.author.initials or initials(author),
        asked=display_time(reply.created_at, now),
        waits=_waiting_words(now - reply.created_at),
        reasons=list(reply.approval.reasons),
        window=_window_words(ends_at, now) if ends_at is not None else "",
        is_window_short=ends_at is not None and ends_at - now < dt.timedelta(hours=2),
        planned=coming_time(reply.planned_at, now) if reply.planned_at is not None else "",
        max_length=max_reply_length(case.network, reply.visibility),
        unit=reply_length_unit(case.network, reply.visibility),
    )


def _waiting_words(span: dt.timedelta) -> str:
    return f"waits {short_span(span)}" if span >= dt.timedelta(minutes=1) else "just asked"


def _window_end(reply: Reply) -> dt.datetime | None:
    window = reply_window(reply.case.network)
    last = getattr(reply, "last_inbound", None)
    if window is None or last is None or reply.visibility != Visibility.DIRECT:
        return None
    end: dt.datetime = last + window
    return end


def _window_words(ends_at: dt.datetime, now: dt.datetime) -> str:
    return f"{short_span(ends_at - now)} left to answer" if ends_at > now else "Too late to answer"
