"""A customer deletes a message while it waits for us: the real libraries, the simulated networks."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from inbox.deletions import looking
from inbox.models import Case, CaseEvent, Draft, Message, Reply, ReplyState, Verb
from inbox.replies import outbox, verbs
from tests.factories import UserFactory
from tests.inbox.replies.test_outbox_on_the_wire import connected, poll_all
from tests.inbox.reply_fixtures import shown_composer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
KINDS = [
    ("x", "public"),
    ("x", "direct"),
    ("facebook", "comment"),
    ("facebook", "visitor_post"),
    ("facebook", "direct"),
]


def look(minutes: float = 3) -> None:
    """Do what the periodic task does, `minutes` from now."""
    now = timezone.now() + dt.timedelta(minutes=minutes)
    for brand_account_id in looking.claim_due_accounts(now):
        looking.look_at_waiting_messages(brand_account_id, now=now)


def queue_answer(case: Case, *, at: dt.datetime | None = None) -> Reply:
    now = at or timezone.now() - dt.timedelta(seconds=1)
    agent = UserFactory(departments=[case.department], publishes=[case.brand_account])
    composer = shown_composer(case, agent, timezone.now())
    return verbs.queue_reply(
        case.pk, agent, case.messages.get().pk, "On its way.", composer.composer_id, case.version, now=now
    )


def assert_no_longer_waits(case: Case, text: str) -> None:
    case.refresh_from_db()
    message = Message.objects.get(case=case)
    assert message.deleted_at is not None
    assert message.text == text
    clocks = (case.waiting_since, case.exchange_from, case.next_due_at, case.resolution_from)
    assert clocks == (None, None, None, None)
    assert case.is_open
    event = CaseEvent.objects.get(case=case, verb=Verb.MESSAGE_DELETED)
    assert event.data["message"] == message.pk
    assert event.data["waited_since"]
    agent = UserFactory(departments=[case.department], publishes=[case.brand_account])
    assert "deleted" in shown_composer(case, agent, timezone.now()).disabled


@pytest.mark.parametrize(("network", "kind"), KINDS)
def test_a_deletion_is_noticed_while_it_waits(simulator, company, network, kind):
    brand = connected(simulator, network)
    said = simulator.say("Where is my parcel?", network, kind=kind)
    stays = simulator.say("And where is mine?", network, kind=kind, author="mina")
    poll_all(brand)
    look()
    assert not Message.objects.exclude(deleted_at=None).exists()
    simulator.post(f"/_sim/messages/{said['id']}/delete", {})
    look(6)
    case = Case.objects.get(messages__text="Where is my parcel?")
    assert_no_longer_waits(case, "Where is my parcel?")
    assert Case.objects.get(messages__text=stays["text"]).waiting_since is not None


@pytest.mark.parametrize(("network", "kind"), KINDS)
def test_it_is_noticed_before_an_answer_leaves(simulator, company, network, kind):
    brand = connected(simulator, network)
    said = simulator.say("Where is my parcel?", network, kind=kind)
    poll_all(brand)
    Message.objects.update(received_at=timezone.now() - dt.timedelta(minutes=2))
    case = Case.objects.get()
    reply = queue_answer(case)
    simulator.post(f"/_sim/messages/{said['id']}/delete", {})
    outbox.send_queued_reply(reply.pk)
    reply.refresh_from_db()
    assert (reply.state, reply.attempts) == (ReplyState.FAILED, 1)
    assert "deleted" in reply.error
    assert not simulator.get("/_sim/attempts.json")["attempts"]
    assert Draft.objects.get(case=case, user=reply.author).text.startswith("On its way.")
    assert_no_longer_waits(case, "Where is my parcel?")


def test_a_refusal_tells_of_a_deletion(simulator, company):
    """X refuses the answer to a post that was deleted only a moment ago."""
    brand = connected(simulator, "x")
    said = simulator.say("Where is my parcel?", "x")
    poll_all(brand)
    case = Case.objects.get()
    reply = queue_answer(case)
    simulator.post(f"/_sim/messages/{said['id']}/delete", {})
    outbox.send_queued_reply(reply.pk)
    reply.refresh_from_db()
    assert reply.state == ReplyState.FAILED
    assert len(simulator.get("/_sim/attempts.json")["attempts"]) == 1
    assert_no_longer_waits(case, "Where is my parcel?")


def test_after_an_unclear_refusal_the_next_look_tells(simulator, company):
    """Facebook refuses an answer to a deleted comment in the same words as one to a comment it does not show."""
    brand = connected(simulator, "facebook")
    said = simulator.say("Where is my parcel?", "facebook", kind="comment")
    poll_all(brand)
    case = Case.objects.get()
    reply = queue_answer(case)
    simulator.post(f"/_sim/messages/{said['id']}/delete", {})
    outbox.send_queued_reply(reply.pk)
    reply.refresh_from_db()
    assert reply.state == ReplyState.FAILED
    assert Message.objects.get().deleted_at is None
    look(0)
    assert_no_longer_waits(case, "Where is my parcel?")


def test_an_answer_that_already_waits_is_not_sent(simulator, company):
    brand = connected(simulator, "x")
    said = simulator.say("Where is my parcel?", "x")
    poll_all(brand)
    reply = queue_answer(Case.objects.get())
    simulator.post(f"/_sim/messages/{said['id']}/delete", {})
    look()
    outbox.send_queued_reply(reply.pk)
    reply.refresh_from_db()
    assert (reply.state, reply.attempts) == (ReplyState.FAILED, 0)


@pytest.mark.parametrize("network", ["x", "facebook"])
def test_trouble_of_the_network_is_no_deletion(simulator, company, network):
    brand = connected(simulator, network)
    simulator.say("Where is my parcel?", network)
    poll_all(brand)
    for fault in ("server_error", "missing_permission", "rate_limited", "truncated"):
        simulator.faults(fault=fault, kind="read", times=2)
        look()
        brand.refresh_from_db()
        assert brand.next_look_at is not None
    assert Message.objects.get().deleted_at is None
