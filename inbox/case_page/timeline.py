"""A case from top to bottom as it happened: messages, what was done, notes, and answers on their way.

The newest `MESSAGES_PER_PAGE` messages with everything that happened since the first of them; earlier ones by keyset. Three
statements, however long the case.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet
from django.utils.safestring import SafeString

from accounts.access import viewer
from accounts.models import BrandAccount, User
from inbox.case_page.event_lines import event_line
from inbox.case_page.timeline_markup import item_markup
from inbox.cases.reading_words import reading_markup
from inbox.changes.refusals import name_or_somebody
from inbox.display import initials
from inbox.models import Case, CaseEvent, Direction, Message, Reply, ReplyState, Verb, Visibility
from inbox.paging import decode_cursor, encode_cursor
from inbox.visibility import may_see_by_role
from networks.registry import network_label
from postgres.prepared_querysets import prepared_query
from wording.spans import short_span
from wording.times import clock_time, exact_time

#: Messages on one page of a thread, and the most events and answers shown beside them.
MESSAGES_PER_PAGE, MOST_EVENTS, MOST_REPLIES = 30, 150, 20
#: Messages at most when a page asks again for all that it shows.
MOST_REFRESHED = 300
#: Characters of a message that are shown at once; the rest unfolds.
CHARACTERS_SHOWN = 3_000

#: Events that their message, answer or note tells by itself.
_VERBS_SHOWN_ELSEWHERE = (
    Verb.OPENED, Verb.ANSWERED, Verb.ANSWERED_NATIVELY, Verb.REPLY_QUEUED, Verb.REPLY_FAILED, Verb.REPLY_UNCONFIRMED,
)  # fmt: skip
_MESSAGE_COLUMNS = (
    "case_id", "brand_account_id", "remote_id", "direction", "visibility", "text", "network_time", "edited_at",
    "deleted_at", "hidden", "history", "permalink", "attachments", "can_reply", "flags", "language", "sentiment",
    "urgency", "is_spam", "needs_answer", "corrected", "identity__handle",
    "identity__name", "user__first_name", "user__last_name", "user__username", "user__initials",
)  # fmt: skip
_VISIBILITIES = {value: label.lower() for value, label in Visibility.choices}
_FLAG_WARNINGS = {
    "nul": "Characters that cannot be stored were replaced.",
    "surrogate": "Broken characters were replaced.",
    "control": "Invisible control characters were removed.",
    "bidi": "The text changes its writing direction; it is kept in its place.",
    "long": "Only the beginning is kept here; the whole text is in the raw message.",
    "name": "Characters that reach beyond a name were removed from the author’s name, or it was shortened.",
    "link": "A link that does not lead to the web was left out.",
}


@dataclass(frozen=True, slots=True)
class AttachmentLink:
    label: str
    href: str


@dataclass(slots=True)
class TimelineItem:
    """One entry of the thread. `kind`: in, out, event, note or reply. The first three are printed by `markup`, the
    others by templates/inbox/case_page/_item.html.
    """

    kind: str
    at: dt.datetime
    time: str
    exact: str
    iso: str
    who: str = ""
    initials: str = ""
    where: str = ""
    text: str = ""
    rest: str = ""
    marks: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    earlier: list[str] = field(default_factory=list)
    #: What was read of a customer's message, as HTML.
    reading: SafeString | None = None
    links: list[AttachmentLink] = field(default_factory=list)
    deleted: bool = False
    permalink: str = ""
    reply: ReplyState | str = ""
    reply_id: int = 0
    send_at: str = ""
    tone: str = ""
    line: str = ""
    advice: str = ""
    may_undo: bool = False
    may_settle: bool = False
    markup: SafeString | None = None


@dataclass(frozen=True, slots=True)
class Timeline:
    """The entries in order; `before` is the cursor of what came earlier, "" when nothing did, `start` that of the first.

    `messages` and `replies` are the rows behind them, for whoever needs more than what is shown.
    """

    items: list[TimelineItem]
    before: str
    start: str
    messages: list[Message]
    replies: list[Reply]


def read_timeline(case: Case, user: User, now: dt.datetime, *, before: str = "", start: str = "") -> Timeline:
    """The thread of a case that `user` may read.

    `before` asks for what came before a cursor, `start` for everything from one on (a page that shows more than the
    newest keeps doing so); both are opaque, a bad one shows the newest.
    """
    until, first = decode_cursor(before), decode_cursor(start)
    messages, more = _messages_of_page(case, until, first)
    since = messages[0].network_time if (more or first) and messages else None
    events = _events_of_page(case, user, since, until)
    replies = _replies_not_in_thread(case, messages) if until is None else []
    brand = case.brand_account
    items = [_message_item(message, case, brand, now) for message in messages]
    may_correct = viewer(user).may("claim")
    for item, message in zip(items, messages, strict=True):
        if item.kind == "in":
            item.reading = reading_markup(message, may_correct=may_correct)
    items += [_event_item(event, now) for event in events]
    places = {message.pk: _web_address(message.permalink) for message in messages}
    items += [_reply_item(reply, user, brand, now, places.get(reply.parent_id, "")) for reply in replies]
    # An answer that has not left stands at the end, where it will appear.
    items.sort(key=lambda item: item.at)
    for item in items:
        item.markup = item_markup(item)
    first_shown = encode_cursor(messages[0].network_time, messages[0].pk) if messages else ""
    return Timeline(items, first_shown if more else "", first_shown, messages, replies)


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
        CaseEvent.objects.filter(case=case_id)
        .exclude(verb__in=_VERBS_SHOWN_ELSEWHERE)
        .select_related("actor")
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
    """Answers that are not in the thread as messages: on their way, failed, or sent and not yet seen again."""
    shown = {message.remote_id for message in messages if message.direction == Direction.OUTBOUND}
    newest = _read_replies(case.pk)
    return [reply for reply in newest if not reply.remote_id or reply.remote_id not in shown]


@prepared_query
def _read_replies(case_id: int) -> QuerySet[Reply]:
    rows = Reply.objects.filter(case=case_id).exclude(state__in=[ReplyState.CANCELLED, ReplyState.SENT])
    return rows.select_related("author").order_by("-created_at")[:MOST_REPLIES]


def _new_item(kind: str, at: dt.datetime, now: dt.datetime) -> TimelineItem:
    return TimelineItem(kind, at, clock_time(at, now), exact_time(at), at.isoformat(timespec="seconds"))


def _message_item(message: Message, case: Case, brand: BrandAccount, now: dt.datetime) -> TimelineItem:
    inbound = message.direction == Direction.INBOUND
    item = _new_item("in" if inbound else "out", message.network_time, now)
    label = network_label(case.network)
    where = f"{_VISIBILITIES.get(message.visibility, message.visibility)} on {label}"
    if inbound:
        item.who = message.identity.display_name if message.identity else "Unknown author"
        item.initials = initials(item.who)
        item.where = where
    else:
        item.who = str(message.user) if message.user else brand.display_name
        item.initials = (message.user.initials if message.user else "") or initials(item.who)
        item.where = f"as {brand.display_name}" if message.user else f"in {label}’s own app"
    item.deleted = message.deleted_at is not None
    item.text, item.rest = message.text[:CHARACTERS_SHOWN], message.text[CHARACTERS_SHOWN:]
    item.permalink = _web_address(message.permalink)
    item.earlier = [
        str(old.get("text", ""))[:CHARACTERS_SHOWN] for old in message.history if isinstance(old, dict)
    ]
    item.marks = [
        word
        for held, word in ((message.edited_at, "edited"), (message.hidden, "hidden on the network"))
        if held
    ]
    item.warnings = [_FLAG_WARNINGS[flag] for flag in message.flags if flag in _FLAG_WARNINGS]
    item.links = [_attachment_link(one) for one in message.attachments if isinstance(one, dict)]
    return item


def _attachment_link(one: dict[str, Any]) -> AttachmentLink:
    kind = str(one.get("kind") or "attachment")
    return AttachmentLink(str(one.get("name") or kind), _web_address(str(one.get("url", ""))))


def _web_address(given: str) -> str:
    """An address that may stand in a link, "" for anything that is not the web."""
    return given if given.lower().startswith(("https://", "http://")) else ""


def _event_item(event: CaseEvent, now: dt.datetime) -> TimelineItem:
    item = _new_item("note" if event.verb == Verb.NOTED else "event", event.at, now)
    item.who = name_or_somebody(event.actor)
    if event.verb == Verb.NOTED:
        item.text = str(event.data.get("text", ""))
    else:
        item.line = event_line(event)
    return item


def _reply_item(reply: Reply, user: User, brand: BrandAccount, now: dt.datetime, place: str) -> TimelineItem:
    item = _new_item("reply", reply.created_at, now)
    item.who = str(reply.author)
    item.initials = reply.author.initials or initials(item.who)
    item.where, item.permalink = f"as {brand.display_name}", place
    item.text, item.reply, item.reply_id = reply.text, reply.state, reply.pk
    settles = viewer(user).may("settle_reply")
    mine = reply.author_id == user.pk
    item.may_undo = reply.state == ReplyState.QUEUED and (mine or settles)
    item.may_settle = reply.state == ReplyState.UNCONFIRMED and reply.needs_person and settles
    item.tone, item.line, item.advice = _reply_state_words(reply, now, settles=settles)
    if reply.state == ReplyState.QUEUED and reply.send_after > now:
        item.send_at = reply.send_after.isoformat(timespec="milliseconds")
    return item


def _reply_state_words(reply: Reply, now: dt.datetime, *, settles: bool) -> tuple[str, str, str]:
    """Tone, the state in words, and what to do about it."""
    if reply.state == ReplyState.QUEUED:
        left = (reply.send_after - now).total_seconds()
        if reply.error:
            when = f"in {short_span(reply.send_after - now)}" if left >= 60 else "shortly"
            return "risk", f"queued, trying again {when}", reply.error
        return "risk", f"sending in {int(left) + 1} s" if left > 0 else "about to be sent", ""
    if reply.state == ReplyState.SENDING:
        return "risk", "sending…", ""
    if reply.state == ReplyState.FAILED:
        return (
            "late",
            "▲ not sent",
            f"{reply.error or 'The network refused it.'} The text is back in the author’s draft.",
        )
    if not reply.needs_person:
        return (
            "risk",
            "unconfirmed: looking for it",
            f"{reply.error} We are looking for it on the network. Do not answer again yet.".strip(),
        )
    if settles:
        return "late", "▲ unconfirmed", "Look at the conversation on the network, then say what you found."
    return "late", "▲ unconfirmed", "A manager or community manager has to look on the network and decide."
