"""The markup of a link in the navigation, filled in Python and kept: it is on every page, and the same on most of them.

`format_html` escapes every value that it is given.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from django.utils.html import format_html
from django.utils.safestring import SafeString

if TYPE_CHECKING:
    from inbox.queue.navigation import NavigationEntry

#: Links kept: as many as there are views, departments and pages, with the numbers of late.
MOST_CACHED = 2048

_PAGE = '<li><a href="{href}">{label}</a></li>'
_QUEUE = '<li><a href="{href}">{label} <span class="n">{count}</span></a></li>'
_VIEW = '<li><a href="{href}" data-go="{go}">{label} <span class="n">{count}</span></a></li>'
_CURRENT = {one: one.replace('"{href}"', '"{href}" aria-current="page"') for one in (_PAGE, _QUEUE, _VIEW)}


@lru_cache(maxsize=MOST_CACHED)
def entry_markup(entry: NavigationEntry) -> SafeString:
    """A view, a department's queue or a page as an item of a list."""
    if entry.go:
        shape = _VIEW
    else:
        shape = _QUEUE if entry.count else _PAGE
    return format_html(
        _CURRENT[shape] if entry.current else shape,
        href=entry.href, label=entry.label, count=entry.count, go=entry.go,
    )  # fmt: skip
