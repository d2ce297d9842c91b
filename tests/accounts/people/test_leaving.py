"""What the other rooms do when somebody leaves or a department closes."""

from __future__ import annotations

import uuid

import pytest
from django.urls import reverse

from inbox.models import Verb
from routing.models import RoutingDefault, Rule
from tests.factories import NOW, CaseFactory, DepartmentFactory

pytestmark = pytest.mark.django_db


def test_open_cases_of_who_leaves_go_back_to_the_queue(admin, administrator, cast, department):
    agent = cast["agent"]
    held = CaseFactory(assignee=agent, department=department)
    closed = CaseFactory(assignee=agent, department=department, status="resolved", closed_at=NOW)
    other = CaseFactory(assignee=cast["manager"], department=department)
    admin.post(reverse("accounts:user_active", args=[agent.pk]), {"active": "0"})
    for case in (held, closed, other):
        case.refresh_from_db()
    assert (held.assignee, closed.assignee, other.assignee) == (None, agent, cast["manager"])
    event = held.events.get()
    assert (event.verb, event.actor, event.data["reason"]) == (Verb.ASSIGNED, administrator, f"{agent} left")


def test_a_department_that_rules_lead_to_stays_open(admin, department):
    DepartmentFactory()
    rule = Rule.objects.create(
        key=uuid.uuid4(), position=1, name="Parcels", condition={"all": []}, department=department
    )
    RoutingDefault.objects.create(department=department)
    address = reverse("accounts:department_open", args=[department.pk])
    assert "“Parcels” leads to" in admin.post(address, {"open": "0"}, follow=True).content.decode()
    rule.delete()
    assert "that no rule matches" in admin.post(address, {"open": "0"}, follow=True).content.decode()
    department.refresh_from_db()
    assert department.is_open
    RoutingDefault.objects.all().delete()
    admin.post(address, {"open": "0"})
    department.refresh_from_db()
    assert not department.is_open
