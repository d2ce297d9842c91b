"""What search finds, as it is shown: a row for each case, with the messages in it that match."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlencode

from django.utils.safestring import SafeString

from inbox.display import display_name, initials
from inbox.models import Direction, Status
from inbox.queue.markup import FoundText, found_case_markup
from inbox.search_words.query import SearchWords
from inbox.search_words.snippets import build_snippet
from networks.registry import network_label
from wording.times import display_time

#: The key in a case's address that holds the search by which it was found.
FOUND_KEY = "found"
#: Matching messages that a case's row shows.
TEXTS_PER_CASE = 3


class FoundRow(NamedTuple):
    """One message that matches. Rows of customers have only a case, network, handle and name."""

    message_id: int | None
    case_id: int
    text: str
    at: dt.datetime | None
    direction: str
    network: str
    department: str
    handle: str
    name: str
    status: str
    assignee_id: int | None
    assignee_initials: str | None
    assignee_username: str | None


@dataclass(frozen=True, slots=True)
class FoundCase:
    """One case with the messages of the page that match, as markup; the customer and the first of them as plain text."""

    case_id: int
    markup: SafeString
    name: str
    excerpt: str


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
    neither a letter nor a digit nor a pictogram. `problems`: operators that were not understood, in sentences.
    """

    customers: list[CustomerHit]
    hits: list[FoundCase]
    after: str
    cases: tuple[CaseHit, ...] = ()
    beginnings: bool = False
    nothing_asked: bool = False
    problems: tuple[str, ...] = ()


def build_customer(row: FoundRow) -> CustomerHit:
    return CustomerHit(row.case_id, display_name(row.handle, row.name), network_label(row.network))


def build_case_row(
    rows: Sequence[FoundRow], words: SearchWords, now: dt.datetime, me: int, query: str
) -> FoundCase:
    """Build a case's row. `rows` are its messages on the page, in the order of the page."""
    first = rows[0]
    name = display_name(first.handle, first.name)
    texts = [
        FoundText(row.direction == Direction.OUTBOUND, tuple(build_snippet(row.text, words)))
        for row in rows[:TEXTS_PER_CASE]
    ]
    assignee = first.assignee_initials or first.assignee_username or ""
    markup = found_case_markup(
        pk=first.case_id, network=first.network, name=name, initials=initials(name), when=display_time(first.at or now, now),
        department=first.department, state=str(Status(first.status).label), texts=texts,
        assignee="mine" if first.assignee_id == me else assignee, query_string=f"?{urlencode({FOUND_KEY: query})}",
    )  # fmt: skip
    return FoundCase(first.case_id, markup, name, "".join(part.text for part in texts[0].parts))
