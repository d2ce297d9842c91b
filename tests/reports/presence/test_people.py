"""Numbers by person: their own and their manager's only, noted when somebody else looks, never in an order of merit."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.urls import reverse

from accounts.models import AuditEntry, AuditVerb, Role
from inbox.models import CaseEvent, Direction, Verb
from tests.factories import (
    NOW,
    BrandAccountFactory,
    CaseFactory,
    DepartmentFactory,
    MessageFactory,
    UserFactory,
)
from tests.inbox.page_requests import signed_in

pytestmark = pytest.mark.django_db
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def service():
    return DepartmentFactory(name="Customer service")


@pytest.fixture
def manager(service):
    return UserFactory(role=Role.MANAGER, departments=[service], first_name="Mara", last_name="Berg")


@pytest.fixture
def agent(service):
    return UserFactory(departments=[service], first_name="Bram", last_name="Tolliver")


def answered(person, department, asked, after, *, met=None, **fields):
    case = CaseFactory(
        brand_account=BrandAccountFactory(), department=department, created_at=NOW - asked, **fields
    )
    MessageFactory(case=case, network_time=NOW - asked, received_at=NOW - asked)
    at = NOW - asked + after
    MessageFactory(case=case, network_time=at, received_at=at, direction=Direction.OUTBOUND, user=person)
    if met is not None:
        clocks = [{"clock": "first_response", "from": (NOW - asked).isoformat(), "met": met}]
        CaseEvent.objects.create(case=case, at=at, verb=Verb.ANSWERED, actor=person, data={"clocks": clocks})
    return case


def page_of(reader, person, **query):
    return signed_in(reader).get(reverse("reports:person", args=[person.pk]), query)


def numbers(response):
    return {figure["label"]: (figure["value"], figure["basis"]) for figure in response.context["numbers"]}


def test_answers_first_responses_and_promises(agent, manager, service):
    answered(agent, service, 3 * DAY, HOUR, met=True, assignee=agent)
    answered(agent, service, 4 * DAY, 3 * HOUR, met=False)
    answered(agent, service, 5 * DAY, 2 * HOUR, met=True)
    answered(UserFactory(departments=[service]), service, 5 * DAY, 9 * HOUR, met=False)
    answered(agent, DepartmentFactory(), 5 * DAY, 9 * HOUR, met=False)
    for reader in (agent, manager):
        page = page_of(reader, agent)
        assert numbers(page) == {
            "Answers": ("3", "sent in this period"),
            "First response, median": ("2 h 00", "of 3 first responses"),
            "Promises kept": ("67%", "2 of 3 response targets"),
        }
        assert page.context["load"]["open"] == "1"
        totals = [
            signed_in(reader).get(figure["href"]).context["total"] for figure in page.context["numbers"]
        ]
        assert totals == [3, 3, 3]
        steps = page.context["steps"]
        assert sum(int(step["answers"]) for step in steps) == 3
        busy = next(step for step in steps if step["answers"] != "0")
        assert signed_in(reader).get(busy["href"]).context["total"] == int(busy["answers"])


def test_a_look_is_noted_once_and_seen_by_the_person(agent, manager):
    page_of(manager, agent)
    page_of(manager, agent)
    page_of(agent, agent)
    entry = AuditEntry.objects.get(verb=AuditVerb.FIGURES_READ)
    assert (entry.actor_name, entry.person_id) == ("Mara Berg", agent.pk)
    page = signed_in(agent).get(reverse("reports:people"))
    assert [look["who"] for look in page.context["looks"]] == ["Mara Berg"]
    assert signed_in(manager).get(reverse("reports:people")).context["looks"] == []
    with time_machine.travel(NOW + 13 * HOUR, tick=False):
        page_of(manager, agent)
    assert AuditEntry.objects.filter(verb=AuditVerb.FIGURES_READ).count() == 2


def test_who_sees_whom(agent, manager, service):
    colleague = UserFactory(departments=[service])
    stranger = UserFactory(departments=[DepartmentFactory()])
    other = UserFactory(role=Role.MANAGER, departments=[DepartmentFactory()])
    admin, analyst = (
        UserFactory(role=Role.ADMINISTRATOR),
        UserFactory(role=Role.ANALYST, departments=[service]),
    )
    answered(agent, service, 3 * DAY, HOUR)
    seen = {
        reader: page_of(reader, agent).status_code
        for reader in (agent, manager, colleague, stranger, other, admin, analyst)
    }
    assert list(seen.values()) == [200, 200, 404, 404, 404, 404, 404]
    for of in ("answers", "first_answers", "promises"):
        query = {"of": of, "by": agent.pk}
        assert signed_in(manager).get(reverse("reports:cases"), query).status_code == 200
        for reader in (colleague, admin, analyst, other):
            assert signed_in(reader).get(reverse("reports:cases"), query).status_code == 404
    assert not AuditEntry.objects.filter(verb=AuditVerb.FIGURES_READ).exclude(actor_id=manager.pk).exists()


def test_people_stand_by_name(agent, manager, service):
    for first, last in (("Wren", "Castell"), ("Ada", "Holm"), ("ilse", "Marchetti")):
        person = UserFactory(departments=[service], first_name=first, last_name=last)
        for _ in range(len(first)):
            CaseFactory(assignee=person, department=service)
    page = signed_in(manager).get(reverse("reports:people"))
    names = [str(row["person"]) for row in page.context["team"]]
    assert names == ["Ada Holm", "Bram Tolliver", "ilse Marchetti", "Wren Castell"]
    assert [row["open"] for row in page.context["team"]] == ["3", "0", "4", "4"]
    assert "My people" not in signed_in(agent).get(reverse("reports:people")).content.decode()
    assert "My numbers" in signed_in(agent).get(reverse("reports:people")).content.decode()
