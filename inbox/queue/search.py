"""Search over messages and customers' names, within what the person may read: newest first, by keyset."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.search import SearchQuery
from django.db.models import OuterRef, Subquery

from accounts.models import User
from inbox.display import Moment, display_name, initials, moment, network_sign
from inbox.models import Case, Direction, Identity, Message
from inbox.paging import decode_cursor, encode_cursor
from networks.registry import capabilities

#: Messages on a page, customers above them, characters of a query, characters of a snippet.
PAGE, CUSTOMERS, LONGEST_QUERY, SNIPPET = 25, 5, 200, 240
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a snippet; `hit` pieces are what was searched for."""

    text: str
    hit: bool


@dataclass(frozen=True, slots=True)
class Hit:
    """One message that fits."""

    case_id: int
    name: str
    initials: str
    sign: str
    sign_class: str
    network: str
    outbound: bool
    when: Moment
    parts: list[Part]
    department: str


@dataclass(frozen=True, slots=True)
class CustomerHit:
    """One customer whose name fits, with their newest case."""

    case_id: int
    name: str
    network: str


@dataclass(frozen=True, slots=True)
class Found:
    customers: list[CustomerHit]
    hits: list[Hit]
    after: str


def clean_query(given: str) -> str:
    """What is searched for: printable, one line, bounded."""
    return " ".join(given.replace("\x00", " ").split())[:LONGEST_QUERY]


def search(user: User, query: str, now: dt.datetime, *, after: str = "") -> Found:
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
        )[: PAGE + 1]
    )  # fmt: skip
    more, found = len(found) > PAGE, found[:PAGE]
    cursor = encode_cursor(found[-1]["network_time"], found[-1]["id"]) if more else ""
    words = _words(query)
    customers = [] if seen else _customers(user, wanted)
    return Found(customers, [_hit(row, words, now) for row in found], cursor)


def _customers(user: User, wanted: SearchQuery) -> list[CustomerHit]:
    newest = Case.objects.visible_to(user).filter(identity=OuterRef("pk")).order_by("-id").values("pk")[:1]
    rows = (
        Identity.objects.filter(search=wanted)
        .annotate(case_id=Subquery(newest))
        .filter(case_id__isnull=False)
        .values("case_id", "handle", "name", "network")[:CUSTOMERS]
    )
    return [
        CustomerHit(
            row["case_id"], display_name(row["handle"], row["name"]), capabilities(row["network"]).label
        )
        for row in rows
    ]


def _hit(row: dict[str, Any], words: frozenset[str], now: dt.datetime) -> Hit:
    name = display_name(row["case__identity__handle"], row["case__identity__name"])
    sign, sign_class = network_sign(row["case__network"])
    return Hit(
        row["case_id"], name, initials(name), sign, sign_class, capabilities(row["case__network"]).label,
        row["direction"] == Direction.OUTBOUND, moment(row["network_time"], now), snippet(row["text"], words),
        row["case__department__name"],
    )  # fmt: skip


def _words(query: str) -> frozenset[str]:
    """The words to mark: those that are not excluded."""
    wanted = re.sub(r"(?:^|\s)-\S+", " ", query.lower())
    return frozenset(_WORD.findall(wanted)) - {"or"}


def snippet(text: str, words: frozenset[str]) -> list[Part]:
    """The neighbourhood of the first hit, in pieces. The text stays plain: the template escapes every piece."""
    text = text[:20_000]
    first = next((word.start() for word in _WORD.finditer(text) if word.group().lower() in words), 0)
    begin = max(0, first - SNIPPET // 3)
    cut = " ".join(text[begin : begin + SNIPPET].split())
    parts, at = [], 0
    for word in _WORD.finditer(cut):
        if word.group().lower() in words:
            parts += [Part(cut[at : word.start()], False), Part(word.group(), True)]
            at = word.end()
    parts.append(Part(cut[at:] + ("…" if begin + SNIPPET < len(text) else ""), False))
    return [Part("…", False), *parts] if begin else parts
