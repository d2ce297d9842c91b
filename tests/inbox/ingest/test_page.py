import dataclasses
import datetime as dt
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Stream
from inbox.case_page.event_lines import event_line
from inbox.ingest.page import LeaseLost, store_page
from inbox.models import (
    Case,
    CaseEvent,
    Custody,
    Customer,
    Decision,
    Direction,
    Identity,
    Message,
    Status,
    Verb,
)
from networks.base import Author, Budget
from tests.factories import NOW, BrandAccountFactory, DepartmentFactory
from tests.inbox.fake_connector import message, page
from tests.inbox.leased_streams import leased_stream

pytestmark = pytest.mark.django_db


def verbs(case):
    return list(CaseEvent.objects.filter(case=case).order_by("id").values_list("verb", flat=True))


def test_a_message_becomes_a_case_in_a_department_with_a_reason(feed):
    feed.store(message("1", "I want a refund"))

    case = Case.objects.get()
    assert case.department == feed.departments["billing"]
    assert (case.status, case.version, case.message_count) == (Status.NEW, 1, 1)
    assert (case.priority, case.tags, case.preview) == (1, ["money"], "I want a refund")
    assert case.activity_at == case.opened_at == case.waiting_since == NOW - dt.timedelta(minutes=1)
    assert case.created_at == NOW
    stored = Message.objects.get()
    assert (stored.direction, stored.language, stored.raw["id"]) == (Direction.INBOUND, "en", "1")
    decision = Decision.objects.get(message=stored)
    assert (decision.decided_by, decision.rule_name, decision.version) == ("rule", "Refunds", 1)
    assert "refund" in decision.reasons[0]
    assert verbs(case) == [Verb.OPENED, Verb.ROUTED]
    custody = Custody.objects.get()
    assert (custody.case, custody.department, custody.sent_at, custody.left_at) == (
        case,
        case.department,
        case.created_at,
        None,
    )
    assert Identity.objects.get().customer.name == "User 1001"


def test_a_page_stored_twice_changes_nothing(feed):
    messages = [message(str(n), by=str(n % 3)) for n in range(9)]
    assert feed.store(*messages).stored == 9
    before = list(Case.objects.order_by("id").values()), CaseEvent.objects.count()

    outcome = feed.store(*messages)

    assert (outcome.stored, outcome.duplicates) == (0, 9)
    assert (list(Case.objects.order_by("id").values()), CaseEvent.objects.count()) == before
    assert Message.objects.count() == 9


def test_the_same_message_twice_in_a_page_is_stored_once(feed):
    outcome = feed.store(message("1"), message("1"), message("2", by="2"))
    assert (outcome.stored, outcome.duplicates) == (2, 1)


def test_the_same_message_in_another_stream_is_a_duplicate(feed):
    feed.store(message("1"))
    other = leased_stream(brand_account=feed.brand_account, kind="comments")
    outcome = feed.store(message("1", stream="comments"), stream=other)
    assert (outcome.stored, outcome.duplicates) == (0, 1)


def test_the_cursor_is_saved_with_the_page(feed):
    feed.store(message("1"), cursor="77", budget=Budget(limit=300, remaining=12))
    stream = Stream.objects.get()
    assert stream.cursor == {"since": "77"}
    assert stream.budget == {"limit": 300, "remaining": 12}


def test_a_page_whose_lease_was_taken_over_stores_nothing(feed):
    with pytest.raises(LeaseLost):
        store_page(feed.stream, uuid.uuid4(), page([message("1")], cursor="77"), NOW)
    assert not Message.objects.exists()
    assert Stream.objects.get().cursor == {}


def test_an_overflowed_window_is_kept(feed):
    feed.store(message("1"), overflowed=True)
    feed.store(message("2"))
    assert Stream.objects.get().overflowed_at == NOW


def test_a_second_message_joins_and_says_so(feed):
    feed.store(message("1", "A refund, please"))
    feed.store(message("2", "Anybody there?", minute=0))

    case = Case.objects.get()
    assert (case.message_count, case.version, case.preview) == (2, 2, "Anybody there?")
    assert case.activity_at == NOW
    assert case.waiting_since == NOW - dt.timedelta(minutes=1)
    decision = Decision.objects.order_by("id").last()
    assert decision.decided_by == "thread"
    assert decision.reasons == ["Added to this open case."]
    assert decision.department == feed.departments["billing"]


def test_messages_of_one_page_join_each_other(feed):
    feed.store(message("2", "Hello?", minute=1), message("1", "A refund, please", minute=5))
    case = Case.objects.get()
    assert (case.message_count, case.version, case.preview) == (2, 1, "Hello?")
    assert case.department == feed.departments["billing"]
    assert case.opened_at == NOW - dt.timedelta(minutes=5)


def test_a_customers_message_ends_our_waiting(feed):
    feed.store(message("1"))
    Case.objects.update(
        status=Status.WAITING, waiting_since=None, last_outbound_at=NOW - dt.timedelta(seconds=30)
    )
    feed.store(message("2", minute=0))
    case = Case.objects.get()
    assert (case.status, case.waiting_since) == (Status.OPEN, NOW)


def test_a_late_message_from_before_our_answer_does_not_wait(feed):
    feed.store(message("1", minute=60))
    Case.objects.update(status=Status.WAITING, waiting_since=None, last_outbound_at=NOW)
    feed.store(message("2", minute=30))
    case = Case.objects.get()
    assert (case.status, case.waiting_since, case.message_count) == (Status.WAITING, None, 2)


def test_thanks_need_no_answer(feed):
    feed.store(message("1", "thanks a lot"))
    case = Case.objects.get()
    assert (case.needs_answer, case.waiting_since) == (False, None)
    assert Message.objects.get().needs_answer is False
    feed.store(message("2", "but where is my parcel?", minute=0))
    case.refresh_from_db()
    assert (case.needs_answer, case.waiting_since) == (True, NOW)


def test_a_recently_closed_case_reopens_in_the_same_custody(feed):
    feed.store(message("1", minute=120))
    closed_at = NOW - dt.timedelta(minutes=60)
    Case.objects.update(status=Status.RESOLVED, closed_at=closed_at)
    Custody.objects.update(left_at=closed_at)

    feed.store(message("2", minute=0))

    case = Case.objects.get()
    assert (case.status, case.closed_at, case.reopen_count) == (Status.OPEN, None, 1)
    assert Custody.objects.get().left_at is None
    event = CaseEvent.objects.get(verb=Verb.REOPENED)
    assert event.data["from"] == "Resolved"
    assert event.data["version"] == case.version == 2


def test_history_before_connecting_is_marked(feed):
    old = feed.brand_account.connected_at - dt.timedelta(days=3)
    feed.store(message("1", created_at=old))
    case = Case.objects.get()
    assert case.historical
    assert case.waiting_since is None
    assert Message.objects.get().historical
    assert Decision.objects.exists()


def test_an_edit_keeps_the_earlier_text(feed):
    feed.store(message("1", "one"))
    edited_at = NOW
    outcome = feed.store(message("5", "two", canonical_id="1", edited_at=edited_at))
    stored = Message.objects.get()
    assert (outcome.updated, outcome.stored) == (1, 0)
    assert (stored.text, stored.remote_id, stored.edited_at) == ("two", "5", edited_at)
    assert [one["text"] for one in stored.history] == ["one"]
    case = Case.objects.get()
    assert (case.preview, case.version) == ("two", 2)
    assert verbs(case)[-1] == Verb.MESSAGE_EDITED


def test_an_older_version_arriving_late_changes_nothing(feed):
    feed.store(message("5", "two", canonical_id="1", edited_at=NOW))
    assert feed.store(message("1", "one")).duplicates == 1
    assert Message.objects.get().text == "two"


def test_of_two_versions_in_a_page_the_newer_wins(feed):
    newer = message("5", "two", canonical_id="1", edited_at=NOW)
    feed.store(newer, message("1", "one"))
    assert Message.objects.get().text == "two"
    feed.store(message("8", "one", by="2"), dataclasses.replace(newer, remote_id="9", canonical_id="8"))
    assert Message.objects.get(canonical_id="8").text == "two"


def test_an_edit_without_a_new_id_is_seen_by_its_text(feed):
    feed.store(message("1", "one"))
    assert feed.store(message("1", "two")).updated == 1
    assert Message.objects.get().edited_at == NOW


def test_a_deletion_leaves_a_tombstone(feed):
    feed.store(message("1", "please delete me"))
    feed.store(message("1", "", deleted=True))
    stored = Message.objects.get()
    assert (stored.deleted_at, stored.text, stored.history) == (NOW, "please delete me", [])
    assert verbs(Case.objects.get())[-1] == Verb.MESSAGE_DELETED
    assert feed.store(message("1", "please delete me")).duplicates == 1
    assert Message.objects.get().deleted_at == NOW


@pytest.mark.parametrize(
    ("later", "text", "verb", "line"),
    [
        (
            message("5", "It leaks and it burned me! What now?", canonical_id="1", edited_at=NOW, minute=9),
            "It leaks and it burned me! What now?", Verb.MESSAGE_EDITED, "The customer edited a message after our answer",
        ),
        (
            message("1", "", deleted=True, minute=9),
            "Does it leak?", Verb.MESSAGE_DELETED, "A message was deleted on the network after our answer",
        ),
    ],
    ids=["edited", "deleted"],
)  # fmt: skip
@pytest.mark.parametrize("resolved", [False, True])
def test_what_changes_after_our_answer_is_marked_and_makes_nobody_wait(
    feed, later, text, verb, line, resolved
):
    """Our answer stands below it; whoever reads the case sees what was changed, and when."""
    feed.store(message("1", "Does it leak?", minute=9))
    us = Author("9000", handle="brand", name="Brand", is_self=True)
    feed.store(message("2", "No, it does not.", author=us, parent_id="1", thread_id="1", minute=4))
    if resolved:
        Case.objects.update(status=Status.RESOLVED, closed_at=NOW)
    before = Case.objects.values("status", "waiting_since", "closed_at", "first_response_at").get()
    feed.store(later)
    assert Case.objects.values("status", "waiting_since", "closed_at", "first_response_at").get() == before
    stored = Message.objects.get(canonical_id="1")
    assert (stored.text, bool(stored.deleted_at), bool(stored.edited_at)) == (
        text, verb == Verb.MESSAGE_DELETED, verb == Verb.MESSAGE_EDITED,
    )  # fmt: skip
    assert event_line(CaseEvent.objects.get(verb=verb)) == line


def test_a_message_deleted_before_we_saw_it_is_ignored(feed):
    outcome = feed.store(message("1", "", deleted=True))
    assert (outcome.ignored, outcome.stored) == (1, 0)
    assert not Customer.objects.exists()


def test_hiding_is_noted_without_an_event(feed):
    feed.store(message("1"))
    assert feed.store(message("1", hidden=True)).updated == 1
    assert Message.objects.get().hidden
    assert len(verbs(Case.objects.get())) == 2


def test_withheld_authors_are_different_people(feed):
    nobody = Author(remote_id="")
    feed.store(message("1", author=nobody), message("2", author=nobody))
    assert set(Identity.objects.values_list("remote_id", flat=True)) == {"unknown:1", "unknown:2"}
    assert Case.objects.count() == 2


def test_a_withheld_author_of_a_direct_conversation_is_one_person(feed):
    nobody, about = Author(remote_id=""), {"visibility": "direct", "thread_id": "dm-1"}
    feed.store(message("1", author=nobody, **about), message("2", author=nobody, **about))
    assert Case.objects.count() == 1


def test_a_name_is_refreshed_and_never_emptied(feed):
    feed.store(message("1", author=Author("7", handle="old", name="Old", followers=5)))
    feed.store(message("2", author=Author("7", handle="new")))
    identity = Identity.objects.get()
    assert (identity.handle, identity.name, identity.followers) == ("new", "Old", 5)


def test_a_customer_keeps_the_identity_on_another_brand_account(feed):
    feed.store(message("1"))
    other = leased_stream(brand_account=BrandAccountFactory())
    feed.store(message("1"), stream=other)
    assert (Identity.objects.count(), Customer.objects.count(), Case.objects.count()) == (1, 1, 2)


def test_a_closed_department_gets_no_new_case(feed):
    billing = feed.departments["billing"]
    billing.is_open = False
    billing.save()
    feed.store(message("1", "a refund"))
    assert Case.objects.get().department == feed.departments["service"]
    assert "takes no cases now" in Decision.objects.get().reasons[-1]


def test_the_future_does_not_stay_on_top(feed):
    feed.store(message("1", created_at=NOW.replace(year=2099)))
    assert Case.objects.get().activity_at == NOW


def test_a_page_costs_as_many_statements_for_one_message_as_for_a_hundred(feed):
    feed.store(message("0"))

    def count(*messages):
        with CaptureQueriesContext(connection) as captured:
            feed.store(*messages)
        return len(captured)

    few = count(message("a"))
    many = count(*(message(f"b{n}", by=str(1000 + n % 70)) for n in range(100)))
    assert few == many
    mixed = count(
        *(message(f"c{n}", by=str(n)) for n in range(40)),
        message("0", "edited"),
        message("own", author=Author("9000", is_self=True), parent_id="a", thread_id="a"),
    )
    assert mixed <= 12


def test_open_pages_hear_of_it_on_commit(feed, django_capture_on_commit_callbacks, monkeypatch):
    heard = []
    monkeypatch.setattr("inbox.live.publish.publish_cases", heard.append)
    with django_capture_on_commit_callbacks(execute=True):
        feed.store(message("1"))
    case = Case.objects.get()
    assert [(one.case_id, one.department_id, one.visibility) for one in heard[0]] == [
        (case.pk, case.department_id, "public")
    ]


def test_nothing_is_stored_without_rules(db):
    from routing.refusals import RuleSetError

    DepartmentFactory()
    stream = leased_stream()
    with pytest.raises(RuleSetError):
        store_page(stream, stream.lease_token, page([message("1")]), NOW)
    assert Stream.objects.get().cursor == {}
