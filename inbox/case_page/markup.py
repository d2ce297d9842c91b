"""HTML of the case's page that is built in Python: messages, events and readings of messages.

Thirty messages cost 0.5 ms here and 2 ms as templates. `format_html` escapes every value; nothing here is marked safe
by hand. Notes and pending answers, which are few, are in templates/inbox/case_page/_item.html.
"""

from __future__ import annotations

from functools import cache, lru_cache

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from inbox.addresses import address_pattern
from inbox.case_page.answered_post import AnsweredPost
from inbox.case_page.timeline_items import TimelineItem
from inbox.cases.reading_words import MessageReading, reading_chips
from inbox.models import Message

_TIME = '<time datetime="{iso}" title="{exact}">{time}</time>'
_EVENT = f'<p class="event">{_TIME} <bdi hx-disable>{{said}}</bdi></p>\n'
_ON_THE_NETWORK = (
    f'<a href="{{href}}" target="_blank" rel="noopener noreferrer nofollow" title="On the network">{_TIME}'
    '<span class="visually-hidden"> on the network, in a new tab</span></a>'
)
_AVATAR = '<span class="ava" aria-hidden="true">{initials}</span>'
# By direction, and by whether the message has an address on the network.
_MESSAGES = {
    (kind, linked): (
        f'<article class="msg {kind}">{_AVATAR if kind == "in" else ""}<div class="body">'
        f"<header><b><bdi hx-disable>{{who}}</bdi></b> {{where}} {_ON_THE_NETWORK if linked else _TIME}{{marks}}</header>"
        f"{{body}}</div>{_AVATAR if kind == 'out' else ''}</article>\n"
    )
    for kind in ("in", "out")
    for linked in (True, False)
}
_MARK = ' <span class="chip">{}</span>'
_TEXT = '<p class="said" dir="auto" hx-disable>{}</p>'
_ANSWERED = '<blockquote class="answered"><p class="soft-text"><bdi hx-disable>{}</bdi></p>{}</blockquote>'
_ANSWERED_ELSEWHERE = (
    '<blockquote class="answered"><p class="soft-text"><a href="{}" target="_blank" rel="noopener noreferrer nofollow">{}'
    '<span class="visually-hidden">, in a new tab</span></a></p></blockquote>'
)
_ANSWERED_TEXT = '<p class="said" dir="auto" hx-disable>{}</p>'
_TOMBSTONE = '<p class="tombstone">{}</p>'
_NO_TEXT = '<p class="said soft-text">{}</p>'
_REST = '<details class="rest"><summary>Show the rest ({} characters)</summary>{}</details>'
_LINK = '<p class="attachment" hx-disable><a href="{}" target="_blank" rel="noopener noreferrer nofollow">{}</a></p>'
_ATTACHED = '<blockquote class="answered">{}<p class="said" dir="auto" hx-disable>{}</p></blockquote>'
_LABEL = '<p class="attachment" hx-disable>{}</p>'
_EARLIER = '<details class="rest"><summary>Earlier versions ({})</summary>{}</details>'
_EARLIER_TEXT = '<p class="said soft-text" dir="auto" hx-disable>{}</p>'
_WARNING = '<p class="advice">{}</p>'
_READING_CHIP = '<span class="{}">{}</span>'


def item_markup(item: TimelineItem) -> SafeString | None:
    """Return a message or an event as HTML, None for other items."""
    if item.kind == "event":
        return format_html(_EVENT, iso=item.iso, exact=item.exact, time=item.time, said=item.line)
    if item.kind not in ("in", "out"):
        return None
    address = {"href": item.permalink} if item.permalink else {}
    return format_html(
        _MESSAGES[item.kind, bool(address)], initials=item.initials, who=item.who, where=item.where, iso=item.iso,
        exact=item.exact, time=item.time, body=_body(item), **address,
        marks=format_html_join("", _MARK, ((mark,) for mark in item.marks)) if item.marks else "",
    )  # fmt: skip


def _body(item: TimelineItem) -> SafeString:
    parts: list[SafeString] = []
    if item.answered:
        parts.append(_answered_markup(item.answered))
    if item.erased:
        parts.append(format_html(_TOMBSTONE, "This text was deleted."))
    elif item.deleted:
        parts.append(format_html(_TOMBSTONE, "Deleted on the network. What it said is kept here:"))
    if item.text:
        parts.append(format_html(_TEXT, item.text))
    elif not (item.links or item.erased):
        parts.append(format_html(_NO_TEXT, "(no text)"))
    if item.rest:
        parts.append(format_html(_REST, len(item.rest), format_html(_TEXT, item.rest)))
    for link in item.links:
        label = format_html(_LINK, link.href, link.label) if link.href else format_html(_LABEL, link.label)
        parts.append(format_html(_ATTACHED, label, link.text) if link.text else label)
    if item.earlier:
        texts = format_html_join("", _EARLIER_TEXT, ((text,) for text in item.earlier))
        parts.append(format_html(_EARLIER, len(item.earlier), texts))
    parts += [format_html(_WARNING, warning) for warning in item.warnings]
    if item.reading:
        parts.append(item.reading)
    return parts[0] if len(parts) == 1 else format_html_join("", "{}", ((part,) for part in parts))


def _answered_markup(answered: AnsweredPost) -> SafeString:
    if answered.address:
        return format_html(_ANSWERED_ELSEWHERE, answered.address, answered.words)
    above = format_html(_ANSWERED_TEXT, answered.text) if answered.text else ""
    return format_html(_ANSWERED, answered.words, above)


def reading_markup(message: Message, *, may_correct: bool) -> SafeString:
    """Return the small print under a customer's message; with `may_correct` a link to the form that corrects it."""
    chips = _reading_chips_markup(
        MessageReading(
            message.sentiment,
            message.language,
            message.urgency,
            message.needs_answer,
            message.is_spam,
            tuple(message.corrected),
        )
    )
    if not may_correct:
        return format_html('<p class="reading">{}</p>', chips)
    title = (
        "How this message was read: correct it" if not message.corrected else "A person corrected the reading"
    )
    return format_html(_reading_template(), pk=message.pk, chips=chips, title=title)


@lru_cache(maxsize=1024)
def _reading_chips_markup(reading: MessageReading) -> SafeString:
    return format_html_join(" ", _READING_CHIP, reading_chips(reading))


@cache
def _reading_template() -> str:
    address = address_pattern("inbox:reading")
    return (
        f'<p class="reading" id="reading-{{pk}}"><a href="{address}" hx-get="{address}"'
        ' hx-target="#reading-{pk}" hx-swap="outerHTML" hx-include="unset" title="{title}">{chips}'
        '<span class="visually-hidden"> {title}</span></a></p>'
    )
