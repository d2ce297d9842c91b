"""Cases that were closed long ago, with words in every place where a person can put some."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.utils import timezone

from config.management.commands.migrate import _grant_to_application
from inbox.models import (
    Approval,
    CaseEvent,
    Custody,
    Decision,
    Draft,
    Notice,
    Quarantined,
    Reminder,
    RetentionSetting,
    RoutingSuggestion,
    Verb,
)
from postgres.history import open_history
from routing.models import RoutingExample
from tests.factories import CaseFactory, MessageFactory, ReplyFactory, StreamFactory, UserFactory

ROLE = "horseshoe_owning_nothing"
#: Stands in every text, so that one that was forgotten is found.
SECRET = "Heliotrope"
DAY = dt.timedelta(days=1)


@pytest.fixture
def owning_nothing(db):
    """From here on, statements run as the role of the application."""
    _grant_to_application(ROLE, "secret")
    with connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {ROLE}")
        yield
        cursor.execute("RESET ROLE")


def keep_for(days, *, since=2 * DAY):
    """Set how long texts are kept, as of some time ago."""
    setting = RetentionSetting.objects.create(days=days, set_by=UserFactory())
    with open_history():
        RetentionSetting.objects.filter(pk=setting.pk).update(set_at=timezone.now() - since)
    return setting


def closed_case(days_ago=100, **fields):
    """A case that was resolved some days ago, with a message of its customer."""
    at = timezone.now() - days_ago * DAY
    opened = at - DAY
    case = CaseFactory(created_at=opened, status="resolved", closed_at=at, waiting_since=None, **fields)
    MessageFactory(case=case)
    return case


def talkative_case(days_ago=100):
    """A closed case in which the secret stands wherever a person can write something."""
    case = closed_case(days_ago, preview=SECRET, hint=f"{SECRET}?")
    identity, at, ann = case.identity, case.created_at, UserFactory()
    identity.name = identity.handle = identity.avatar_url = identity.customer.name = SECRET
    identity.customer.tags = [SECRET]
    identity.save()
    identity.customer.save()
    message = case.messages.get()
    message.text = message.permalink = SECRET
    message.history = message.attachments = [{"text": SECRET}]
    message.raw = message.reply_ref = {"text": SECRET}
    message.save()
    reply = ReplyFactory(
        parent=message, state="failed", author=ann, text=SECRET, error_detail=SECRET, created_at=at
    )
    Approval.objects.create(
        reply=reply,
        state="changes",
        reasons=[SECRET],
        words=SECRET,
        asked_text=SECRET,
        asked_at=at,
        text_by=ann,
    )
    CaseEvent.objects.create(
        case=case, at=at, verb=Verb.NOTED, actor=ann, data={"text": SECRET, "version": 2}
    )
    data = {
        "from": "Service",
        "to": "Billing",
        "reason": SECRET,
        "clocks": [{"clock": "resolution", "met": True}],
    }
    CaseEvent.objects.create(case=case, at=at, verb=Verb.HANDED_OVER, actor=ann, data=data)
    trace = {"facts": {"customer_tags": [SECRET]}, "decided": {"department": "service"}}
    Decision.objects.create(
        message=message, case=case, department=case.department, decided_by="rule", version=1,
        reasons=[SECRET], trace=trace, at=at,
    )  # fmt: skip
    with open_history():
        Custody.objects.filter(case=case).update(reason=SECRET)
    RoutingSuggestion.objects.create(
        case=case, department=case.department, probability=0.6, words=[SECRET], version=1, at=at
    )
    Draft.objects.create(case=case, user=ann, text=SECRET, updated_at=at)
    Notice.objects.create(user=ann, case=case, kind="assigned", text=SECRET, key="1", at=at)
    Reminder.objects.create(user=ann, case=case, note=SECRET, due_at=at, created_at=at, told_at=at)
    RoutingExample.objects.create(
        text=SECRET, department="service", source="handed_over", case_id=case.pk, digest="1", at=at
    )
    stream = StreamFactory(brand_account=case.brand_account)
    Quarantined.objects.create(
        brand_account=case.brand_account,
        stream=stream,
        raw=SECRET.encode(),
        digest="1",
        error=SECRET,
        first_seen_at=at,
    )
    return case, reply


def tables_with(word):
    """Return the names of all tables in which a word stands, in any column."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(
                f"SELECT count(*) FROM {table} AS t WHERE t::text ILIKE %s OR t::text ILIKE %s",
                [f"%{word}%", f"%{word.encode().hex()}%"],
            )
            if cursor.fetchone()[0]:
                found.append(table)
    return found
