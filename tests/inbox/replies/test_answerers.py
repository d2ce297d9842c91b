"""A case that nobody has goes to the person whose answer was sent."""

from __future__ import annotations

import datetime as dt

import pytest

from accounts.models import Leave, Membership, User
from inbox.case_page.event_lines import event_line
from inbox.models import Case, CaseEvent, Verb
from inbox.replies.outcomes import record_reply_sent
from networks.base import SentMessage
from tests.factories import NOW, ReplyFactory, UserFactory
from tests.inbox.reply_fixtures import *  # noqa: F403

pytestmark = pytest.mark.django_db


@pytest.fixture
def answer(question, agent, network):
    return ReplyFactory(parent=question, author=agent)


def send(answer):
    at = NOW + dt.timedelta(minutes=2)
    assert record_reply_sent(answer.pk, SentMessage(remote_id="900", permalink=""), now=at, sent_at=at)
    return Case.objects.get().assignee


def test_it_is_theirs_and_the_history_says_why(answer, agent):
    assert send(answer) == agent
    event = CaseEvent.objects.get(verb=Verb.ASSIGNED)
    assert event_line(event) == f"{agent} has it now, by answering"


def test_a_case_that_somebody_has_stays_with_them(answer):
    colleague = UserFactory()
    Case.objects.update(assignee=colleague)
    assert send(answer) == colleague
    assert not CaseEvent.objects.filter(verb=Verb.ASSIGNED).exists()


def test_who_left_the_department_or_the_company_gets_none(answer):
    Membership.objects.all().delete()
    assert send(answer) is None


def test_who_begins_a_leave_gets_none(answer, agent):
    Leave.objects.create(user=agent, starts_on=NOW.date(), ends_on=NOW.date() + dt.timedelta(days=3))
    assert send(answer) is None


def test_an_analyst_who_settles_nothing_gets_none(answer, agent):
    User.objects.filter(pk=agent.pk).update(role="analyst")
    assert send(answer) is None
