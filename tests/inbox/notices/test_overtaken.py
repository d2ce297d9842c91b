"""A notice that a target is due soon is read by itself once it no longer is."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Role
from inbox.models import Case, Notice, NoticeKind
from inbox.notices.notify import notify_grouped, notify_users
from inbox.notices.overtaken import read_overtaken_notices
from tests.factories import NOW, CaseFactory, DepartmentFactory, UserFactory

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)
LATER = NOW + 30 * MINUTE


@pytest.fixture
def department():
    return DepartmentFactory()


@pytest.fixture
def agent(department):
    return UserFactory(departments=[department])


def waiting_case(department, **values):
    return CaseFactory(department=department, created_at=NOW, waiting_since=NOW, **values)


def warn(agent, case, clock="first_response", kind=NoticeKind.DUE_SOON):
    key = f"sla:{case.pk}:{clock}:1:0:{kind}"
    notify_users([agent.pk], case.pk, kind, "Due in 5 min.", key=key, now=NOW + MINUTE)


def unread():
    return Notice.objects.filter(read_at__isnull=True).count()


@pytest.mark.parametrize(
    ("clock", "changes", "is_read"),
    [
        ("first_response", {}, False),
        ("first_response", {"waiting_since": None}, True),
        ("first_response", {"waiting_since": NOW + 5 * MINUTE}, True),
        ("first_response", {"closed_at": LATER, "status": "resolved"}, True),
        ("resolution", {"waiting_since": None}, False),
        ("resolution", {"closed_at": LATER, "status": "resolved"}, True),
    ],
)
def test_it_is_read_when_its_target_is_met_or_its_case_closed(agent, department, clock, changes, is_read):
    case = waiting_case(department)
    warn(agent, case, clock)
    warn(agent, case, clock, NoticeKind.BREACHED)
    Case.objects.filter(pk=case.pk).update(**changes)
    assert read_overtaken_notices(LATER) == int(is_read)
    assert unread() == (1 if is_read else 2)
    assert not Notice.objects.filter(kind=NoticeKind.BREACHED, read_at__isnull=False).exists()


def test_one_of_several_cases_is_read_when_none_is_due(department):
    manager = UserFactory(role=Role.MANAGER, departments=[department])
    cases = [waiting_case(department) for _ in range(2)]
    for case in cases:
        key = f"sla:{case.pk}:first_response:1:0"
        notify_grouped(
            [manager.pk], case, department.pk, NoticeKind.DUE_SOON, "Due.", key=key, now=NOW + MINUTE
        )
    assert Notice.objects.get().cases == 2
    Case.objects.filter(pk=cases[0].pk).update(waiting_since=None)
    assert (read_overtaken_notices(LATER), unread()) == (0, 1)
    Case.objects.filter(pk=cases[1].pk).update(waiting_since=None)
    assert (read_overtaken_notices(LATER), unread()) == (1, 0)


def test_nothing_to_read_costs_one_statement(agent, department):
    warn(agent, waiting_case(department))
    with CaptureQueriesContext(connection) as statements:
        read_overtaken_notices(LATER)
    assert len(statements) == 1
