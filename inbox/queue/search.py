"""Search in messages, customers' names, case numbers and tags, among the cases that the user sees.

Newest first, paged by keyset.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import OuterRef, Q, Subquery

from accounts.models import User
from inbox.display import display_name, initials, network_sign
from inbox.models import Case, Direction, Identity, Message
from inbox.search_words.columns import LexemeQuery
from inbox.search_words.query import SearchWords, parse_search
from inbox.search_words.snippets import SnippetPart, build_snippet
from networks.registry import network_label
from postgres.paging import decode_cursor, encode_cursor
from wording.times import DisplayTime, display_time

#: Messages on a page, customers and cases listed above them, characters of a query.
HITS_PER_PAGE, MOST_CUSTOMERS, MOST_CASES, LONGEST_QUERY = 25, 5, 5, 200
_CASE_NUMBER = re.compile(r"(?:case\s*)?#?\s*([0-9]{1,15})", re.IGNORECASE)
_TAG = re.compile(r"#\s*(\S.*)")


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
class CaseHit:
    """One case whose number or tag was asked for. `tag` is "" when it is the number."""

    case_id: int
    name: str
    department: str
    tag: str


@dataclass(frozen=True, slots=True)
class SearchResults:
    """One page of results. `after` is the next page's cursor, "" on the last page.

    `beginnings`: no message has the words themselves, these have words that begin with them. `nothing_asked`: the query has
    neither a letter nor a digit nor a pictogram.
    """

    customers: list[CustomerHit]
    hits: list[MessageHit]
    after: str
    cases: tuple[CaseHit, ...] = ()
    beginnings: bool = False
    nothing_asked: bool = False


def clean_query(query: str) -> str:
    """Return a query as one printable line.

    At most `LONGEST_QUERY` characters.
    """
    line = " ".join(query.replace("\x00", " ").split())[:LONGEST_QUERY]
    return line.encode(errors="ignore").decode()  # without halves of characters, which Postgres refuses


def search_inbox(
    user: User, query: str, now: dt.datetime, *, after: str = "", beginnings: bool = False
) -> SearchResults:
    """Return a page of what matches `query`: messages, and on the first page customers and cases.

    `query` (words, "phrases", -without, or, #17, #tag) comes from `clean_query` and is not empty; `after` is an opaque
    cursor, and `beginnings` comes with it from the page before. Two statements, one on later pages; one more for a number
    or a tag, and two more where no word is found, to look for words that begin so. Never raises, whatever the query is.
    """
    words, last_seen = replace(parse_search(query), beginnings=beginnings), decode_cursor(after)
    cases = () if last_seen else tuple(_find_cases(user, query))
    if not words.choices:
        return SearchResults([], [], "", cases, nothing_asked=True)
    matches = _find_messages(user, words, last_seen)
    customers = [] if last_seen else _find_customers(user, words)
    if not (matches or customers or cases or last_seen or beginnings) and words.may_begin_words:
        return search_inbox(user, query, now, beginnings=True)
    more, matches = len(matches) > HITS_PER_PAGE, matches[:HITS_PER_PAGE]
    cursor = encode_cursor(matches[-1]["network_time"], matches[-1]["id"]) if more else ""
    hits = [_build_hit(row, words, now) for row in matches]
    return SearchResults(customers, hits, cursor, cases, beginnings)


def _find_messages(
    user: User, words: SearchWords, last_seen: tuple[dt.datetime, int] | None
) -> list[dict[str, Any]]:
    """Return the newest messages that match, one more than a page has."""
    visible = Case.objects.visible_to(user)
    messages = Message.objects.filter(search=LexemeQuery(words), case__in=visible, deleted_at__isnull=True)
    if last_seen is not None:
        at, pk = last_seen
        messages = messages.filter(network_time__lte=at).exclude(network_time=at, id__gte=pk)
    rows: Any = messages.order_by("-network_time", "-id").values(
        "id", "case_id", "text", "network_time", "direction", "case__network", "case__department__name",
        "case__identity__handle", "case__identity__name",
    )[: HITS_PER_PAGE + 1]  # fmt: skip
    return list(rows)


def _find_customers(user: User, words: SearchWords) -> list[CustomerHit]:
    newest = Case.objects.visible_to(user).filter(identity=OuterRef("pk")).order_by("-id").values("pk")[:1]
    rows = (
        Identity.objects.filter(search=LexemeQuery(words))
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


def _find_cases(user: User, query: str) -> list[CaseHit]:
    """Return the case with the number or the newest with the tag.

    At most one statement.
    """
    number, tag = _CASE_NUMBER.fullmatch(query), _TAG.fullmatch(query)
    asked = Q()
    if number is not None:
        asked |= Q(pk=int(number[1]))
    for spelling in {tag[1], tag[1].lower()} if tag is not None else ():
        asked |= Q(tags__contains=[spelling])
    if not asked:
        return []
    rows = (
        Case.objects.visible_to(user)
        .filter(asked)
        .order_by("-id")
        .values("id", "identity__handle", "identity__name", "department__name")[:MOST_CASES]
    )
    return [
        CaseHit(
            row["id"],
            display_name(row["identity__handle"], row["identity__name"]),
            row["department__name"],
            "" if number is not None and row["id"] == int(number[1]) else tag[1] if tag else "",
        )
        for row in rows
    ]


def _build_hit(row: dict[str, Any], words: SearchWords, now: dt.datetime) -> MessageHit:
    name = display_name(row["case__identity__handle"], row["case__identity__name"])
    sign, sign_class = network_sign(row["case__network"])
    return MessageHit(
        row["case_id"], name, initials(name), sign, sign_class, network_label(row["case__network"]),
        row["direction"] == Direction.OUTBOUND, display_time(row["network_time"], now), build_snippet(row["text"], words),
        row["case__department__name"],
    )  # fmt: skip
