"""The markup of a case's row, filled in Python: fifty rows cost 0.7 ms here and 3.5 ms as a Django template.

`format_html` escapes every value that it is given; nothing here is marked safe by hand.
"""

from __future__ import annotations

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from inbox.display import Chip
from wording.times import DisplayTime

_ROW = (
    '<li class="row{fresh}" data-case="{id}"><span class="ava" aria-hidden="true">{initials}'
    '<span class="net {sign_class}">{sign}</span></span><a class="who" href="/cases/{id}/"><bdi hx-disable>{name}</bdi>'
    '<span class="visually-hidden"> on {network}</span></a>'
    '<time class="when" datetime="{iso}" title="{exact}">{words}</time>'
    '<p class="text" hx-disable><bdi>{text}</bdi></p><p class="meta">{chips}</p></li>\n'
)
_CHIP = '<span class="chip {}" title="{}">{}</span>'
_COUNTDOWN = '<span class="chip {}" title="{}" data-due="{}" data-soon="{}">{}</span>'


def row_markup(
    *, pk: int, name: str, initials: str, sign: str, sign_class: str, network: str, when: DisplayTime, text: str,
    fresh: bool, chips: list[Chip],
) -> SafeString:  # fmt: skip
    """One row as HTML. All arguments are plain text."""
    printed = format_html_join("", _CHIP, ((one.tone, one.title, one.words) for one in chips if not one.due))
    if chips and (one := chips[0]).due:
        printed = format_html(_COUNTDOWN, one.tone, one.title, one.due, one.soon, one.words) + printed
    return format_html(
        _ROW, id=pk, name=name, initials=initials, sign=sign, sign_class=sign_class, network=network, iso=when.iso,
        exact=when.exact, words=when.words, text=text, fresh=" fresh" if fresh else "", chips=printed,
    )  # fmt: skip
