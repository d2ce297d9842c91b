"""Two decisions at once, double clicks and two tabs: one wins, and the other is told what happened."""

from __future__ import annotations

import datetime as dt

import pytest

from inbox.approvals import deciding
from inbox.approvals.overtaking import give_back_overtaken_answers
from inbox.changes.refusals import Conflict
from inbox.models import Approval, Case, CaseEvent, Draft, Ramp, Reply, ReplyState, Verb
from inbox.replies import outbox, verbs
from tests.factories import NOW
from tests.inbox.approvals.conftest import ask
from tests.inbox.replies.test_outbox import run
from tests.inbox.replies.test_races import at_once
from tests.inbox.reply_fixtures import draft_text

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
SOON = NOW + dt.timedelta(minutes=5)


@pytest.fixture
def reply(question, new_agent):
    return ask(question, new_agent)


def fresh(user):
    return type(user).objects.get(pk=user.pk)


def approving(reply, by):
    seen = Case.objects.get(pk=reply.case_id).version
    return lambda: deciding.approve(reply.pk, fresh(by), seen_version=seen, now=SOON)


def declining(reply, by):
    return lambda: deciding.decline(reply.pk, fresh(by), "Not this.", now=SOON)


@pytest.mark.parametrize("round_number", range(8))
def test_approve_and_decline_at_once(reply, manager, boss, new_agent, network, clock, round_number):
    approved, declined = at_once(approving(reply, manager), declining(reply, boss))
    lost = [result for result in (approved, declined) if isinstance(result, Conflict)]
    assert len(lost) == 1, (approved, declined)
    clock.at = SOON
    run(clock, 120)
    state, request = Reply.objects.get().state, Approval.objects.get()
    if lost[0] is declined:
        assert (state, network.sends, request.state) == (ReplyState.SENT, 1, "approved")
        assert "Mia Dorn approved this answer" in str(lost[0])
        assert not Draft.objects.exists() and Ramp.objects.get().approved == 1
    else:
        assert (state, network.sends, request.state) == (ReplyState.CANCELLED, 0, "declined")
        assert "Bea Ito declined this answer" in str(lost[0])
        assert draft_text(reply.case_id, new_agent) == reply.text and Ramp.objects.get().approved == 0


def test_four_clicks_approve_once(reply, manager, network, clock):
    results = at_once(*[approving(reply, manager)] * 4)
    assert sum(isinstance(result, Conflict) for result in results) == 3
    assert CaseEvent.objects.filter(verb=Verb.APPROVED).count() == 1
    clock.at = SOON
    run(clock, 120)
    assert (network.sends, Ramp.objects.get().approved) == (1, 1)


@pytest.mark.parametrize("round_number", range(4))
def test_withdrawn_approved_and_overtaken_at_once(reply, manager, new_agent, network, clock, round_number):
    Case.objects.filter(pk=reply.case_id).update(closed_at=SOON, status="resolved")
    at_once(
        approving(reply, manager),
        lambda: verbs.cancel_reply(reply.pk, fresh(new_agent), now=SOON),
        lambda: give_back_overtaken_answers(SOON),
        lambda: outbox.send_queued_reply(reply.pk),
    )
    clock.at = SOON
    run(clock, 120)
    assert (Reply.objects.get().state, network.sends) == (ReplyState.CANCELLED, 0)
    assert draft_text(reply.case_id, new_agent) == reply.text
    verbs_of_end = [Verb.APPROVAL_WITHDRAWN, Verb.APPROVAL_OVERTAKEN]
    assert CaseEvent.objects.filter(verb__in=verbs_of_end).count() == 1


def test_two_ask_at_once_for_one_message(question, new_agent, colleague):
    from tests.inbox.replies.test_races import answering

    results = at_once(answering(question, new_agent, "Mine."), answering(question, colleague, "Mine."))
    assert sum(isinstance(result, Conflict) for result in results) == 1
