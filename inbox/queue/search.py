"""Search in messages, customers' names, case numbers and tags, among the cases that the user sees.

Newest first, paged by keyset.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import BigIntegerField, DateTimeField, OuterRef, Q, Subquery, TextField, Value
from django.db.models.functions import Cast
from django.utils.safestring import SafeString

from accounts.models import User
from inbox.display import display_name, initials
from inbox.models import Case, Direction, Identity
from inbox.models.case import CaseQuerySet
from inbox.queue.markup import hit_markup
from inbox.search_words.columns import LexemeQuery
from inbox.search_words.query import SearchWords, parse_search
from inbox.search_words.snippets import build_snippet
from networks.registry import network_label
from postgres.paging import decode_cursor, encode_cursor
from postgres.prepared_querysets import AnyText, prepared_query
from wording.times import display_time

#: Messages on a page, customers and cases listed above them, characters of a query.
HITS_PER_PAGE, MOST_CUSTOMERS, MOST_CASES, LONGEST_QUERY = 25, 5, 5, 200
_CASE_NUMBER = re.compile(r"(?:case\s*)?#?\s*([0-9]{1,15})", re.IGNORECASE)
_TAG = re.compile(r"#\s*(\S.*)")


#: Id, case, text, time, direction, network, department, handle and name. Rows of customers have only a case, network,
#: handle and name.
_FoundRow = tuple[int | None, int, str, dt.datetime | None, str, str, str, str, str]


@dataclass(frozen=True, slots=True)
class MessageHit:
    """One message that matches, as markup."""

    case_id: int
    markup: SafeString


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
    cursor, and `beginnings` comes with it from the page before. One statement; one more for a number or a tag, and one
    more where no word is found, to look for words that begin so. Never raises, whatever the query is.
    """
    words, last_seen = replace(parse_search(query), beginnings=beginnings), decode_cursor(after)
    cases = () if last_seen else tuple(_find_cases(user, query))
    if not words.choices:
        return SearchResults([], [], "", cases, nothing_asked=True)
    rows: list[_FoundRow] = _select_found(user, AnyText(words.as_tsquery()), *(last_seen or (None, None)))
    messages = sorted((row for row in rows if row[0] is not None), key=_newest, reverse=True)
    customers = [_build_customer(row) for row in rows if row[0] is None]
    if not (rows or cases or last_seen or beginnings) and words.may_begin_words:
        return search_inbox(user, query, now, beginnings=True)
    more, messages = len(messages) > HITS_PER_PAGE, messages[:HITS_PER_PAGE]
    cursor = encode_cursor(*_newest(messages[-1])) if more else ""
    hits = [_build_hit(row, words, now) for row in messages]
    return SearchResults(customers, hits, cursor, cases, beginnings)


def _newest(row: _FoundRow) -> tuple[Any, Any]:
    """Return the order of messages, which is also the cursor's."""
    return row[3], row[0]


@prepared_query
def _select_found(user: User, tsquery: str, after: dt.datetime | None, after_id: int | None) -> Any:
    """Select the newest messages that match, one more than a page has.

    On the first page also customers whose names match. Rows are in no particular order.
    """
    messages = _matching_messages(user, tsquery, after, after_id)
    return messages if after is not None else messages.union(_matching_customers(user, tsquery), all=True)


def _matching_messages(user: User, tsquery: str, after: dt.datetime | None, after_id: int | None) -> Any:
    wanted = Q(messages__search=LexemeQuery(tsquery), messages__deleted_at__isnull=True)
    if after is not None:
        # The first condition makes Postgres start reading the index at `after`.
        older = Q(messages__network_time__lt=after) | Q(messages__id__lt=after_id)
        wanted &= Q(messages__network_time__lte=after) & older
    # From the cases on, which are joined once then, for the reader's rights and for what is shown.
    cases = Case.objects.visible_to(user).filter(wanted)
    return cases.order_by("-messages__network_time", "-messages__id").values_list(
        "messages__id", "id", "messages__text", "messages__network_time", "messages__direction", "network",
        "department__name", "identity__handle", "identity__name",
    )[: HITS_PER_PAGE + 1]  # fmt: skip


def _matching_customers(user: User, tsquery: str) -> Any:
    newest = Case.objects.visible_to(user).filter(identity=OuterRef("pk")).order_by("-id").values("pk")[:1]
    nothing = Value("", TextField())
    customers = (
        Identity.objects.filter(search=LexemeQuery(tsquery))
        .annotate(
            no_message=Cast(Value(None), BigIntegerField()),
            case_id=Subquery(newest),
            no_time=Cast(Value(None), DateTimeField()),
            no_text=nothing,
            no_direction=nothing,
            no_department=nothing,
        )
        .filter(case_id__isnull=False)
    )
    return customers.values_list(
        "no_message", "case_id", "no_text", "no_time", "no_direction", "network", "no_department", "handle", "name"
    )[:MOST_CUSTOMERS]  # fmt: skip


def _find_cases(user: User, query: str) -> list[CaseHit]:
    """Return the case with the number or the newest with the tag.

    At most one statement.
    """
    number_match, tag_match = _CASE_NUMBER.fullmatch(query), _TAG.fullmatch(query)
    number, tag = int(number_match[1]) if number_match else 0, tag_match[1] if tag_match else ""
    if tag:
        rows = _select_case_columns(Case.objects.visible_to(user).filter(_has_tag(tag) | Q(pk=number)))
    else:
        rows = _select_numbered_case(user, number) if number else []
    return [
        CaseHit(pk, display_name(handle, name), department, "" if pk == number else tag)
        for pk, handle, name, department in rows
    ]


def _has_tag(tag: str) -> Q:
    return Q(tags__contains=[tag]) | Q(tags__contains=[tag.lower()])


@prepared_query
def _select_numbered_case(user: User, number: int) -> Any:
    return _select_case_columns(Case.objects.visible_to(user).filter(pk=number))


def _select_case_columns(cases: CaseQuerySet) -> Any:
    return cases.order_by("-id").values_list("id", "identity__handle", "identity__name", "department__name")[
        :MOST_CASES
    ]


def _build_customer(row: _FoundRow) -> CustomerHit:
    _, case_id, _, _, _, network, _, handle, name = row
    return CustomerHit(case_id, display_name(handle, name), network_label(network))


def _build_hit(row: _FoundRow, words: SearchWords, now: dt.datetime) -> MessageHit:
    _, case_id, text, at, direction, network, department, handle, customer_name = row
    name = display_name(handle, customer_name)
    markup = hit_markup(
        pk=case_id, network=network, outbound=direction == Direction.OUTBOUND, name=name, initials=initials(name),
        when=display_time(at or now, now), department=department, parts=build_snippet(text, words),
    )  # fmt: skip
    return MessageHit(case_id, markup)
