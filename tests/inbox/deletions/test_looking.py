"""When waiting messages are looked at, how many at once, and what a deletion does to their case."""

from __future__ import annotations

import datetime as dt

import pytest

from accounts.models import BrandAccount, Health
from inbox.deletions import looking, marking
from inbox.models import Case, CaseEvent, Direction, Message, Verb
from networks.base import RetryLater
from networks.presence import Presence
from tests.factories import NOW, MessageFactory
from tests.inbox.reply_fixtures import *  # noqa: F403

pytestmark = pytest.mark.django_db


@pytest.fixture
def looks(network, monkeypatch):
    """The ids of each look."""
    seen: list[list[str]] = []

    def find_gone(connector, messages):
        seen.append([message.remote_id for message in messages])
        return Presence(frozenset(network.deleted))

    monkeypatch.setattr(looking, "find_gone", find_gone)
    return seen


def look(at: dt.datetime) -> None:
    for brand_account_id in looking.claim_due_accounts(at):
        looking.look_at_waiting_messages(brand_account_id, now=at)


def minutes(number: float) -> dt.datetime:
    return NOW + dt.timedelta(minutes=number)


def test_often_at_first_and_ever_less_often(question, looks):
    Message.objects.update(received_at=NOW)
    taken = []
    for step in range(60 * 3):
        before = len(looks)
        look(minutes(step))
        taken += [step] * (len(looks) - before)
    assert taken[:3] == [2, 4, 6]
    assert [later - earlier for earlier, later in zip(taken[-5:], taken[-4:], strict=False)] == [16] * 4


def test_twice_at_the_same_time_is_once(question, looks, brand):
    Message.objects.update(received_at=NOW)
    look(minutes(5))
    look(minutes(5))
    looking.look_at_waiting_messages(brand.pk, now=minutes(5))
    assert len(looks) == 1


def test_only_what_waits_is_looked_at(case, question, looks):
    MessageFactory(case=case, direction=Direction.OUTBOUND)
    MessageFactory(case=case, network_time=NOW - dt.timedelta(days=3))
    MessageFactory(case=case, deleted_at=NOW)
    Message.objects.update(received_at=NOW)
    Case.objects.update(waiting_since=question.network_time)
    look(minutes(5))
    assert looks == [[question.remote_id]]
    Case.objects.update(waiting_since=None)
    look(minutes(60))
    assert len(looks) == 1


def test_a_hundred_at_once_and_the_longest_unseen_first(case, looks):
    Case.objects.update(waiting_since=NOW - dt.timedelta(days=1))
    for _ in range(130):
        MessageFactory(case=case, network_time=NOW)
    Message.objects.update(received_at=NOW)
    look(minutes(5))
    look(minutes(5.6))
    assert [len(ids) for ids in looks] == [100, 30]


@pytest.mark.parametrize("health", [Health.REAUTHORISE, Health.BUDGET, Health.LIMITED])
def test_an_account_that_must_rest_is_left_alone(question, looks, health):
    BrandAccount.objects.update(health=health)
    look(minutes(60))
    assert looks == []


def test_a_network_that_asks_for_a_pause_gets_it(question, network, monkeypatch):
    def refuse(connector, messages):
        raise RetryLater("Slow down.", at=minutes(90))

    monkeypatch.setattr(looking, "find_gone", refuse)
    look(minutes(60))
    assert BrandAccount.objects.get().next_look_at == minutes(90)
    assert Message.objects.get().deleted_at is None


def test_a_case_goes_on_waiting_for_what_still_stands(case, question):
    later = MessageFactory(case=case, network_time=question.network_time + dt.timedelta(minutes=5))
    Case.objects.update(waiting_since=question.network_time)
    assert marking.mark_deleted([question.pk], NOW) == 1
    found = Case.objects.get()
    assert found.waiting_since == later.network_time
    assert found.needs_answer
    assert marking.mark_deleted([question.pk], NOW) == 0
    assert CaseEvent.objects.filter(verb=Verb.MESSAGE_DELETED).count() == 1
    marking.mark_deleted([later.pk], NOW)
    found.refresh_from_db()
    assert (found.waiting_since, found.needs_answer, found.is_open) == (None, False, True)


def test_an_answer_is_looked_at_only_when_the_last_look_is_old(question, network):
    class Never:
        def find_gone(self, messages):
            raise AssertionError("no request was needed")

    Message.objects.update(looked_at=NOW)
    assert not looking.is_gone_before_answering(Never(), Message.objects.get(), minutes(0.5))


def test_direct_messages_are_taken_twenty_at_once_until_all_were_looked_at(case, looks):
    Case.objects.update(waiting_since=NOW - dt.timedelta(days=1), visibility="direct")
    for _ in range(45):
        MessageFactory(case=case, network_time=NOW, visibility="direct")
    Message.objects.update(received_at=NOW)
    for step in range(3):
        look(minutes(5 + 0.6 * step))
    assert [len(ids) for ids in looks] == [20, 20, 5]
    assert len({remote_id for ids in looks for remote_id in ids}) == 45
