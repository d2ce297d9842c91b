"""HTML of the queue's rows, of what search finds, and of the navigation, built in Python.

Fifty rows take a fifth of the time that a Django template takes; the navigation is on every page, and usually the same.
The texts of a row are escaped together, which takes a third of the time of `format_html`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString

from inbox.addresses import address_pattern
from inbox.display import Chip, network_sign
from inbox.live.here import HereWords
from inbox.search_words.snippets import SnippetPart
from networks.registry import network_label
from wording.times import DisplayTime

_NOBODY_HERE = HereWords()
#: Cached entries of the navigation: enough for all views, departments and pages with their recent numbers.
MOST_CACHED = 2048

#: Stands between texts that are escaped together. Postgres stores no text with it.
_BETWEEN_TEXTS = "\x00"
_CHIP = '<span class="chip {}" title="{}">{}</span>'
_COUNTDOWN = '<span class="chip {}" title="{}" data-due="{}" data-soon="{}">{}</span>'
#: Selects a row's case; it belongs to the form of the bar for many cases.
_PICK = (
    '<label class="pick"><input type="checkbox" name="case" value="{pk}" form="bulk" autocomplete="off">'
    '<span class="visually-hidden">Select {}</span></label>'
)
_ALARM = (
    '<li><a href="{href}">{label} <span class="n hot"><span aria-hidden="true">▲ </span>{count}'
    '<span class="visually-hidden">{alarm}</span></span></a></li>'
)
_PAGE = '<li><a href="{href}">{label}</a></li>'
_QUEUE = '<li><a href="{href}">{label} <span class="n">{count}</span></a></li>'
_VIEW = '<li><a href="{href}" data-go="{go}">{label} <span class="n">{count}</span></a></li>'
_CURRENT = {
    shape: shape.replace('"{href}"', '"{href}" aria-current="page"')
    for shape in (_ALARM, _PAGE, _QUEUE, _VIEW)
}


@lru_cache(maxsize=MOST_CACHED)
def _row_template(*, fresh: bool, pick: bool, marks: int, counts_down: bool, chips: int, here: int) -> str:
    """Return the pattern of a row with so many marks and chips; `here`: 0 nobody, 1 somebody, 2 who writes."""
    # As static/js/here.js makes it.
    here_markup = (
        f'<span class="here{" writes" if here > 1 else ""}" title="{{}}">{{}}</span>' if here else ""
    )
    return (
        f'<li class="row{" fresh" if fresh else ""}" data-case="{{pk}}">{_PICK if pick else ""}'
        '<span class="ava" aria-hidden="true">{}<span class="net {}">{}</span></span>'
        f'<p class="head"><a class="who" href="{address_pattern("inbox:case")}"><bdi hx-disable>{{}}</bdi>'
        f'<span class="visually-hidden"> on {{}}</span></a><span class="marks">{_CHIP * marks}{_COUNTDOWN * counts_down}'
        '</span></p><p class="text" hx-disable><bdi>{}</bdi></p>'
        f'<p class="meta">{_CHIP * chips}{here_markup}<time class="when" datetime="{{}}" title="{{}}">{{}}</time></p></li>\n'
    )


def row_markup(
    *, pk: int, name: str, initials: str, sign: str, sign_class: str, network: str, when: DisplayTime, text: str,
    fresh: bool, marks: list[Chip], chips: list[Chip], may_pick: bool = False, here: HereWords = _NOBODY_HERE,
) -> SafeString:  # fmt: skip
    """Return one row as HTML. All arguments are plain text.

    `marks` stand beside the name, `chips` below the text, with who else is `here`. `may_pick`: with a box that selects
    the case.
    """
    counting = marks[-1] if marks and marks[-1].due else None
    steady = [chip for chip in marks if not chip.due]
    words = [name] if may_pick else []
    words += (initials, sign_class, sign, name, network)
    for chip in steady:
        words += (chip.tone, chip.title, chip.words)
    if counting is not None:
        words += (counting.tone, counting.title, counting.due, counting.soon, counting.words)
    words.append(text)
    for chip in chips:
        words += (chip.tone, chip.title, chip.words)
    if here.short:
        words += (here.title, here.short)
    words += (when.iso, when.exact, when.words)
    template = _row_template(
        fresh=fresh, pick=may_pick, marks=len(steady), counts_down=counting is not None, chips=len(chips),
        here=1 + bool(here.writes) if here.short else 0,
    )  # fmt: skip
    # Safe, because the template is ours and every text is escaped.
    return SafeString(template.format(*_escape_together(words), pk=pk))


def _as_literal(text: str) -> str:
    """Return a text as part of a pattern."""
    return escape(text).replace("{", "{{").replace("}", "}}")


@dataclass(frozen=True, slots=True)
class FoundText:
    """A message that matches: from us or not, and its text in pieces."""

    outbound: bool
    parts: tuple[SnippetPart, ...]

    @property
    def shape(self) -> tuple[bool, ...]:
        """From us, and which of its parts match."""
        return (self.outbound, *[part.hit for part in self.parts])


@lru_cache(maxsize=MOST_CACHED)
def _found_case_template(network: str, is_assigned: bool, shapes: tuple[tuple[bool, ...], ...]) -> str:
    """Return the pattern of a found case's row. `shapes`: those of its texts, the newest first."""
    sign, sign_class, label = map(_as_literal, (*network_sign(network), network_label(network)))
    texts, at = "", 9
    for number, (outbound, *marked) in enumerate(shapes):
        text = "".join(
            f"<mark>{{{at + n}}}</mark>" if is_hit else f"{{{at + n}}}" for n, is_hit in enumerate(marked)
        )
        label_ours = '<span class="whose">Our answer:</span> ' if number and outbound else ""
        texts += f'<p class="text" hx-disable>{label_ours}<bdi>{text}</bdi></p>'
        at += len(marked)
    assignee = '<span class="chip" title="Assigned">{7}</span>' if is_assigned else ""
    return (
        f'<li class="row"><span class="ava" aria-hidden="true">{{1}}<span class="net {sign_class}">{sign}</span>'
        f'</span><p class="head"><a class="who" href="{address_pattern("inbox:case")}{{8}}">{"Our answer to " if shapes[0][0] else ""}'
        f'<bdi hx-disable>{{0}}</bdi><span class="visually-hidden"> on {label}</span></a>'
        f'<time class="when" datetime="{{2}}" title="{{3}}">{{4}}</time></p>{texts}'
        f'<p class="meta"><span class="chip dept">{{5}}</span><span class="chip">{{6}}</span>{assignee}</p></li>\n'
    )


def found_case_markup(
    *, pk: int, network: str, name: str, initials: str, when: DisplayTime, department: str, state: str, assignee: str,
    texts: Sequence[FoundText], query_string: str = "",
) -> SafeString:  # fmt: skip
    """Return one found case as HTML. All arguments are plain text; `network` is the name of a connector.

    `query_string` ends the address of the case, and leads back to what was found.
    """
    words = [name, initials, when.iso, when.exact, when.words, department, state, assignee, query_string]
    words += [part.text for text in texts for part in text.parts]
    template = _found_case_template(network, bool(assignee), tuple([text.shape for text in texts]))
    # Safe, because the template is ours and every text is escaped.
    return SafeString(template.format(*_escape_together(words), pk=pk))


def _escape_together(texts: Sequence[str]) -> list[str]:
    """Escape several texts in one go, for the time of one."""
    escaped = escape(_BETWEEN_TEXTS.join(texts)).split(_BETWEEN_TEXTS)
    return escaped if len(escaped) == len(texts) else [escape(text) for text in texts]


@dataclass(frozen=True, slots=True)
class NavigationEntry:
    """One link of the navigation.

    `count` is the number as text, "" for none; `go` is the key that opens the page after G. `alarm`: what follows
    for those who hear the page, where the count is of something that is wrong.
    """

    label: str
    href: str
    count: str = ""
    current: bool = False
    go: str = ""
    alarm: str = ""

    @property
    def markup(self) -> SafeString:
        """The link as a list item."""
        return entry_markup(self)


@lru_cache(maxsize=MOST_CACHED)
def list_markup(entries: tuple[NavigationEntry, ...]) -> SafeString:
    """Return entries of the navigation as list items, one below the other."""
    return format_html_join("\n", "{}", ((entry.markup,) for entry in entries))


@lru_cache(maxsize=MOST_CACHED)
def entry_markup(entry: NavigationEntry) -> SafeString:
    """Return an entry of the navigation as a list item."""
    if entry.alarm:
        shape = _ALARM
    elif entry.go:
        shape = _VIEW
    else:
        shape = _QUEUE if entry.count else _PAGE
    return format_html(
        _CURRENT[shape] if entry.current else shape,
        href=entry.href, label=entry.label, count=entry.count, go=entry.go, alarm=entry.alarm,
    )  # fmt: skip
