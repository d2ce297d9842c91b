"""Reading the topics of changed cases again, and who answered or mentioned whom in them.

A case is appended to `CaseToRead` in the transaction that computes its facts again, and taken from there in the one that writes
its topics: no change is lost, and reading twice changes nothing.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterable

from django.db import connection, transaction
from django.db.models import QuerySet

from accounts.models import User
from inbox.models import ERASED_PREFIX, Case, Direction, Identity, Message
from postgres.locks import AdvisoryLock, try_lock
from reports.models import CaseTopics, CustomerLink, TopicAlert, TopicWeek
from reports.scopes import counted_cases
from reports.topics.links import find_links
from reports.topics.words import TAG, WORD, list_terms, name_words
from wording.times import company_zone

#: Cases in one transaction, and the most topics of one case.
_BATCH, _MOST_KEYS = 500, 120
#: The weeks against which those of a week are compared.
WEEKS_BEFORE = 4
_LAST_OF_BATCH = "SELECT max(id) FROM (SELECT id FROM reports_casetoread ORDER BY id LIMIT %s) AS first"
_TAKE = "DELETE FROM reports_casetoread WHERE id <= %s RETURNING case_id"
_LOSE = "DELETE FROM reports_risingtopic r WHERE r.key = ANY(%s) AND NOT EXISTS (SELECT FROM reports_casetopics t WHERE t.keys @> ARRAY[r.key])"


def refresh_topics(limit: int = _BATCH) -> int | None:
    """Read the topics of the cases that changed, oldest change first.

    Returns how many changes were taken, None when somebody else is at work.
    """
    with transaction.atomic():
        if not try_lock(AdvisoryLock.TOPICS):
            return None
        with connection.cursor() as cursor:
            cursor.execute(_LAST_OF_BATCH, [limit])
            cursor.execute(_TAKE, [cursor.fetchone()[0]])
            rows = cursor.fetchall()
        if rows:
            replace_topics(sorted({case_id for (case_id,) in rows}))
    return len(rows)


def refresh_topics_for(seconds: float) -> int:
    """Refresh until nothing waits, for at most about `seconds`; return the number of changes taken."""
    deadline = time.monotonic() + seconds
    refreshed = 0
    while time.monotonic() < deadline and (count := refresh_topics()):
        refreshed += count
    return refreshed


def replace_topics(case_ids: list[int]) -> None:
    """Write the topics and links of some cases anew.

    In the running transaction.
    """
    earlier = CaseTopics.objects.in_bulk(case_ids)
    cases = counted_cases().filter(pk__in=case_ids)
    fresh = {topics.case_id: topics for topics in read_topics(cases)}
    changed = [topics for pk, topics in fresh.items() if _values(topics) != _values(earlier.get(pk))]
    gone = [topics for pk, topics in earlier.items() if pk not in fresh]
    CaseTopics.objects.bulk_create(
        changed,
        update_conflicts=True,
        unique_fields=["case_id"],
        update_fields=["at", "department_id", "brand_account_id", "visibility", "customer_id", "keys"],
    )
    CaseTopics.objects.filter(pk__in=[topics.pk for topics in gone]).delete()
    before = [earlier[topics.pk] for topics in changed if topics.pk in earlier] + gone
    _forget_words(before, fresh)
    _mark_weeks([*before, *changed])
    _replace_links(case_ids, set(fresh))


def read_topics(cases: QuerySet[Case]) -> Iterable[CaseTopics]:
    """Return the topics of cases as their rows say now. Three statements."""
    rows = list(cases.select_related("identity"))
    texts: dict[int, list[str]] = {row.pk: [] for row in rows}
    messages = Message.objects.filter(
        case__in=texts, direction=Direction.INBOUND, historical=False, deleted_at=None, erased_at=None
    )
    for case_id, text in messages.order_by("network_time", "id").values_list("case_id", "text"):
        texts[case_id].append(text)
    ours = _names_of_people()
    for row in rows:
        names = ours | name_words(row.identity.handle, row.identity.name)
        keys = dict.fromkeys(f"{TAG}{tag}" for tag in row.tags if isinstance(tag, str))
        keys |= dict.fromkeys(f"{WORD}{term}" for text in texts[row.pk] for term in list_terms(text, names))
        yield CaseTopics(
            case_id=row.pk,
            at=row.created_at,
            department_id=row.department_id,
            brand_account_id=row.brand_account_id,
            visibility=row.visibility,
            customer_id=row.customer_id,
            keys=list(keys)[:_MOST_KEYS],
        )


def _names_of_people() -> frozenset[str]:
    """Return the words of our own people's names."""
    names = User.objects.values_list("first_name", "last_name", "username")
    return name_words(*(name for row in names for name in row))


def _values(topics: CaseTopics | None) -> tuple[object, ...] | None:
    if topics is None:
        return None
    owner = (topics.department_id, topics.brand_account_id, topics.visibility, topics.customer_id)
    return (topics.at, *owner, sorted(topics.keys))


def _forget_words(before: list[CaseTopics], fresh: dict[int, CaseTopics]) -> None:
    """Delete what no case says any more: words of an erased customer stay nowhere."""
    lost = {key for old in before for key in old.keys if old.pk not in fresh or key not in fresh[old.pk].keys}
    if not lost:
        return
    with connection.cursor() as cursor:
        cursor.execute(_LOSE, [sorted(lost)])
    for alert in TopicAlert.objects.filter(key__in=lost):
        still = CaseTopics.objects.filter(pk__in=alert.case_ids, keys__contains=[alert.key])
        alert.case_ids = list(still.order_by("pk").values_list("pk", flat=True))
        if alert.case_ids:
            alert.save(update_fields=["case_ids"])
        else:
            alert.delete()


def _mark_weeks(topics: Iterable[CaseTopics]) -> None:
    """Mark the weeks of some cases to be counted again.

    Those that are compared with them, too.
    """
    zone = company_zone()
    days = {each.at.astimezone(zone).date() for each in topics}
    mondays = {day - dt.timedelta(days=day.weekday()) for day in days}
    weeks = {monday + dt.timedelta(weeks=later) for monday in mondays for later in range(WEEKS_BEFORE + 1)}
    TopicWeek.objects.bulk_create(
        [TopicWeek(week=week) for week in sorted(weeks)],
        update_conflicts=True,
        unique_fields=["week"],
        update_fields=["is_stale"],
    )


def _replace_links(case_ids: list[int], counted: set[int]) -> None:
    fresh = {(link.message_id, link.to_identity_id): link for link in find_links(sorted(counted))}
    rows = CustomerLink.objects.filter(case_id__in=case_ids)
    stored = {(link.message_id, link.to_identity_id): link for link in rows}
    stale = [link.pk for key, link in stored.items() if key not in fresh or _link(link) != _link(fresh[key])]
    CustomerLink.objects.filter(pk__in=stale).delete()
    erased = Identity.objects.filter(cases__in=case_ids, remote_id__startswith=ERASED_PREFIX)
    CustomerLink.objects.filter(to_identity_id__in=erased.values("pk")).delete()
    missing = [link for key, link in fresh.items() if key not in stored or stored[key].pk in stale]
    CustomerLink.objects.bulk_create(missing, ignore_conflicts=True)


def _link(link: CustomerLink) -> tuple[object, ...]:
    return link.case_id, link.from_identity_id, link.kind, link.at
