"""The small horseshoe on a case's page."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import time_machine

from accounts.models import Role
from inbox.cases import hand_overs, verbs
from inbox.models import Case, ReplyState
from tests.factories import NOW, CaseFactory, DepartmentFactory, MessageFactory, ReplyFactory, UserFactory
from tests.inbox.page_requests import count_statements, signed_in
from tests.markup import squeezed

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def service():
    return DepartmentFactory(name="Service")


@pytest.fixture
def billing():
    return DepartmentFactory(name="Billing")


@pytest.fixture
def agent(service, billing):
    return UserFactory(role=Role.MANAGER, departments=[service, billing])


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


def case_in(service):
    case = CaseFactory(department=service, created_at=NOW - 40 * MINUTE)
    MessageFactory(case=case, network_time=NOW - 40 * MINUTE)
    return case


def page_of(case, agent):
    return squeezed(signed_in(agent).get(f"/cases/{case.pk}/").content.decode())


def parts_of(page):
    return re.findall(
        r'<dt><span class="dot [a-z_]+" aria-hidden="true"></span>([^<]+)</dt> ?<dd class="num">([^<]+)</dd>',
        page,
    )


def test_a_case_that_stayed_has_none(service, agent):
    page = page_of(case_in(service), agent)
    assert 'class="way"' not in page and "With us for 40 min" in page


def test_it_shows_who_had_the_case_and_the_answer_on_its_way(service, billing, agent):
    case = case_in(service)
    verbs.hand_over_case(case.pk, agent, billing, "A charge", now=NOW - 30 * MINUTE)
    page = page_of(case, agent)
    assert parts_of(page) == [("Service, front line", "10 min"), ("Billing, not accepted", "30 min")]
    assert 'aria-label="The way of this case: 40 min so far, in the 2 parts that follow"' in page
    assert 'class="bridge"' in page
    hand_overs.accept_case(case.pk, agent, now=NOW - 20 * MINUTE)
    at = NOW - 3 * MINUTE
    parent = case.messages.get()
    ReplyFactory(parent=parent, state=ReplyState.SENT, created_at=NOW - 5 * MINUTE, sent_at=at, remote_id="7")
    Case.objects.filter(pk=case.pk).update(last_outbound_at=at)
    verbs.resolve_case(case.pk, agent, now=NOW - 4 * MINUTE)
    page = page_of(case, agent)
    assert parts_of(page) == [
        ("Service, front line", "10 min"), ("Billing, not accepted", "10 min"), ("Billing", "15 min"),
        ("Answer on its way", "2 min"),
    ]  # fmt: skip
    assert "37 min to closure" in page and 'class="bridge"' not in page


def test_it_costs_no_statement(service, billing, agent):
    stayed, moved = case_in(service), case_in(service)
    verbs.hand_over_case(moved.pk, agent, billing, "A charge", now=NOW - 30 * MINUTE)
    hand_overs.accept_case(moved.pk, agent, now=NOW - 29 * MINUTE)
    client = signed_in(agent)
    assert count_statements(client, f"/cases/{moved.pk}/") <= count_statements(client, f"/cases/{stayed.pk}/")
