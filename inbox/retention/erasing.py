"""Erasing one customer: somebody asks to be forgotten.

Their cases are closed, and what they and we wrote in them, their names and their ids at the networks go; the rows stay, so
that no number changes. Anything that they write afterwards belongs to a new customer.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from django.db import connection, transaction
from django.db.models import Count, Q, QuerySet

from accounts.audit.recording import record_change
from accounts.models import AuditVerb, BrandAccount, User
from inbox.changes.change import change_case
from inbox.live.publish import CaseChange, publish_cases_on_commit
from inbox.models import (
    ERASED_PREFIX,
    Approval,
    ApprovalState,
    Case,
    Customer,
    Erasure,
    Identity,
    Message,
    Reply,
    ReplyState,
    Status,
    Verb,
)
from inbox.search_words.columns import LexemeQuery
from inbox.search_words.query import parse_search
from networks.registry import CONNECTORS
from wording.numbers import format_count

MOST_FOUND = 20


class AnswerOnItsWay(Exception):
    """An answer to the customer is being sent, or nobody knows whether it was. Nothing was erased."""


@dataclass(frozen=True, slots=True)
class CustomerHoldings:
    """The data kept of a customer."""

    identities: list[Identity]
    cases: int
    open_cases: int
    messages: int
    first_at: dt.datetime | None
    last_at: dt.datetime | None


def find_customers(query: str) -> QuerySet[Customer]:
    """Find customers by name, handle or id at a network.

    The beginning of a word or of a handle is enough. The newest customers come first. `query` is a printable line and not empty. Erased customers have none of these.
    """
    customers = Customer.objects.filter(pk__in=find_accounts(query).values("customer_id"))
    return customers.prefetch_related("identities").annotate(n=Count("cases")).order_by("-pk")[:MOST_FOUND]


def find_accounts(query: str) -> QuerySet[Identity]:
    """Find the accounts of `find_customers`, each condition by an index.

    One small statement, and that of the queryset.
    """
    named = Q(search=LexemeQuery(replace(parse_search(query), beginnings=True).as_tsquery()))
    # An index has the ids by network, so all networks are named, also one that is no longer connected.
    networks = {*CONNECTORS, *BrandAccount.objects.values_list("network", flat=True)}
    numbered = Q(network__in=sorted(networks), remote_id=query)
    called = Q(handle__istartswith=query.removeprefix("@"))
    return Identity.objects.filter(named | numbered | called).exclude(remote_id__startswith=ERASED_PREFIX)


def read_holdings(customer: Customer) -> CustomerHoldings:
    """Count what is kept of a customer. Three statements."""
    cases = Case.objects.filter(customer=customer)
    counts = cases.aggregate(n=Count("pk"), open=Count("pk", filter=Q(closed_at=None)))
    messages = Message.objects.filter(case__customer=customer, erased_at=None).order_by("network_time")
    times = list(messages.values_list("network_time", flat=True))
    accounts = customer.identities.exclude(remote_id__startswith=ERASED_PREFIX).order_by("network", "pk")
    return CustomerHoldings(
        list(accounts),
        counts["n"],
        counts["open"],
        len(times),
        *((times[0], times[-1]) if times else (None, None)),
    )


@transaction.atomic
def erase_customer(customer: Customer, *, by: User, now: dt.datetime) -> tuple[int, int]:
    """Erase what is kept of a customer. Return how many cases and messages.

    In one transaction, with its line in the audit log, which names nobody. Raises `AnswerOnItsWay`.
    """
    networks = customer.identities.values("network")
    # Ingest locks the account first, too: a message that comes in now belongs to the new customer.
    accounts = BrandAccount.objects.filter(network__in=networks).order_by("pk")
    list(accounts.select_for_update(no_key=True).values_list("pk", flat=True))
    _cancel_answers(customer)
    open_ids = Case.objects.filter(customer=customer, closed_at=None).order_by("pk")
    for case_id in open_ids.values_list("pk", flat=True):
        _close_case(case_id, by, now)
    Erasure.objects.create(customer=customer, by=by)
    with connection.cursor() as cursor:
        cursor.execute("SELECT cases, messages FROM inbox_erase_customer(%s)", [customer.pk])
        cases, messages = cursor.fetchone()
    _refresh_open_pages(customer)
    words = f"{format_count(messages, 'message')} in {format_count(cases, 'case')}"
    record_change(AuditVerb.CUSTOMER_ERASED, f"customer {customer.pk}: {words}", by=by)
    return cases, messages


def _cancel_answers(customer: Customer) -> None:
    """Cancel the answers that have not left. Raises `AnswerOnItsWay` for others that may still."""
    replies = Reply.objects.filter(case__customer=customer)
    not_left = (ReplyState.PENDING, ReplyState.QUEUED)
    queued = list(replies.filter(state__in=not_left, outcome_unknown=False).values_list("pk", flat=True))
    Reply.objects.filter(pk__in=queued, state__in=not_left).update(state=ReplyState.CANCELLED)
    Approval.objects.filter(reply__in=queued, state=ApprovalState.PENDING).update(
        state=ApprovalState.OVERTAKEN
    )
    under_way = (ReplyState.PENDING, ReplyState.QUEUED, ReplyState.SENDING, ReplyState.UNCONFIRMED)
    if replies.filter(state__in=under_way).exists():
        raise AnswerOnItsWay


def _close_case(case_id: int, by: User, now: dt.datetime) -> None:
    with change_case(case_id, now=now, by=by) as change:
        change.end_custody()
        change.set(status=Status.DISMISSED, closed_at=now, waiting_since=None, unsent="", unsent_since=None)
        change.record(Verb.DISMISSED)


def _refresh_open_pages(customer: Customer) -> None:
    """Let open pages of the customer's cases show what happened."""
    cases = Case.objects.filter(customer=customer).only("department", "brand_account", "visibility")
    publish_cases_on_commit(
        CaseChange(case.pk, case.department_id, case.brand_account_id, case.visibility) for case in cases
    )
