"""Search in messages and customers' names, among the cases that the user sees.

Newest first, paged by keyset.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.search import SearchQuery
from django.db.models import OuterRef, Subquery

from accounts.models import User
from inbox.display import display_name, initials, network_sign
from inbox.models import Case, Direction, Identity, Message
from networks.registry import network_label
from postgres.paging import decode_cursor, encode_cursor
from wording.times import DisplayTime, display_time

#: Messages on a page, customers listed above them, characters of a query, characters of a snippet.
HITS_PER_PAGE, MOST_CUSTOMERS, LONGEST_QUERY, SNIPPET_LENGTH = 25, 5, 200, 240
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class SnippetPart:
    """A piece of a snippet. `hit`: it matches the query."""

    text: str
    hit: bool


@dataclass(frozen=True, slots=True)
class MessageHit:
    """One message that matches."""

    case_id: int
    name: str
    initials: str
    sign: str
    sign_class: str
    network: str
    outbound: bool
    when: DisplayTime
    parts: list[SnippetPart]
    department: str


@dataclass(frozen=True, slots=True)
class CustomerHit:
    """One customer whose name matches, with their newest case."""

    case_id: int
    name: str
    network: str


@dataclass(frozen=True, slots=True)
class SearchResults:
    """One page of results. `after` is the next page's cursor, "" on the last page."""

    customers: list[CustomerHit]
    hits: list[MessageHit]
    after: str


def clean_query(query: str) -> str:
    """Return a query as one printable line.

    At most `LONGEST_QUERY` characters.
    """
    return " ".join(query.replace("\x00", " ").split())[:LONGEST_QUERY]


def search_inbox(user: User, query: str, now: dt.datetime, *, after: str = "") -> SearchResults:
    """Return a page of messages and customers that match `query`.

    `query` (words, "phrases", -without, or) comes from `clean_query` and is not empty; `after` is an opaque cursor.
    Customers are listed on the first page only. Two statements, one on later pages.
    """
    search_query = SearchQuery(query, search_type="websearch", config="simple")
    visible = Case.objects.visible_to(user)
    messages = Message.objects.filter(search=search_query, case__in=visible, deleted_at__isnull=True)
    if (last_seen := decode_cursor(after)) is not None:
        at, pk = last_seen
        messages = messages.filter(network_time__lte=at).exclude(network_time=at, id__gte=pk)
    matches: list[Any] = list(
        messages.order_by("-network_time", "-id").values(
            "id", "case_id", "text", "network_time", "direction", "case__network", "case__department__name",
            "case__identity__handle", "case__identity__name",
        )[: HITS_PER_PAGE + 1]
    )  # fmt: skip
    more, matches = len(matches) > HITS_PER_PAGE, matches[:HITS_PER_PAGE]
    cursor = encode_cursor(matches[-1]["network_time"], matches[-1]["id"]) if more else ""
    words_to_mark = _words_to_mark(query)
    customers = [] if last_seen else _find_customers(user, search_query)
    return SearchResults(customers, [_build_hit(row, words_to_mark, now) for row in matches], cursor)


def _find_customers(user: User, search_query: SearchQuery) -> list[CustomerHit]:
    newest = Case.objects.visible_to(user).filter(identity=OuterRef("pk")).order_by("-id").values("pk")[:1]
    rows = (
        Identity.objects.filter(search=search_query)
        .annotate(case_id=Subquery(newest))
        .filter(case_id__isnull=False)
        .values("case_id", "handle", "name", "network")[:MOST_CUSTOMERS]
    )
    return [
        CustomerHit(
            row["case_id"],
            display_name(row["handle"], row["name"]),
            network_label(row["network"]),
        )
        for row in rows
    ]


def _build_hit(row: dict[str, Any], words: frozenset[str], now: dt.datetime) -> MessageHit:
    name = display_name(row["case__identity__handle"], row["case__identity__name"])
    sign, sign_class = network_sign(row["case__network"])
    return MessageHit(
        row["case_id"], name, initials(name), sign, sign_class, network_label(row["case__network"]),
        row["direction"] == Direction.OUTBOUND, display_time(row["network_time"], now), build_snippet(row["text"], words),
        row["case__department__name"],
    )  # fmt: skip


def _words_to_mark(query: str) -> frozenset[str]:
    """Return the words of a query to mark, without excluded ones."""
    included = re.sub(r"(?:^|\s)-\S+", " ", query.lower())
    return frozenset(_WORD.findall(included)) - {"or"}


def build_snippet(text: str, words: frozenset[str]) -> list[SnippetPart]:
    """Return the text around the first match, in pieces.

    The text stays plain: the template escapes every piece.
    """
    text = text[:20_000]
    first = next((word.start() for word in _WORD.finditer(text) if word.group().lower() in words), 0)
    begin = max(0, first - SNIPPET_LENGTH // 3)
    excerpt = " ".join(text[begin : begin + SNIPPET_LENGTH].split())
    parts, position = [], 0
    for word in _WORD.finditer(excerpt):
        if word.group().lower() in words:
            parts += [SnippetPart(excerpt[position : word.start()], False), SnippetPart(word.group(), True)]
            position = word.end()
    parts.append(SnippetPart(excerpt[position:] + ("…" if begin + SNIPPET_LENGTH < len(text) else ""), False))
    return [SnippetPart("…", False), *parts] if begin else parts
