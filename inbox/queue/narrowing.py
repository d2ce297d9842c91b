"""What each filter leaves of the cases of a view: the one place where a filter becomes a condition.

A filter only ever takes cases away. Which cases there are to begin with is said by `inbox.visibility`.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Q

from accounts.models import User
from inbox.models import Customer, Identity, Message
from inbox.models.case import CaseQuerySet
from inbox.queue.filters import DUE_SOON_WITHIN, QueueFilters
from inbox.search_words.columns import LexemeQuery
from inbox.search_words.query import parse_search

#: Filters that compare a column of the case with any of several texts, and with any of several numbers.
_TEXT_COLUMNS = {"network": "network", "status": "status", "language": "language", "tone": "sentiment"}
_NUMBER_COLUMNS = {
    "brand": "brand_account_id", "department": "department_id", "priority": "priority", "urgency": "urgency",
}  # fmt: skip


def narrow_cases(cases: CaseQuerySet, filters: QueueFilters, user: User) -> CaseQuerySet:
    """Return those cases that fit the filters which no time decides."""
    for name, column in _TEXT_COLUMNS.items():
        if values := getattr(filters, name):
            cases = cases.filter(_is_any(column, list(values)))
    for name, column in _NUMBER_COLUMNS.items():
        if values := getattr(filters, name):
            cases = cases.filter(_is_any(column, [int(value) for value in values]))
    if filters.assignee:
        cases = cases.filter(_assigned_to(filters.assignee, user))
    if filters.tag:
        cases = cases.filter(_has_any("tags", filters.tag))
    if filters.answer:
        cases = cases.filter(waiting_since__isnull=filters.answer == "given")
    if filters.stream:
        cases = cases.filter(visibility=filters.stream)
    if filters.media:
        cases = cases.filter(has_media=True)
    if filters.text:
        cases = cases.filter(_says(filters.text))
    return _narrow_by_customer(cases, filters)


def _is_any(column: str, values: list[Any]) -> Q:
    return Q(**{column: values[0]}) if len(values) == 1 else Q(**{f"{column}__in": values})


def _has_any(column: str, tags: tuple[str, ...]) -> Q:
    condition = Q()
    for tag in tags:
        condition |= Q(**{f"{column}__contains": [tag]})
    return condition


def _assigned_to(assignees: tuple[str, ...], user: User) -> Q:
    condition = Q(assignee__isnull=True) if "nobody" in assignees else Q()
    ids: list[Any] = [int(value) for value in assignees if value.isdigit()]
    if "me" in assignees:
        condition |= Q(assignee=user)
    return condition | _is_any("assignee_id", ids) if ids else condition


def _says(text: str) -> Q:
    """Return the condition for a message with the words."""
    tsquery = parse_search(text).as_tsquery()
    if not tsquery:
        return Q(pk__in=())
    messages = Message.objects.filter(search=LexemeQuery(tsquery), deleted_at__isnull=True)
    return Q(pk__in=messages.values("case_id"))


def _narrow_by_customer(cases: CaseQuerySet, filters: QueueFilters) -> CaseQuerySet:
    if filters.followers:
        followed = Identity.objects.filter(followers__gte=int(filters.followers))
        cases = cases.filter(identity__in=followed.values("pk"))
    if filters.customer_tag:
        tagged = Customer.objects.filter(_has_any("tags", filters.customer_tag))
        cases = cases.filter(customer__in=tagged.values("pk"))
    return cases


def time_bounds(
    filters: QueueFilters, now: dt.datetime
) -> tuple[dt.datetime | None, dt.datetime | None, dt.datetime | None]:
    """Return what `narrow_by_time` compares.

    Since when and until when cases are due, and before when their customers began to wait; None: not compared.
    """
    waited = now - dt.timedelta(minutes=int(filters.waiting)) if filters.waiting else None
    if filters.due == "over":
        return None, now, waited
    return (now, now + DUE_SOON_WITHIN, waited) if filters.due == "soon" else (None, None, waited)


def narrow_by_time(
    cases: CaseQuerySet,
    filters: QueueFilters,
    due_from: dt.datetime | None,
    due_before: dt.datetime | None,
    waiting_before: dt.datetime | None,
) -> CaseQuerySet:
    """Return those cases that fit the filters which a time decides."""
    if filters.due == "none":
        cases = cases.filter(next_due_at__isnull=True)
    if due_from is not None:
        cases = cases.filter(next_due_at__gte=due_from)
    if due_before is not None:
        cases = cases.filter(next_due_at__lt=due_before)
    return cases if waiting_before is None else cases.filter(waiting_since__lt=waiting_before)
