"""Skills, capacity and leave of the people in one's departments, set by a manager."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry, AuditVerb, Leave, Role
from tests.accounts.conftest import signed_in
from tests.factories import DepartmentFactory, UserFactory


@pytest.fixture
def manager(cast):
    return signed_in(cast["manager"], recently=False)


def work(person):
    return reverse("accounts:user_work", args=[person.pk])


def days(first, last):
    today = timezone.localdate()
    return {"starts_on": today + dt.timedelta(days=first), "ends_on": today + dt.timedelta(days=last)}


def test_a_manager_finds_the_people_under_teams_and_plans_their_work(manager, cast):
    agent = cast["agent"]
    assert work(agent) in manager.get(reverse("inbox:team")).content.decode()
    page = manager.get(work(agent)).content.decode()
    assert "Save work" in page
    assert "Deactivate" not in page
    saved = manager.post(
        work(agent), {"capacity": "7", "languages": "German", "skills": "Refunds"}, follow=True
    )
    assert "are saved" in saved.content.decode()
    agent.refresh_from_db()
    assert (agent.capacity, agent.languages) == (7, ["de"])
    assert agent.skills.get().name == "Refunds"
    manager.post(reverse("accounts:leave_add", args=[agent.pk]), days(2, 4))
    leave = Leave.objects.get(user=agent)
    manager.post(reverse("accounts:leave_remove", args=[leave.pk]))
    assert not Leave.objects.exists()
    assert AuditEntry.objects.filter(verb=AuditVerb.WORK_CHANGED).exists()


def test_what_is_wrong_is_shown_on_the_same_page(manager, cast):
    answer = manager.post(work(cast["agent"]), {"capacity": "5", "languages": "Klingon"})
    assert "is not a language that is known here" in answer.content.decode()
    answer = manager.post(reverse("accounts:leave_add", args=[cast["agent"].pk]), days(-9, -5))
    assert "This leave is over already." in answer.content.decode()
    assert not Leave.objects.exists()
    manager.post(reverse("accounts:leave_add", args=[cast["agent"].pk]), days(-2, 0))
    assert Leave.objects.exists(), "a leave that is running may be written down late"


def test_people_of_other_departments_and_administrators_are_not_a_managers_to_plan(manager, cast):
    elsewhere = UserFactory(role=Role.AGENT, departments=[DepartmentFactory()])
    leave = Leave.objects.create(user=elsewhere, **days(1, 2))
    gone = UserFactory(role=Role.AGENT, departments=list(cast["agent"].departments.all()), is_active=False)
    for person in (elsewhere, gone, cast["administrator"]):
        assert manager.get(work(person)).status_code == 404
        assert manager.post(work(person), {"capacity": "1"}).status_code == 404
        assert manager.post(reverse("accounts:leave_add", args=[person.pk]), days(3, 4)).status_code == 404
    assert manager.post(reverse("accounts:leave_remove", args=[leave.pk])).status_code == 404
    assert Leave.objects.count() == 1
    assert signed_in(cast["agent"]).get(work(cast["agent"])).status_code == 404
