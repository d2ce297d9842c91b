import datetime as dt

import pytest

from inbox.case_page.event_lines import event_line
from inbox.models import Case, CaseEvent, Draft, Message, Reply, ReplyState, Status, Verb
from inbox.replies import outcomes
from networks.base import Author, SentMessage
from tests.factories import NOW, ReplyFactory, UserFactory
from tests.inbox.fake_connector import message

pytestmark = pytest.mark.django_db
US = Author("9000", handle="brand", is_self=True)


def ours(remote_id, text, *, minute=0, **about):
    return message(remote_id, text, author=US, minute=minute, **about)


def sending(feed, text="We are sorry. ^AT", state=ReplyState.SENDING, **about):
    parent = Message.objects.get(canonical_id="1")
    return ReplyFactory(
        parent=parent, text=text, state=state, created_at=NOW - dt.timedelta(seconds=50), **about
    )


def test_our_own_post_never_becomes_a_case(feed):
    outcome = feed.store(ours("77", "Our new shop is open!"))
    assert (outcome.echoes, outcome.stored) == (1, 0)
    assert not Case.objects.exists()
    assert not Message.objects.exists()


def test_own_means_by_id_even_when_the_connector_does_not_say_so(feed):
    assert feed.store(message("77", author=Author("9000"))).echoes == 1
    assert not Case.objects.exists()


def test_an_edit_of_ours_is_not_called_the_customers(feed):
    feed.store(message("1", minute=5))
    feed.store(ours("2", "We will look", parent_id="1", thread_id="1", minute=2))
    feed.store(ours("2", "We will look into it", parent_id="1", thread_id="1", minute=2))
    event = CaseEvent.objects.get(verb=Verb.MESSAGE_EDITED)
    assert event_line(event) == "Our message was edited in the network’s own app"


def test_a_native_answer_is_counted(feed):
    feed.store(message("1", minute=5))
    outcome = feed.store(ours("2", "We will look into it", parent_id="1", thread_id="1", minute=2))
    case = Case.objects.get()
    answered_at = NOW - dt.timedelta(minutes=2)
    assert (outcome.echoes, outcome.stored) == (1, 1)
    stored = Message.objects.get(canonical_id="2")
    assert (stored.direction, stored.user, stored.identity, stored.case) == ("out", None, None, case)
    assert (case.status, case.waiting_since, case.last_outbound_at) == (Status.WAITING, None, answered_at)
    assert case.first_response_at == answered_at  # though the case reached us later
    event = CaseEvent.objects.get(verb=Verb.ANSWERED_NATIVELY)
    assert event.data["message"] == stored.pk


def test_a_native_answer_in_the_page_of_its_question(feed):
    feed.store(ours("2", "Hello", parent_id="1", thread_id="1"), message("1"))
    assert Case.objects.get().message_count == 2


def test_an_answer_older_than_the_customers_last_word_leaves_the_case_waiting(feed):
    feed.store(message("1", minute=10), message("3", "And?", minute=1))
    feed.store(ours("2", "Hello", parent_id="1", thread_id="1", minute=5))
    case = Case.objects.get()
    assert (case.status, case.last_outbound_at) == (Status.OPEN, NOW - dt.timedelta(minutes=5))
    assert case.waiting_since == NOW - dt.timedelta(minutes=1)


def test_an_answer_to_our_own_answer_belongs_to_the_case(feed):
    feed.store(message("1", minute=9))
    feed.store(ours("2", "First part", parent_id="1", thread_id="1", minute=2))
    feed.store(ours("3", "Second part", parent_id="2", thread_id="1", minute=1))
    assert Case.objects.get().message_count == 3


def test_where_two_customers_talk_an_answer_without_parent_belongs_to_nobody(feed):
    feed.store(message("1", by="1"), message("2", by="2", thread_id="1", parent_id="1"))
    outcome = feed.store(ours("3", "Thank you both", thread_id="1"))
    assert (outcome.echoes, outcome.stored) == (1, 0)


def test_an_echo_before_the_answer_of_the_network_settles_the_reply(feed):
    feed.store(message("1", minute=5))
    reply = sending(feed, "See https://example.org/help/1 please. ^AT")
    feed.store(ours("2", "@user1001 See https://t.co/x1 please. ^AT", parent_id="1", thread_id="1"))

    reply.refresh_from_db()
    assert (reply.state, reply.remote_id, reply.sent_at) == (ReplyState.SENT, "2", NOW)
    stored = Message.objects.get(canonical_id="2")
    assert stored.user == reply.author
    event = CaseEvent.objects.get(verb=Verb.ANSWERED)
    assert (event.actor, event.data["reply"], event.data["message"]) == (reply.author, reply.pk, stored.pk)
    assert not outcomes.record_reply_sent(
        reply.pk, SentMessage("2"), now=NOW, sent_at=NOW, lease=reply.lease_token
    )
    assert Message.objects.filter(direction="out").count() == 1


def test_an_echo_settles_an_unconfirmed_reply_in_a_direct_conversation(feed):
    about = {"visibility": "direct", "thread_id": "dm-1", "stream": "direct"}
    feed.store(message("1", minute=5, **about))
    reply = sending(feed, state=ReplyState.UNCONFIRMED, needs_person=True, visibility="direct")
    feed.store(ours("2", reply.text, **about))
    reply.refresh_from_db()
    assert (reply.state, reply.needs_person, reply.check_after) == (ReplyState.SENT, False, None)


@pytest.mark.parametrize(
    ("changes", "about"),
    [
        ({"text": "Something else"}, {}),
        ({"state": ReplyState.FAILED}, {}),
        ({"state": ReplyState.QUEUED}, {}),
        ({}, {"minute": 60}),
        ({"remote_id": "900"}, {}),
    ],
)
def test_what_is_not_our_reply_is_a_native_answer(feed, changes, about):
    feed.store(message("1", minute=90))
    reply = sending(feed, **changes)
    feed.store(ours("2", "We are sorry. ^AT", parent_id="1", thread_id="1", **about))
    assert Message.objects.get(canonical_id="2").user is None
    assert Reply.objects.get(pk=reply.pk).state == reply.state


def test_one_echo_settles_one_reply(feed):
    feed.store(message("1", minute=5), message("5", by="2", minute=5, thread_id="1", parent_id="1"))
    first = sending(feed)
    second = ReplyFactory(
        parent=Message.objects.get(canonical_id="5"),
        text=first.text,
        state=ReplyState.SENDING,
        created_at=first.created_at,
        author=UserFactory(),
    )
    feed.store(ours("2", first.text, parent_id="5", thread_id="1"))
    states = dict(Reply.objects.values_list("pk", "state"))
    assert states == {first.pk: ReplyState.SENDING, second.pk: ReplyState.SENT}


def test_an_echo_of_what_is_sent_already_is_a_duplicate(feed):
    feed.store(message("1", minute=5))
    reply = sending(feed, state=ReplyState.SENDING)
    Reply.objects.filter(pk=reply.pk).update(lease_token="00000000-0000-0000-0000-000000000001")
    outcomes.record_reply_sent(
        reply.pk, SentMessage("2"), now=NOW, sent_at=NOW, lease="00000000-0000-0000-0000-000000000001"
    )
    outcome = feed.store(ours("2", reply.text, parent_id="1", thread_id="1"))
    assert (outcome.duplicates, outcome.stored) == (1, 0)


def test_an_answer_that_comes_back_with_handles_and_links_of_the_network_is_no_edit(feed):
    feed.store(message("1", minute=9))
    feed.store(
        ours("2", "Terms & help: https://example.org/help ^AT", parent_id="1", thread_id="1", minute=2)
    )

    back = "@customer1 @friend Terms &amp; help: https://t.co/abc ^AT"
    outcome = feed.store(ours("2", back, parent_id="1", thread_id="1", minute=2))

    assert (outcome.updated, outcome.duplicates) == (0, 1)
    assert Message.objects.get(canonical_id="2").text.startswith("Terms")
    assert not CaseEvent.objects.filter(verb=Verb.MESSAGE_EDITED).exists()


def test_an_answer_of_ours_that_was_changed_in_the_networks_own_app_is_an_edit(feed):
    feed.store(message("1", minute=9))
    feed.store(ours("2", "It leaves today", parent_id="1", thread_id="1", minute=2))

    assert feed.store(ours("2", "It leaves tomorrow", parent_id="1", thread_id="1", minute=2)).updated == 1


@pytest.mark.parametrize("state", [ReplyState.FAILED, ReplyState.QUEUED, ReplyState.UNCONFIRMED])
def test_an_echo_settles_what_an_earlier_attempt_may_have_published(feed, state):
    """Whatever became of a later attempt: refused, given up, or about to be made."""
    feed.store(message("1", minute=5))
    reply = sending(feed, state=state, outcome_unknown=True)
    Case.objects.update(unsent="failed", unsent_since=NOW)
    Draft.objects.create(case=reply.case, user=reply.author, text=reply.text, updated_at=NOW)
    feed.store(ours("2", reply.text, parent_id="1", thread_id="1"))
    reply.refresh_from_db()
    assert (reply.state, reply.remote_id) == (ReplyState.SENT, "2")
    assert Message.objects.get(canonical_id="2").user == reply.author
    assert CaseEvent.objects.filter(verb=Verb.ANSWERED).count() == 1
    assert not Draft.objects.exists()
    assert (Case.objects.get().unsent, Case.objects.get().unsent_since) == ("", None)


def test_an_echo_does_not_settle_what_was_certainly_not_published(feed):
    feed.store(message("1", minute=5))
    reply = sending(feed, state=ReplyState.FAILED)
    feed.store(ours("2", reply.text, parent_id="1", thread_id="1"))
    reply.refresh_from_db()
    assert (reply.state, reply.remote_id) == (ReplyState.FAILED, "")


def test_an_answer_in_the_networks_own_app_takes_the_mark_of_a_failed_one_away(feed):
    feed.store(message("1", minute=5))
    Case.objects.update(unsent="failed", unsent_since=NOW)
    feed.store(ours("2", "By hand.", parent_id="1", thread_id="1"))
    assert Case.objects.get().unsent == ""


def test_the_mark_stays_while_another_answer_of_the_case_needs_a_person(feed):
    feed.store(message("1", minute=6), message("3", "And?", parent_id="1", thread_id="1", minute=5))
    found = sending(feed, state=ReplyState.UNCONFIRMED, needs_person=True, outcome_unknown=True)
    ReplyFactory(
        parent=Message.objects.get(canonical_id="3"), text="Another. ^AT", state=ReplyState.UNCONFIRMED,
        needs_person=True, outcome_unknown=True, created_at=NOW - dt.timedelta(seconds=50),
    )  # fmt: skip
    Case.objects.update(unsent="unconfirmed", unsent_since=NOW)
    feed.store(ours("2", found.text, parent_id="1", thread_id="1"))
    assert Case.objects.get().unsent == "unconfirmed"
