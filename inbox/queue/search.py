"""Search in messages, customers' names, case numbers and tags, among the cases that the user sees.

Newest first, paged by keyset.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.db.models import BigIntegerField, DateTimeField, Exists, OuterRef, Q, Subquery, TextField, Value
from django.db.models.functions import Cast

from accounts.models import User
from inbox.display import display_name
from inbox.models import Case, Direction, Identity, Message
from inbox.models.case import CaseQuerySet
from inbox.queue.search_operators import Narrowing, has_tag, read_operators
from inbox.queue.search_rows import CaseHit, FoundRow, SearchResults, build_case_row, build_customer
from inbox.search_words.columns import LexemeQuery
from inbox.search_words.operators import split_operators
from inbox.search_words.query import SearchWords, parse_search
from postgres.paging import decode_cursor, encode_cursor
from postgres.prepared_querysets import AnyText, prepared_query

#: Messages on a page, customers and cases listed above them, characters of a query.
HITS_PER_PAGE, MOST_CUSTOMERS, MOST_CASES, LONGEST_QUERY = 25, 5, 5, 200
_CASE_NUMBER = re.compile(r"(?:case\s*)?#?\s*([0-9]{1,15})", re.IGNORECASE)
_TAG = re.compile(r"#\s*(\S.*)")


#: Where a page ended: the time and the number of its last row.
_Place = tuple[dt.datetime, int]


def clean_query(query: str) -> str:
    """Return a query as one printable line.

    At most `LONGEST_QUERY` characters.
    """
    line = " ".join(query.replace("\x00", " ").split())[:LONGEST_QUERY]
    return line.encode(errors="ignore").decode()  # without halves of characters, which Postgres refuses


def search_inbox(
    user: User, query: str, now: dt.datetime, *, after: str = "", beginnings: bool = False, oldest: bool = False,
) -> SearchResults:  # fmt: skip
    """Return a page of what matches `query`: messages by case, and on the first page customers and cases.

    `query` (words, "phrases", -without, or, #17, #tag, operators) comes from `clean_query` and is not empty; `after` is
    an opaque cursor, and `beginnings` comes with it from the page before. One statement; one more for a number or a tag,
    for a page after the first, and where no word is found, to look for words that begin so. Never raises, whatever the
    query is.
    """
    rest, operators = split_operators(query)
    narrowing = read_operators(operators, user, now) if operators else None
    if narrowing and narrowing.problems:
        return SearchResults([], [], "", problems=narrowing.problems)
    words, last_seen = replace(parse_search(rest), beginnings=beginnings), decode_cursor(after)
    if not words.choices and narrowing:
        return _page_of_cases(user, query, narrowing, last_seen, now, oldest=oldest)
    cases = () if last_seen or narrowing else tuple(_find_cases(user, query))
    if not words.choices:
        return SearchResults([], [], "", cases, nothing_asked=True)
    messages, customers, cursor = _fetch_page(user, words, narrowing, last_seen, oldest=oldest)
    if not (messages or customers or cases or last_seen or beginnings) and words.may_begin_words:
        return search_inbox(user, query, now, beginnings=True, oldest=oldest)
    hits = [build_case_row(own, words, now, user.pk, query) for own in _by_case(messages)]
    return SearchResults([build_customer(row) for row in customers], hits, cursor, cases, beginnings)


def _fetch_page(
    user: User, words: SearchWords, narrowing: Narrowing | None, last_seen: _Place | None, *, oldest: bool
) -> tuple[list[FoundRow], list[FoundRow], str]:
    """Return the messages of a page in order, customers, and a cursor.

    Messages of cases that an earlier page has shown are left out; where that leaves nothing, the page is one further on.
    """
    while True:
        rows = _fetch_found(user, words, narrowing, last_seen, oldest=oldest)
        customers = [row for row in rows if row.message_id is None]
        messages = sorted((row for row in rows if row.message_id), key=_place, reverse=not oldest)
        more, messages = len(messages) > HITS_PER_PAGE, messages[:HITS_PER_PAGE]
        following = _place(messages[-1]) if more else None
        if last_seen and messages:
            seen = _cases_before(user, {row.case_id for row in messages}, words, narrowing, last_seen, oldest)
            messages = [row for row in messages if row.case_id not in seen]
        if messages or following is None:
            return messages, customers, encode_cursor(*following) if following else ""
        last_seen = following


def _by_case(messages: list[FoundRow]) -> Iterable[list[FoundRow]]:
    """Return the messages of each case, in the order of its first."""
    by_case: dict[int, list[FoundRow]] = {}
    for row in messages:
        by_case.setdefault(row.case_id, []).append(row)
    return by_case.values()


def _place(row: FoundRow) -> tuple[Any, Any]:
    """Return the order of messages, which is also the cursor's."""
    return row.at, row.message_id


def _fetch_found(
    user: User, words: SearchWords, narrowing: Narrowing | None, last_seen: _Place | None, *, oldest: bool
) -> list[FoundRow]:
    """Return messages that match, and customers.

    In no particular order; of messages one more than a page has.
    """
    tsquery, (at, pk) = AnyText(words.as_tsquery()), last_seen or (None, None)
    if narrowing is None:
        rows: Any = _select_found(user, tsquery, at, pk, oldest)
    else:
        rows = _matching_messages(user, tsquery, at, pk, oldest, narrowing)
    return [FoundRow(*row) for row in rows]


@prepared_query
def _select_found(
    user: User, tsquery: str, after: dt.datetime | None, after_id: int | None, oldest: bool
) -> Any:
    """Select the messages that match, one more than a page has.

    On the first page also customers whose names match. Rows are in no particular order.
    """
    messages = _matching_messages(user, tsquery, after, after_id, oldest)
    return messages if after is not None else messages.union(_matching_customers(user, tsquery), all=True)


def _matching_messages(
    user: User, tsquery: str, after: dt.datetime | None, after_id: int | None, oldest: bool,
    narrowing: Narrowing | None = None,
) -> Any:  # fmt: skip
    # From the cases on, which are joined once then, for the reader's rights and for what is shown.
    cases = Case.objects.visible_to(user)
    wanted = Q(messages__search=LexemeQuery(tsquery), messages__deleted_at__isnull=True)
    if narrowing is not None:
        cases = cases.filter(narrowing.cases)
        wanted &= _prefixed(narrowing.messages)
    if after is not None:
        # The first condition makes Postgres start reading the index at `after`.
        step, tie = ("gt", "gt") if oldest else ("lt", "lt")
        beyond = Q(**{f"messages__network_time__{step}": after}) | Q(**{f"messages__id__{tie}": after_id})
        wanted &= Q(**{f"messages__network_time__{step}e": after}) & beyond
    order = ("messages__network_time", "messages__id")
    return cases.filter(wanted).order_by(*(order if oldest else [f"-{name}" for name in order])).values_list(
        "messages__id", "id", "messages__text", "messages__network_time", "messages__direction", "network",
        "department__name", "identity__handle", "identity__name", "status", "assignee_id", "assignee__initials",
        "assignee__username",
    )[: HITS_PER_PAGE + 1]  # fmt: skip


def _prefixed(condition: Q) -> Q:
    """Return a condition of messages as one of their cases."""
    prefixed = Q(_connector=condition.connector, _negated=condition.negated)
    for child in condition.children:
        prefixed.children.append(
            _prefixed(child) if isinstance(child, Q) else (f"messages__{child[0]}", child[1])  # type: ignore[index]
        )
    return prefixed


def _cases_before(
    user: User, case_ids: set[int], words: SearchWords, narrowing: Narrowing | None, last_seen: _Place, oldest: bool
) -> set[int]:  # fmt: skip
    """Return those of some cases that an earlier page has shown."""
    at, pk = last_seen
    step = "lt" if oldest else "gt"
    earlier = Q(**{f"network_time__{step}": at}) | Q(network_time=at, **{f"id__{step}e": pk})
    messages = Message.objects.filter(
        earlier, case__in=case_ids, search=LexemeQuery(words.as_tsquery()), deleted_at__isnull=True
    )
    if narrowing is not None:
        messages = messages.filter(narrowing.messages)
    return set(messages.values_list("case_id", flat=True))


def _page_of_cases(
    user: User, query: str, narrowing: Narrowing, last_seen: _Place | None, now: dt.datetime, *, oldest: bool
) -> SearchResults:
    """Return a page of the cases that operators alone ask for.

    By number.
    """
    cases = Case.objects.visible_to(user).filter(narrowing.cases)
    if narrowing.narrows_messages:
        own = Message.objects.filter(narrowing.messages, case=OuterRef("pk"), deleted_at__isnull=True)
        cases = cases.filter(Exists(own))
    if last_seen:
        cases = cases.filter(pk__gt=last_seen[1]) if oldest else cases.filter(pk__lt=last_seen[1])
    rows: Any = cases.order_by("pk" if oldest else "-pk").values_list(
        "id", "preview", "activity_at", "network", "department__name", "identity__handle", "identity__name", "status",
        "assignee_id", "assignee__initials", "assignee__username",
    )[: HITS_PER_PAGE + 1]  # fmt: skip
    listed = [FoundRow(None, pk, text, at, Direction.INBOUND, *columns) for pk, text, at, *columns in rows]
    more, listed = len(listed) > HITS_PER_PAGE, listed[:HITS_PER_PAGE]
    cursor = encode_cursor(now, listed[-1].case_id) if more else ""
    return SearchResults(
        [], [build_case_row([row], parse_search(""), now, user.pk, query) for row in listed], cursor
    )


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
            no_status=nothing,
            no_assignee=Cast(Value(None), BigIntegerField()),
        )
        .filter(case_id__isnull=False)
    )
    return customers.values_list(
        "no_message", "case_id", "no_text", "no_time", "no_direction", "network", "no_department", "handle", "name",
        "no_status", "no_assignee", "no_text", "no_text",
    )[:MOST_CUSTOMERS]  # fmt: skip


def _find_cases(user: User, query: str) -> list[CaseHit]:
    """Return the case with the number or the newest with the tag.

    At most one statement.
    """
    number_match, tag_match = _CASE_NUMBER.fullmatch(query), _TAG.fullmatch(query)
    number, tag = int(number_match[1]) if number_match else 0, tag_match[1] if tag_match else ""
    if tag:
        rows = _select_case_columns(Case.objects.visible_to(user).filter(has_tag(tag) | Q(pk=number)))
    else:
        rows = _select_numbered_case(user, number) if number else []
    return [
        CaseHit(pk, display_name(handle, name), department, "" if pk == number else tag)
        for pk, handle, name, department in rows
    ]


@prepared_query
def _select_numbered_case(user: User, number: int) -> Any:
    return _select_case_columns(Case.objects.visible_to(user).filter(pk=number))


def _select_case_columns(cases: CaseQuerySet) -> Any:
    return cases.order_by("-id").values_list("id", "identity__handle", "identity__name", "department__name")[
        :MOST_CASES
    ]
