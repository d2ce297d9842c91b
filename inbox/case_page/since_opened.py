"""Tell what is new in a case since its page was opened, and which of the customer's messages nobody has seen there.

A page keeps two marks and sends them with whatever it asks: where the case stood when it was opened, and when its person
last saw it (static/js/since.js). Neither costs a statement: the thread has been read.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from accounts.models import User
from inbox.case_page.timeline import Timeline
from inbox.models import CaseEvent, Direction, Message, Verb
from wording.times import clock_time

#: A version of the case, and the newest message of it.
_MARK = re.compile(r"(\d{1,9})-(\d{1,18})\Z")
_MOST_QUOTED = 3
_LONGEST_QUOTE = 400


@dataclass(frozen=True, slots=True)
class QuotedMessage:
    """A message of the customer as it is shown again: its time and its text."""

    time: str
    text: str


@dataclass(frozen=True, slots=True)
class SinceOpened:
    """Hold what the page says and sends back. `version` is the one that the person has seen."""

    opened: str
    seen: str
    #: Where the case stands now, for a page whose person has seen it.
    now: str
    version: int
    #: "2 messages and a note", "" for nothing new.
    words: str = ""
    #: Before which entry of the thread the new ones begin; None for none.
    first: int | None = None
    #: The customer's messages that an answer just refused did not take into account.
    missed: list[QuotedMessage] = field(default_factory=list)


def describe_since_opened(
    thread: Timeline, user: User, now: dt.datetime, marks: tuple[str, str], *, is_refused: bool
) -> SinceOpened:
    """Return what is new since the page was opened.

    `marks` are those that the page sent, "" for a page that is being opened. `is_refused`: an answer was refused just
    now, so that what it had not seen is shown, and seen from now on.
    """
    newest = max((message.pk for message in thread.messages), default=0)
    present = f"{thread.case_version}-{newest}"
    opened, seen = (_MARK.match(mark) or _MARK.match(present) for mark in marks)
    if opened is None or seen is None:
        return SinceOpened(present, present, present, thread.case_version)
    messages = _new_messages(thread, user, int(opened[2]))
    events = _new_events(thread, user, int(opened[1]))
    unseen = [message for message in _new_messages(thread, user, int(seen[2])) if _is_customers(message)]
    since = min([message.network_time for message in messages] + [event.at for event in events], default=None)
    first = next((at for at, item in enumerate(thread.items) if since and item.at >= since), None)
    if is_refused and unseen:
        quoted = [
            QuotedMessage(clock_time(message.network_time, now), message.text[:_LONGEST_QUOTE])
            for message in unseen[-_MOST_QUOTED:]
        ]
        return SinceOpened(present, present, present, thread.case_version, "", first, quoted)
    version = int(seen[1]) if unseen else thread.case_version
    return SinceOpened(opened[0], seen[0], present, version, _say_news(messages, events), first)


def add_since_opened(
    context: dict[str, Any], user: User, now: dt.datetime, marks: tuple[str, str]
) -> dict[str, Any]:
    """Add to a page's context what is new in its case.

    Its composer then answers what the person has seen.
    """
    problem, composer = context["problem"], context["composer"]
    is_refused = problem is not None and problem.form == "reply" and problem.kind == "conflict"
    since = describe_since_opened(context["thread"], user, now, marks, is_refused=is_refused)
    if composer is not None and since.version < composer.seen_version:
        composer = replace(composer, seen_version=since.version)
    return {**context, "since": since, "composer": composer}


def _new_messages(thread: Timeline, user: User, newest_before: int) -> list[Message]:
    return [
        message
        for message in thread.messages
        if message.pk > newest_before and (_is_customers(message) or message.user_id != user.pk)
    ]


def _is_customers(message: Message) -> bool:
    return message.direction == Direction.INBOUND


def _new_events(thread: Timeline, user: User, version_before: int) -> list[CaseEvent]:
    """Return the notes and hand-overs of others."""
    return [
        event
        for event in thread.events
        if event.verb in (Verb.NOTED, Verb.HANDED_OVER)
        and event.data.get("version", 0) > version_before
        and event.actor_id != user.pk
    ]


def _say_news(messages: list[Message], events: list[CaseEvent]) -> str:
    written = sum(map(_is_customers, messages))
    notes = sum(event.verb == Verb.NOTED for event in events)
    counted = [
        _count(written, "a message", "messages"),
        _count(len(messages) - written, "an answer", "answers"),
        _count(notes, "a note", "notes"),
        _count(len(events) - notes, "a hand-over", "hand-overs"),
    ]
    return _join(words for words in counted if words)


def _count(number: int, single: str, several: str) -> str:
    return f"{number} {several}" if number > 1 else single if number else ""


def _join(parts: Iterable[str]) -> str:
    *most, last = [*parts] or [""]
    return f"{', '.join(most)} and {last}" if most else last
