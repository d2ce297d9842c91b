"""One entry of a thread: a message, an event, a note or a pending answer, in the words that the page prints."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from django.utils.safestring import SafeString

from accounts.access import viewer
from accounts.models import BrandAccount, User
from inbox.case_page.answered_post import AnsweredPost
from inbox.case_page.event_lines import event_line
from inbox.changes.refusals import name_or_somebody
from inbox.display import attachment_label, initials
from inbox.models import Case, CaseEvent, Direction, Message, Reply, ReplyState, Verb, Visibility
from inbox.replies.second_tries import NEEDS_OTHER_WORDS
from networks.registry import network_label
from wording.spans import short_span
from wording.times import clock_time, coming_time, exact_time, to_display_zone

#: Characters of a message that are shown at once; the rest unfolds.
CHARACTERS_SHOWN = 3_000

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
    """An attachment of a message; `href` is "" when its address does not lead to the web.

    `text` is what it says, "" for one that says nothing.
    """

    label: str
    href: str
    text: str = ""


@dataclass(slots=True)
class TimelineItem:
    """One entry of the thread. `kind`: in, out, event, note or reply.

    The first three are printed by `inbox.case_page.markup`, the others by templates/inbox/case_page/_item.html.
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
    #: What a customer's message answers, when that is not in the case.
    answered: AnsweredPost | None = None
    #: The reading of a customer's message, as HTML.
    reading: SafeString | None = None
    links: list[AttachmentLink] = field(default_factory=list)
    deleted: bool = False
    #: Its text was deleted here.
    erased: bool = False
    permalink: str = ""
    reply: ReplyState | str = ""
    reply_id: int = 0
    send_at: str = ""
    tone: str = ""
    line: str = ""
    advice: str = ""
    #: What the network said, as it said it.
    detail: str = ""
    detail_label: str = ""
    may_try_again: bool = False
    may_undo: bool = False
    has_undo_key: bool = False
    #: A planned answer that the person may change; the day and the time that it has now.
    may_plan: bool = False
    planned_day: str = ""
    planned_time: str = ""
    may_settle: bool = False
    #: An answer that waits for approval: its author may withdraw it, others may decide about it.
    may_withdraw: bool = False
    may_approve: bool = False
    reasons: list[str] = field(default_factory=list)
    markup: SafeString | None = None


def new_item(kind: str, at: dt.datetime, now: dt.datetime) -> TimelineItem:
    """Return an empty entry of a moment."""
    return TimelineItem(kind, at, clock_time(at, now), exact_time(at), at.isoformat(timespec="seconds"))


def message_item(message: Message, case: Case, brand: BrandAccount, now: dt.datetime) -> TimelineItem:
    """Return a message, the customer's or ours, as an entry."""
    inbound = message.direction == Direction.INBOUND
    item = new_item("in" if inbound else "out", message.network_time, now)
    label = network_label(case.network)
    where = f"{_VISIBILITIES.get(message.visibility, message.visibility)} on {label}"
    if inbound:
        item.who = message.identity.display_name if message.identity else "Unknown author"
        item.initials = initials(item.who)
        item.where = where
    else:
        item.who = str(message.user) if message.user else brand.display_name
        item.initials = (message.user.initials if message.user else "") or initials(item.who)
        item.where = f"sent as {brand.display_name}" if message.user else f"in {label}’s own app"
    item.deleted, item.erased = message.deleted_at is not None, message.erased_at is not None
    item.text, item.rest = message.text[:CHARACTERS_SHOWN], message.text[CHARACTERS_SHOWN:]
    item.permalink = web_address(message.permalink)
    item.earlier = [
        str(old.get("text", ""))[:CHARACTERS_SHOWN] for old in message.history if isinstance(old, dict)
    ]
    item.marks = [
        word
        for is_marked, word in ((message.edited_at, "edited"), (message.hidden, "hidden on the network"))
        if is_marked
    ]
    item.warnings = [_FLAG_WARNINGS[flag] for flag in message.flags if flag in _FLAG_WARNINGS]
    item.links = [_attachment_link(stored) for stored in message.attachments if isinstance(stored, dict)]
    return item


def _attachment_link(stored: dict[str, Any]) -> AttachmentLink:
    return AttachmentLink(
        attachment_label(stored), web_address(str(stored.get("url", ""))), str(stored.get("text", ""))
    )


def web_address(address: str) -> str:
    """Return an address of the web, "" for any other scheme."""
    return address if address.lower().startswith(("https://", "http://")) else ""


def event_item(event: CaseEvent, now: dt.datetime) -> TimelineItem:
    """Return an event as an entry: a note with its text, any other as a line."""
    item = new_item("note" if event.verb == Verb.NOTED else "event", event.at, now)
    item.who = name_or_somebody(event.actor)
    if event.verb == Verb.NOTED:
        item.text = str(event.data.get("text", "This note was deleted."))
    else:
        item.line = event_line(event)
    return item


def reply_item(
    reply: Reply,
    user: User,
    brand: BrandAccount,
    now: dt.datetime,
    permalink: str,
    *,
    draft: str = "",
    is_newest_failed: bool = False,
) -> TimelineItem:
    """Return an answer on its way as an entry.

    With what `user` may do about it. `permalink` is the address of the message that it answers, "" without one; `draft`
    is the text in the user's composer. Only the newest failed answer may be tried again.
    """
    item = new_item("reply", reply.created_at, now)
    item.who = str(reply.author)
    item.initials = reply.author.initials or initials(item.who)
    item.where, item.permalink = f"as {brand.display_name}", permalink
    item.text, item.reply, item.reply_id = reply.text, reply.state, reply.pk
    settles = viewer(user).may("settle_reply")
    is_author = reply.author_id == user.pk
    item.may_undo = reply.state == ReplyState.QUEUED and (is_author or settles)
    item.may_settle = reply.state == ReplyState.UNCONFIRMED and reply.needs_person and settles
    item.may_try_again = (
        is_newest_failed
        and (is_author or settles)
        and viewer(user).may("publish")
        and reply.error_code not in NEEDS_OTHER_WORDS
    )
    item.tone, item.line, item.advice = _reply_state_words(reply, now, settles=settles)
    if reply.state == ReplyState.FAILED and is_author and draft == reply.text:
        item.advice += " Your text is back in the answer box."
    item.detail, item.detail_label = reply.error_detail, f"What {brand.network_label} said"
    waits = reply.state == ReplyState.QUEUED and reply.send_after > now
    if waits and reply.planned_at == reply.send_after:
        _show_plan(item, reply.send_after, now)
    elif waits:
        item.send_at = reply.send_after.isoformat(timespec="milliseconds")
    return item


def _show_plan(item: TimelineItem, at: dt.datetime, now: dt.datetime) -> None:
    """Say when a planned answer goes out; it is changed, not undone."""
    item.may_plan, item.may_undo = item.may_undo, False
    item.tone, item.line, item.advice = "", f"goes out {coming_time(at, now)}", ""
    local = to_display_zone(at)
    item.planned_day, item.planned_time = local.date().isoformat(), f"{local:%H:%M}"


def _reply_state_words(reply: Reply, now: dt.datetime, *, settles: bool) -> tuple[str, str, str]:
    """Return the tone, the state in words, and the advice."""
    if reply.state == ReplyState.QUEUED:
        left = (reply.send_after - now).total_seconds()
        if reply.error:
            when = f"in {short_span(reply.send_after - now)}" if left >= 60 else "shortly"
            return "risk", f"queued, trying again {when}", reply.error
        return "risk", f"sending in {int(left) + 1} s" if left > 0 else "about to be sent", ""
    if reply.state == ReplyState.SENDING:
        return "risk", "sending…", ""
    if reply.state == ReplyState.FAILED:
        # An attempt of which nobody knows the outcome may stand on the network: never call that "not sent".
        line = "▲ given up, not confirmed" if reply.outcome_unknown else "▲ not sent"
        return "late", line, reply.error or "The network refused it."
    if not reply.needs_person:
        advice = f"{reply.error} We are looking for it on the network. Do not answer again yet."
        return "risk", "checking whether it was posted", advice.strip()
    advice = "A manager or community manager has to check on the network and decide."
    if settles:
        advice = "Check the conversation on the network, then choose what you found."
    return "late", "▲ unconfirmed", f"{reply.error} {advice}".strip()
