"""Turns of the brand accounts and pauses in sending: an account whose network hangs is alone with it."""

from __future__ import annotations

import datetime as dt
import threading
import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.credentials.store import store_credential
from accounts.models import BrandAccount, Role, SendingTurn
from inbox.models import Reply, ReplyState
from inbox.replies import account_turns, outbox, pauses
from inbox.replies.account_turns import work_off_brand_account
from inbox.tasks import send_due_replies, send_replies_of_brand_account
from networks import registry, transport
from networks.base import AmbiguousSend, Rejected, RetryLater
from tests.factories import NOW, BrandAccountFactory, CaseFactory, MessageFactory, ReplyFactory, UserFactory
from tests.inbox.fake_network import FakeNetwork
from tests.inbox.replies.test_races import at_once
from tests.inbox.reply_fixtures import *  # noqa: F403

SECONDS = dt.timedelta(seconds=1)


def answers(brand, service, author, count, **fields):
    return [
        ReplyFactory(
            parent=MessageFactory(case=CaseFactory(brand_account=brand, department=service)),
            author=author,
            send_after=NOW + number * dt.timedelta(milliseconds=1),
            **fields,
        )
        for number in range(count)
    ]


def states(replies):
    return [Reply.objects.get(pk=reply.pk).state for reply in replies]


class HangingNetwork(FakeNetwork):
    """Keeps every writer waiting for 20 seconds of `clock`, then gives no answer; and every reader if `reads_hang`."""

    def __init__(self, clock) -> None:
        super().__init__()
        self.clock, self.hangs, self.reads_hang = clock, True, False

    def send(self, credentials, ref, text, key):
        if self.hangs:
            self.sends += 1
            self.clock.forward(seconds=20)
            raise AmbiguousSend("No answer came.", code="no_answer")
        return super().send(credentials, ref, text, key)

    def look(self, ref, text):
        self.looks += 1
        if self.reads_hang:
            self.clock.forward(seconds=20)
            raise RetryLater("No answer came.", code="no_answer")
        return super().look(ref, text)


@pytest.fixture
def hanging(monkeypatch, clock):
    fake = HangingNetwork(clock)
    monkeypatch.setitem(registry.CONNECTORS, "x", fake.connector("x"))
    return fake


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_answers_of_one_account_leave_one_at_a_time_and_in_their_order(brand, service, agent, network):
    replies = answers(brand, service, agent, 6, created_at=timezone.now())
    network.pause = 0.05
    active, most, gate = 0, 0, threading.Lock()
    send = network.send

    def counted(*arguments):
        nonlocal active, most
        with gate:
            active += 1
            most = max(most, active)
        try:
            return send(*arguments)
        finally:
            with gate:
                active -= 1

    network.send = counted
    assert at_once(*[lambda: work_off_brand_account(brand.pk)] * 4) == [None] * 4
    assert most == 1
    assert states(replies) == [ReplyState.SENT] * 6
    assert [ref for _, ref, _, _ in network.published] == [reply.parent.reply_ref for reply in replies]


@pytest.mark.django_db
def test_the_turn_of_a_worker_that_died_goes_to_the_next_when_its_lease_is_over(
    brand, service, agent, network, clock
):
    replies = answers(brand, service, agent, 2)
    clock.forward(seconds=1)
    turns = account_turns.SendingTurn.objects
    turns.create(
        brand_account=brand, lease_token=uuid.uuid4(), lease_until=clock.at + account_turns.TURN_LEASE
    )
    work_off_brand_account(brand.pk, clock=clock)
    assert network.sends == 0
    clock.at += account_turns.TURN_LEASE
    work_off_brand_account(brand.pk, clock=clock)
    assert states(replies) == [ReplyState.SENT] * 2
    assert turns.get().lease_until == clock.at


@pytest.mark.django_db
def test_a_worker_that_lost_its_turn_starts_nothing_more(brand, service, agent, network, clock):
    replies = answers(brand, service, agent, 3)
    clock.forward(seconds=1)
    send = network.send

    def lose_the_turn(*arguments):
        account_turns.SendingTurn.objects.update(lease_token=uuid.uuid4())
        return send(*arguments)

    network.send = lose_the_turn
    work_off_brand_account(brand.pk, clock=clock)
    assert states(replies) == [ReplyState.SENT, ReplyState.QUEUED, ReplyState.QUEUED]


@pytest.mark.django_db
def test_a_tick_wakes_one_task_for_each_account_with_something_due(brand, service, agent, monkeypatch):
    other = BrandAccountFactory(network="x")
    answers(brand, service, agent, 3)
    answers(other, service, agent, 2, state=ReplyState.UNCONFIRMED, check_after=NOW - SECONDS)
    idle = BrandAccountFactory(
        network="x", sending_timeouts=3, sending_paused_until=NOW + 10_000_000 * SECONDS
    )
    answers(idle, service, agent, 2)
    woken = []
    monkeypatch.setattr(send_replies_of_brand_account, "apply_async", lambda ids, **_: woken.append(ids[0]))
    send_due_replies()
    assert woken == [other.pk, brand.pk]


@pytest.mark.django_db
class TestPauses:
    @pytest.mark.slow
    def test_twelve_hanging_answers_cost_two_attempts_and_then_one_each_pause(
        self, brand, service, agent, hanging, clock
    ):
        replies = answers(brand, service, agent, 12)
        hanging.blind = True
        work_off_brand_account(brand.pk, clock=clock)
        assert hanging.sends == 2
        assert states(replies) == [ReplyState.UNCONFIRMED] * 2 + [ReplyState.QUEUED] * 10
        brand.refresh_from_db()
        assert brand.sending_timeouts == 2
        assert brand.sending_paused_until == clock.at + pauses.FIRST_PAUSE
        assert outbox.due_reply_ids(clock.at) == []
        pauses_seen = []
        for _ in range(7):
            brand.refresh_from_db()
            clock.at = brand.sending_paused_until
            work_off_brand_account(brand.pk, clock=clock)
            brand.refresh_from_db()
            pauses_seen.append(brand.sending_paused_until - clock.at)
        assert hanging.sends == 9
        assert pauses_seen == [s * SECONDS for s in (60, 120, 240, 480, 600, 600, 600)]

    def test_a_pause_ends_with_the_first_answer_that_the_network_takes(
        self, brand, service, agent, hanging, clock
    ):
        replies = answers(brand, service, agent, 5)
        work_off_brand_account(brand.pk, clock=clock)
        hanging.hangs = False
        brand.refresh_from_db()
        clock.at = brand.sending_paused_until
        work_off_brand_account(brand.pk, clock=clock)
        assert states(replies)[2:] == [ReplyState.SENT] * 3
        brand.refresh_from_db()
        assert (brand.sending_timeouts, brand.sending_paused_until) == (0, None)

    def test_a_refusal_is_an_answer_too(self, brand, service, agent, hanging, clock):
        answers(brand, service, agent, 1)
        work_off_brand_account(brand.pk, clock=clock)
        brand.refresh_from_db()
        assert (brand.sending_timeouts, brand.sending_paused_until) == (1, None)
        started = clock.at
        pauses.record_send_attempt(
            brand, Rejected("Too rude."), started=started, now=clock.forward(seconds=20)
        )
        brand.refresh_from_db()
        assert (brand.sending_timeouts, brand.sending_paused_until) == (0, None)

    def test_a_connection_that_breaks_at_once_pauses_nothing(self, brand, service, agent, network, clock):
        replies = answers(brand, service, agent, 4)
        network.fates = ["refused_cut"] * 3
        clock.forward(seconds=1)
        work_off_brand_account(brand.pk, clock=clock)
        assert states(replies) == [ReplyState.UNCONFIRMED] * 3 + [ReplyState.SENT]
        brand.refresh_from_db()
        assert brand.sending_timeouts == 0

    def test_looking_goes_on_while_sending_pauses_and_does_not_end_the_pause(
        self, brand, service, agent, hanging, clock
    ):
        first, *_ = answers(brand, service, agent, 3)
        work_off_brand_account(brand.pk, clock=clock)
        brand.refresh_from_db()
        until = brand.sending_paused_until
        clock.forward(seconds=4)
        assert clock.at < until
        assert outbox.brand_accounts_with_due_replies(clock.at) == [brand.pk]
        work_off_brand_account(brand.pk, clock=clock)
        assert Reply.objects.get(pk=first.pk).checks == 1
        brand.refresh_from_db()
        assert (brand.sending_timeouts, brand.sending_paused_until) == (2, until)

    def test_a_check_that_hangs_counts_like_an_answer_that_hangs(self, brand, service, agent, hanging, clock):
        hanging.reads_hang = True
        answers(brand, service, agent, 1)
        work_off_brand_account(brand.pk, clock=clock)
        clock.forward(seconds=4)
        work_off_brand_account(brand.pk, clock=clock)
        brand.refresh_from_db()
        assert brand.sending_timeouts >= 2
        assert brand.sending_paused_until > clock.at

    def test_another_account_is_not_touched(self, brand, service, agent, hanging, clock, monkeypatch):
        well = FakeNetwork()
        monkeypatch.setitem(registry.CONNECTORS, "facebook", well.connector("facebook"))
        other = BrandAccountFactory(network="facebook")
        store_credential(other, {"access_token": "secret"}, now=NOW)
        colleague = UserFactory(departments=[service], publishes=[other])
        answers(brand, service, agent, 12)
        theirs = answers(other, service, colleague, 9)
        for brand_account_id in outbox.brand_accounts_with_due_replies(clock.at):
            work_off_brand_account(brand_account_id, clock=clock)
        assert states(theirs) == [ReplyState.SENT] * 9

    def test_the_account_says_in_words_that_sending_pauses_and_until_when(self, client, brand):
        administrator = UserFactory(role=Role.ADMINISTRATOR)
        until = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=2, seconds=30)
        BrandAccount.objects.filter(pk=brand.pk).update(sending_timeouts=3, sending_paused_until=until)
        client.force_login(administrator)
        page = client.get(reverse("accounts:brand_accounts")).content.decode()
        assert "Sending pauses" in page
        assert "X did not respond to our last 3 attempts" in page
        assert "in 2 min" in page
        BrandAccount.objects.filter(pk=brand.pk).update(sending_paused_until=until - dt.timedelta(minutes=5))
        page = client.get(reverse("accounts:brand_accounts")).content.decode()
        assert "Sending pauses" not in page


@pytest.mark.django_db
class TestTheLastFreeWorker:
    """Four accounts that hang at once would hold all four workers: the last one waits for no network for long."""

    @pytest.fixture
    def waits(self, hanging):
        """The time-outs of each attempt."""
        seen, send = [], hanging.send

        def note(*arguments):
            seen.append(transport._limits()[0][1])
            return send(*arguments)

        hanging.send = note
        return seen

    def others_have_turns(self, count, until):
        for _ in range(count):
            SendingTurn.objects.create(
                brand_account=BrandAccountFactory(network="x"), lease_token=uuid.uuid4(), lease_until=until
            )

    def test_gives_a_network_little_time_and_goes_on_to_other_accounts_after_a_time_out(
        self, brand, service, agent, waits, clock
    ):
        replies = answers(brand, service, agent, 3)
        clock.forward(seconds=1)
        self.others_have_turns(3, clock.at + 60 * SECONDS)
        work_off_brand_account(brand.pk, clock=clock)
        assert waits == [account_turns.LAST_WORKER_PATIENCE]
        assert states(replies) == [ReplyState.UNCONFIRMED, ReplyState.QUEUED, ReplyState.QUEUED]
        brand.refresh_from_db()
        assert brand.sending_timeouts == 1
        assert transport._limits() == (transport.TIMEOUT, transport.DEADLINE_SECONDS)

    def test_sends_all_of_an_account_whose_network_answers(self, brand, service, agent, network, clock):
        replies = answers(brand, service, agent, 3)
        clock.forward(seconds=1)
        self.others_have_turns(3, clock.at + 60 * SECONDS)
        work_off_brand_account(brand.pk, clock=clock)
        assert states(replies) == [ReplyState.SENT] * 3

    @pytest.mark.parametrize(
        ("others", "until", "workers"), [(2, 60, 4), (3, 0, 4), (3, 60, 5), (0, 60, 1), (3, 60, 1)]
    )
    def test_is_no_other(self, brand, service, agent, waits, clock, settings, others, until, workers):
        settings.SEND_WORKERS = workers
        answers(brand, service, agent, 3)
        clock.forward(seconds=1)
        self.others_have_turns(others, clock.at + until * SECONDS)
        work_off_brand_account(brand.pk, clock=clock)
        assert waits == [transport.TIMEOUT[1]] * 2

    def test_waits_long_enough_for_its_time_outs_to_be_counted(self):
        waited = account_turns.LAST_WORKER_PATIENCE * SECONDS
        assert pauses.is_timeout(AmbiguousSend("", code="no_answer"), started=NOW, now=NOW + waited)
