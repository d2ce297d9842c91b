"""The thread of a case as it happened: messages, what was done, notes, and pending answers.

The newest `MESSAGES_PER_PAGE` messages with everything that happened since the first of them; earlier ones by keyset.
Three statements, however long the case.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import F, QuerySet, Subquery

from accounts.access import viewer
from accounts.models import User
from inbox.case_page.answered_post import answered_post, answered_post_json
from inbox.case_page.markup import item_markup, reading_markup
from inbox.case_page.pending_answers import PendingAnswers
from inbox.case_page.timeline_items import TimelineItem, event_item, message_item, reply_item, web_address
from inbox.models import Case, CaseEvent, Direction, Message, Reply, ReplyState, Unsent, Verb
from inbox.visibility import may_see_by_role
from postgres.paging import decode_cursor, encode_cursor
from postgres.prepared_querysets import prepared_query

#: Messages on one page of a thread, and the most events and answers shown beside them.
MESSAGES_PER_PAGE, MOST_EVENTS, MOST_REPLIES = 30, 150, 20
#: Most messages that an open page reloads when it refreshes everything that it shows.
MOST_REFRESHED = 300
#: Events without a line of their own, because their message or answer already shows them.
VERBS_SHOWN_ELSEWHERE = (
    Verb.OPENED, Verb.ANSWERED, Verb.ANSWERED_NATIVELY, Verb.REPLY_QUEUED, Verb.REPLY_FAILED, Verb.REPLY_UNCONFIRMED,
)  # fmt: skip
_MESSAGE_COLUMNS = (
    "case_id", "brand_account_id", "remote_id", "parent_remote_id", "direction", "visibility", "text", "network_time", "edited_at",
    "deleted_at", "erased_at", "hidden", "history", "permalink", "attachments", "can_reply", "flags", "language", "sentiment",
    "urgency", "is_spam", "needs_answer", "corrected", "identity__handle",
    "identity__name", "user__first_name", "user__last_name", "user__username", "user__initials",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Timeline:
    """The entries in order, and the `messages`, `replies` and `events` that were read for them.

    `before` is the cursor of earlier entries, "" when there are none; `start` is that of the first message, "" without
    one. `case_version` is the version that the case had when the messages were read; without one it is that of the
    case that was passed.
    """

    items: list[TimelineItem]
    before: str
    start: str
    messages: list[Message]
    replies: list[Reply]
    events: list[CaseEvent]
    case_version: int


def read_timeline(case: Case, user: User, now: dt.datetime, *, before: str = "", start: str = "") -> Timeline:
    """Read the thread of a case that `user` may read.

    `before` is a cursor: what came before it. `start` is one as well: everything from there on, so that a page that
    shows more than the newest messages keeps doing so. Both are opaque; an invalid one shows the newest messages.
    """
    until, first = decode_cursor(before), decode_cursor(start)
    messages, more = _messages_of_page(case, until, first)
    since = messages[0].network_time if (more or first) and messages else None
    events = _events_of_page(case, user, since, until)
    replies = _replies_not_in_thread(case, messages) if until is None else []
    brand = case.brand_account
    items = [message_item(message, case, brand, now) for message in messages]
    may_correct = viewer(user).may("claim")
    parents: set[str] = set()
    for item, message in zip(items, messages, strict=True):
        if message.parent_remote_id not in parents:
            item.answered = answered_post(message, case, now)
            parents.add(message.parent_remote_id)
        if item.kind == "in":
            item.reading = reading_markup(message, may_correct=may_correct)
    items += [event_item(event, now) for event in events]
    items += _reply_items(case, user, replies, messages, now)
    # A pending answer was written last, so it comes at the end, where it will appear once sent.
    items.sort(key=lambda item: item.at)
    for item in items:
        item.markup = item_markup(item)
    first_shown = encode_cursor(messages[0].network_time, messages[0].pk) if messages else ""
    version = messages[0].case_version if messages else case.version  # type: ignore[attr-defined]
    return Timeline(items, first_shown if more else "", first_shown, messages, replies, events, version)


def _reply_items(
    case: Case, user: User, replies: list[Reply], messages: list[Message], now: dt.datetime
) -> list[TimelineItem]:
    permalinks = {message.pk: web_address(message.permalink) for message in messages}
    draft = getattr(case, "draft_text", None) or ""
    failed = (
        [reply for reply in replies if reply.state == ReplyState.FAILED]
        if case.unsent == Unsent.FAILED
        else []
    )
    newest_failed = max(failed, key=lambda reply: reply.queued_at or reply.created_at, default=None)
    waiting = PendingAnswers(case, user)
    items = [
        waiting.item(reply, now)
        if reply.state == ReplyState.PENDING
        else reply_item(
            reply, user, case.brand_account, now, permalinks.get(reply.parent_id, ""),
            draft=draft, is_newest_failed=reply is newest_failed,
        )
        for reply in replies
    ]  # fmt: skip
    # One key means one thing: the newest answer that can be taken back has it.
    if newest := next((item for item in items if item.may_undo), None):
        newest.has_undo_key = True
    return items


def _messages_of_page(
    case: Case, until: tuple[dt.datetime, int] | None, first: tuple[dt.datetime, int] | None
) -> tuple[list[Message], bool]:
    most = MOST_REFRESHED if first else MESSAGES_PER_PAGE
    newest = _read_messages(case.pk, *(until or (None, None)), *(first or (None, None)))
    return newest[:most][::-1], len(newest) > most


@prepared_query
def _read_messages(
    case_id: int,
    until: dt.datetime | None,
    until_id: int | None,
    since: dt.datetime | None,
    since_id: int | None,
) -> QuerySet[Message]:
    rows = Message.objects.filter(case=case_id).select_related("identity", "user").only(*_MESSAGE_COLUMNS)
    rows = rows.annotate(answered=Subquery(answered_post_json()), case_version=F("case__version"))
    if until is not None:
        rows = rows.filter(network_time__lte=until).exclude(network_time=until, id__gte=until_id)
    if since is not None:
        rows = rows.filter(network_time__gte=since).exclude(network_time=since, id__lt=since_id)
    return rows.order_by("-network_time", "-id")[
        : (MESSAGES_PER_PAGE if since is None else MOST_REFRESHED) + 1
    ]


def _events_of_page(
    case: Case, user: User, since: dt.datetime | None, until: tuple[dt.datetime, int] | None
) -> list[CaseEvent]:
    newest = _read_events(
        case.pk,
        viewer(user).may("read_notes") and may_see_by_role(user, case),
        since,
        until[0] if until else None,
    )
    return newest[::-1]


@prepared_query
def _read_events(
    case_id: int, with_notes: bool, since: dt.datetime | None, until: dt.datetime | None
) -> QuerySet[CaseEvent]:
    rows = (
        CaseEvent.objects.filter(case=case_id).exclude(verb__in=VERBS_SHOWN_ELSEWHERE).select_related("actor")
    )
    rows = rows.only(
        "case_id", "at", "verb", "data", "actor__first_name", "actor__last_name", "actor__username"
    )
    if not with_notes:
        rows = rows.exclude(verb=Verb.NOTED)
    if since is not None:
        rows = rows.filter(at__gte=since)
    if until is not None:
        rows = rows.filter(at__lt=until)
    return rows.order_by("-at", "-id")[:MOST_EVENTS]


def _replies_not_in_thread(case: Case, messages: list[Message]) -> list[Reply]:
    """Return the answers that are not in the thread as messages.

    They are on their way, failed, or sent and not read back yet.
    """
    shown = {message.remote_id for message in messages if message.direction == Direction.OUTBOUND}
    newest = _read_replies(case.pk)
    return [reply for reply in newest if not reply.remote_id or reply.remote_id not in shown]


@prepared_query
def _read_replies(case_id: int) -> QuerySet[Reply]:
    rows = Reply.objects.filter(case=case_id).exclude(state__in=[ReplyState.CANCELLED, ReplyState.SENT])
    return rows.select_related("author", "approval").order_by("-created_at")[:MOST_REPLIES]
