"""Search over messages and customers' names, within what the person may read: newest first, by keyset."""

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
from inbox.paging import decode_cursor, encode_cursor
from networks.registry import network_label
from wording.times import DisplayTime, display_time

#: Messages on a page, customers above them, characters of a query, characters of a snippet.
HITS_PER_PAGE, MOST_CUSTOMERS, LONGEST_QUERY, SNIPPET_LENGTH = 25, 5, 200, 240
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class SnippetPart:
    """A piece of a snippet; `hit` pieces are what was searched for."""

    text: str
    hit: bool


@dataclass(frozen=True, slots=True)
class MessageHit:
    """One message that fits."""

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
    """One customer whose name fits, with their newest case."""

    case_id: int
    name: str
    network: str


@dataclass(frozen=True, slots=True)
class SearchResults:
    customers: list[CustomerHit]
    hits: list[MessageHit]
    after: str


def clean_query(given: str) -> str:
    """What is searched for: printable, one line, bounded."""
    return " ".join(given.replace("\x00", " ").split())[:LONGEST_QUERY]


def search_inbox(user: User, query: str, now: dt.datetime, *, after: str = "") -> SearchResults:
    """Messages and customers that fit `query` (words, "phrases", -without, or). Two statements a page.

    `query` comes from `clean_query` and is not empty; `after` is an opaque cursor.
    """
    wanted = SearchQuery(query, search_type="websearch", config="simple")
    visible = Case.objects.visible_to(user)
    rows = Message.objects.filter(search=wanted, case__in=visible, deleted_at__isnull=True)
    if (seen := decode_cursor(after)) is not None:
        at, pk = seen
        rows = rows.filter(network_time__lte=at).exclude(network_time=at, id__gte=pk)
    found: list[Any] = list(
        rows.order_by("-network_time", "-id").values(
            "id", "case_id", "text", "network_time", "direction", "case__network", "case__department__name",
            "case__identity__handle", "case__identity__name",
        )[: HITS_PER_PAGE + 1]
    )  # fmt: skip
    more, found = len(found) > HITS_PER_PAGE, found[:HITS_PER_PAGE]
    cursor = encode_cursor(found[-1]["network_time"], found[-1]["id"]) if more else ""
    words = _words_to_mark(query)
    customers = [] if seen else _find_customers(user, wanted)
    return SearchResults(customers, [_build_hit(row, words, now) for row in found], cursor)


def _find_customers(user: User, wanted: SearchQuery) -> list[CustomerHit]:
    newest = Case.objects.visible_to(user).filter(identity=OuterRef("pk")).order_by("-id").values("pk")[:1]
    rows = (
        Identity.objects.filter(search=wanted)
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
    """The words to mark: those that are not excluded."""
    wanted = re.sub(r"(?:^|\s)-\S+", " ", query.lower())
    return frozenset(_WORD.findall(wanted)) - {"or"}


def build_snippet(text: str, words: frozenset[str]) -> list[SnippetPart]:
    """The neighbourhood of the first hit, in pieces. The text stays plain: the template escapes every piece."""
    text = text[:20_000]
    first = next((word.start() for word in _WORD.finditer(text) if word.group().lower() in words), 0)
    begin = max(0, first - SNIPPET_LENGTH // 3)
    cut = " ".join(text[begin : begin + SNIPPET_LENGTH].split())
    parts, at = [], 0
    for word in _WORD.finditer(cut):
        if word.group().lower() in words:
            parts += [SnippetPart(cut[at : word.start()], False), SnippetPart(word.group(), True)]
            at = word.end()
    parts.append(SnippetPart(cut[at:] + ("…" if begin + SNIPPET_LENGTH < len(text) else ""), False))
    return [SnippetPart("…", False), *parts] if begin else parts
