"""Threads with connections of their own against a real Postgres: whatever the order, one answer and no lost text."""

from __future__ import annotations

import random
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Role
from config.testing.quick import choose_size
from inbox.cases.verbs import Conflict, add_note, claim_case, hand_over_case
from inbox.changes.refusals import NothingKept
from inbox.models import LIVE_STATES, Case, CaseEvent, Custody, Draft, Message, Reply, ReplyState, Verb
from inbox.replies import drafts, outbox, verbs
from inbox.retention.erasing import erase_customer
from tests.factories import NOW, CaseFactory, DepartmentFactory, MessageFactory, ReplyFactory, UserFactory
from tests.inbox.reply_fixtures import *  # noqa: F403
from tests.inbox.reply_fixtures import draft_text

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def at_once(*calls):
    """Run the calls together, each in a thread; what they returned or raised, in their order."""
    gate = threading.Barrier(len(calls))

    def one(call):
        try:
            connection.ensure_connection()
            gate.wait()
            return call()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(one, calls))


@pytest.fixture
def agents(brand, service):
    return [
        UserFactory(departments=[service], publishes=[brand], initials=f"A{number}") for number in range(5)
    ]


def answering(question, by, text, composer=None):
    case_id, parent_id, user_id, key = question.case_id, question.pk, by.pk, composer or uuid.uuid4()
    return lambda: verbs.queue_reply(
        case_id, type(by).objects.get(pk=user_id), parent_id, text, key, 1, now=NOW
    )


def test_again_and_again_two_to_five_agents_answer_one_message(brand, service, agents, network):
    dice = random.Random(8)
    for round_number in range(choose_size(60, full=200)):
        question = MessageFactory(case=CaseFactory(brand_account=brand, department=service))
        racers = dice.sample(agents, dice.randint(2, 5))
        results = at_once(*[answering(question, by, f"Answer {round_number}") for by in racers])
        won = [result for result in results if isinstance(result, Reply)]
        lost = [by for by, result in zip(racers, results, strict=True) if isinstance(result, Conflict)]
        assert (len(won), len(lost)) == (1, len(racers) - 1), results
        assert Reply.objects.filter(parent=question, state__in=LIVE_STATES).count() == 1
        assert all(draft_text(question.case_id, by) == f"Answer {round_number}" for by in lost)
        assert all("answer of" in str(result) for result in results if isinstance(result, Exception))
        assert Draft.objects.filter(case=question.case_id).count() == len(lost)
        assert Case.objects.get(pk=question.case_id).version == 2


def test_a_double_click_is_one_answer(question, agent, network):
    composer = uuid.uuid4()
    results = at_once(*[answering(question, agent, "We are on it.", composer)] * 4)
    assert len({result.pk for result in results}) == 1
    assert Reply.objects.count() == 1
    assert CaseEvent.objects.filter(verb=Verb.REPLY_QUEUED).count() == 1
    assert not Draft.objects.exists()


def test_the_database_itself_refuses_a_second_live_answer(question, agent, colleague, network, monkeypatch):
    """Even when the look before the insert saw nothing."""
    ReplyFactory(parent=question, author=colleague)
    monkeypatch.setattr(verbs, "require_nobody_answers", lambda *_: None)
    with pytest.raises(Conflict):
        answering(question, agent, "We are on it.")()
    assert draft_text(question.case_id, agent) == "We are on it."
    assert Reply.objects.count() == 1


@pytest.mark.parametrize("round_number", range(10))
def test_taking_back_or_sending_one_of_them_wins(question, agent, network, round_number):
    reply = ReplyFactory(parent=question, author=agent, created_at=timezone.now())
    cancelled, _ = at_once(
        lambda: verbs.cancel_reply(reply.pk, agent, now=NOW),
        lambda: outbox.send_queued_reply(reply.pk),
    )
    found = Reply.objects.get()
    if isinstance(cancelled, Conflict):
        assert (found.state, len(network.published)) == (ReplyState.SENT, 1)
        assert not Draft.objects.exists()
    else:
        assert (found.state, len(network.published)) == (ReplyState.CANCELLED, 0)
        assert draft_text(question.case_id, agent) == reply.text


@pytest.mark.parametrize("fate", ["ok", "accepted_cut", "rejected", "unreachable"])
def test_four_workers_send_an_answer_once(question, agent, network, fate):
    network.fates, network.pause = [fate], 0.1
    reply = ReplyFactory(parent=question, author=agent, created_at=timezone.now())
    results = at_once(*[lambda: outbox.send_queued_reply(reply.pk)] * 4)
    assert results == [None] * 4
    assert network.sends == 1


def test_three_beats_and_doubled_tasks_post_each_answer_once(brand, service, agent, network):
    """Every tick and every task runs three times at once: same posts, same looks, same state as once."""
    network.fates = ["ok", "accepted_cut", "rejected", "accepted_crash", "ok", "accepted_cut"] * 2
    for _ in range(12):
        ReplyFactory(
            parent=MessageFactory(case=CaseFactory(brand_account=brand, department=service)),
            author=agent,
            created_at=timezone.now(),
        )

    def tick_and_work():
        for _ in range(3):
            now = outbox.timezone.now()
            outbox.expire_reply_leases(now)
            for reply_id in outbox.due_reply_ids(now):
                outbox.send_queued_reply(reply_id)
            Reply.objects.filter(state=ReplyState.UNCONFIRMED, checks=0, check_after__gt=now).exclude(
                check_after__gt=now + outbox.SEND_LEASE / 2
            ).update(check_after=now)
            for reply_id in outbox.due_check_ids(outbox.timezone.now()):
                outbox.look_for_reply(reply_id)

    at_once(*[tick_and_work] * 3)
    tick_and_work()
    states = list(Reply.objects.values_list("state", flat=True))
    assert network.sends == 12
    assert len(network.published) == len({ref["tweet_id"] for _, ref, _, _ in network.published}) == 10
    assert (states.count("sent"), states.count("failed")) == (10, 2)
    assert CaseEvent.objects.filter(verb=Verb.ANSWERED).count() == 10
    assert Message.objects.filter(direction="out").count() == 10


def test_a_settled_answer_is_settled_once(question, agent, manager, network):
    reply = ReplyFactory(parent=question, author=agent, state=ReplyState.UNCONFIRMED, needs_person=True)
    results = at_once(
        lambda: verbs.settle_reply(reply.pk, manager, "again", now=NOW),
        lambda: verbs.settle_reply(reply.pk, manager, "give_up", now=NOW),
        lambda: verbs.settle_reply(reply.pk, manager, "again", now=NOW),
    )
    assert sum(isinstance(result, Reply) for result in results) == 1
    assert sum(isinstance(result, Conflict) for result in results) == 2


def test_five_people_claim_one_case(brand, service, agents):
    case = CaseFactory(brand_account=brand, department=service)
    results = at_once(*[lambda by=by: claim_case(case.pk, by, now=NOW) for by in agents])
    assert sum(isinstance(result, Case) for result in results) == 1
    assert CaseEvent.objects.filter(verb=Verb.ASSIGNED).count() == 1
    assert Case.objects.get().version == 2


def test_two_hand_overs_leave_one_holder(brand, service, agents):
    case = CaseFactory(brand_account=brand, department=service)
    to = [DepartmentFactory(), DepartmentFactory()]
    results = at_once(
        *[
            lambda by=by, where=where: hand_over_case(case.pk, by, where, "Theirs", now=NOW)
            for by, where in zip(agents, to, strict=False)
        ]
    )
    assert sum(isinstance(result, Case) for result in results) == 1
    assert sum(isinstance(result, Case.DoesNotExist) for result in results) == 1
    assert Custody.objects.filter(case=case, left_at=None).count() == 1
    assert Custody.objects.filter(case=case).count() == 2


def test_an_outcome_survives_being_chosen_as_the_victim_of_a_deadlock(question, agent, network):
    """Somebody locks case before reply (we lock reply before case); Postgres ends one of the two."""
    from django.db import transaction

    reply = ReplyFactory(parent=question, author=agent, created_at=timezone.now())
    network.pause = 0.3

    def the_wrong_way_round():
        with transaction.atomic():
            Case.objects.select_for_update().get(pk=question.case_id)
            time.sleep(1.0)
            Reply.objects.select_for_update().get(pk=reply.pk)

    at_once(lambda: outbox.send_queued_reply(reply.pk), the_wrong_way_round)
    assert Reply.objects.get().state == ReplyState.SENT
    assert len(network.published) == 1


def test_what_waits_for_an_erasure_stores_nothing(question, agent, network):
    case_id, administrator = question.case_id, UserFactory(role=Role.ADMINISTRATOR)
    calls = (
        answering(question, agent, "We are on it."),
        lambda: drafts.save_draft(case_id, agent, "We are", NOW),
        lambda: add_note(case_id, agent, "Ask the carrier.", now=NOW),
    )
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            erase_customer(question.case.customer, by=administrator, now=timezone.now())
            waiting = pool.submit(at_once, *calls)
            until = time.monotonic() + 60
            while _count_blocked() < len(calls) and time.monotonic() < until:
                time.sleep(0.02)
            assert _count_blocked() == len(calls)
        results = waiting.result()
    assert [type(result) for result in results] == [NothingKept] * len(calls), results
    assert not Draft.objects.exists() and not Reply.objects.exists()
    assert not CaseEvent.objects.filter(verb=Verb.NOTED).exists()


def _count_blocked():
    with connection.cursor() as cursor:
        # Within a transaction the view would show for ever what it showed first.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return cursor.fetchone()[0]
