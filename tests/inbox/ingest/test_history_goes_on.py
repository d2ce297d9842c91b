"""A case from before the brand account was connected begins anew when its customer goes on with it."""

from __future__ import annotations

import datetime as dt
import importlib

import pytest
from django.db import connection

from inbox.models import Case
from inbox.replies import outcomes
from networks.base import Author, SentMessage
from tests.factories import NOW, ReplyFactory
from tests.inbox.fake_connector import message

pytestmark = pytest.mark.django_db
MINUTE, DAY = dt.timedelta(minutes=1), dt.timedelta(days=1)
#: The brand account was connected, and its history was fetched.
CONNECTED = NOW - 4 * DAY
US = Author("9000", handle="brand", name="Brand", is_self=True)


@pytest.fixture
def history(feed):
    feed.brand_account.connected_at = CONNECTED
    feed.brand_account.save()
    feed.store(said("1", CONNECTED - DAY), now=CONNECTED)
    return feed


def said(remote_id, at, **more):
    return message(remote_id, created_at=at, **{"thread_id": "1", **more})


def answer(remote_id, at, parent):
    return message(
        remote_id, "We will look into it", author=US, parent_id=parent, thread_id="1", created_at=at
    )


def test_it_is_as_old_as_the_message_that_goes_on(history):
    history.store(said("2", NOW - MINUTE))
    case = Case.objects.get()
    assert (case.historical, case.created_at, case.first_response_at) == (False, NOW, None)
    history.store(answer("3", NOW + 4 * MINUTE, "2"), now=NOW + 5 * MINUTE)
    case.refresh_from_db()
    assert (case.created_at, case.first_response_at) == (NOW, NOW + 4 * MINUTE)


def test_an_answer_to_history_is_no_first_response_before_and_after(history):
    history.store(answer("a", NOW - DAY, "1"), now=NOW - DAY)
    assert Case.objects.get().first_response_at is None
    history.store(said("2", NOW - MINUTE))
    history.store(answer("b", NOW - 2 * DAY, "1"))
    case = Case.objects.get()
    assert (case.first_response_at, case.waiting_since) == (None, NOW - MINUTE)


def test_an_answer_of_ours_to_history_is_no_first_response(history):
    reply = ReplyFactory(parent=Case.objects.get().messages.get(), state="queued")
    at = NOW - DAY
    outcomes.record_reply_sent(reply.pk, SentMessage("777"), now=at, sent_at=at)
    assert Case.objects.get().first_response_at is None


def test_history_that_is_fetched_later_ages_nothing(feed):
    feed.store(said("2", NOW - MINUTE))
    feed.store(said("1", feed.brand_account.connected_at - DAY), now=NOW + DAY)
    case = Case.objects.get()
    assert (case.historical, case.created_at) == (False, NOW)


def test_cases_from_before_begin_anew_as_well(history):
    """As they were stored until now: created with their history, and answered there."""
    history.store(said("2", NOW - MINUTE))
    history.store(answer("3", NOW + MINUTE, "2"), now=NOW + MINUTE)
    history.store(message("9", by="2"))
    new = Case.objects.get(messages__canonical_id="9")
    Case.objects.exclude(pk=new.pk).update(created_at=CONNECTED, first_response_at=NOW - DAY)
    migration = importlib.import_module("inbox.migrations.0016_cases_after_history")
    with connection.cursor() as cursor:
        cursor.execute(migration.BEGIN_AFTER_HISTORY)
    case = Case.objects.exclude(pk=new.pk).get()
    assert (case.created_at, case.first_response_at) == (NOW, NOW + MINUTE)
    assert Case.objects.get(pk=new.pk).created_at == new.created_at
