"""The numbers beside the views: cases, unread notices and one's own leave come in one statement, each as what it is."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from accounts.models import Leave
from accounts.working_time import presence
from inbox.models import Notice, NoticeKind
from inbox.queue.counts import OpenCounts, open_counts
from tests.factories import NOW, CaseFactory, DepartmentFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def departments():
    return DepartmentFactory(), DepartmentFactory()


@pytest.fixture
def ada(departments):
    return UserFactory(departments=departments)


def notify(user, number):
    case = CaseFactory()
    for n in range(number):
        Notice.objects.create(
            user=user, case=case, kind=NoticeKind.ASSIGNED, text="Yours.", key=f"{n}", at=NOW
        )


def go_on_leave(user):
    today = presence.local_date(timezone.now())
    Leave.objects.create(user=user, starts_on=today, ends_on=today + dt.timedelta(days=1))


def test_each_number_counts_its_own(departments, ada, django_assert_num_queries):
    here, there = departments
    CaseFactory(department=here)
    CaseFactory(department=here, assignee=ada)
    CaseFactory(department=there, assignee=UserFactory(departments=[there]))
    notify(ada, 3)
    go_on_leave(ada)
    with django_assert_num_queries(2):  # the second is the viewer's departments
        counts = open_counts(ada)
    assert counts == OpenCounts(
        all=3, unassigned=1, own=1, departments={here.pk: 2, there.pk: 1}, unread=3, on_leave=True
    )


def test_notices_and_leave_are_counted_where_there_is_no_case(ada):
    notify(ada, 2)
    assert open_counts(ada) == OpenCounts(
        all=0, unassigned=0, own=0, departments={}, unread=2, on_leave=False
    )
    go_on_leave(ada)
    assert open_counts(ada).on_leave
    assert open_counts(ada).departments == {}


def test_for_somebody_without_a_department_there_are_notices_and_leave_all_the_same():
    bo = UserFactory()
    notify(bo, 1)
    go_on_leave(bo)
    assert open_counts(bo) == OpenCounts(all=0, unassigned=0, own=0, departments={}, unread=1, on_leave=True)


def test_what_others_have_is_not_counted(ada):
    notify(UserFactory(), 2)
    go_on_leave(UserFactory())
    assert open_counts(ada) == OpenCounts(0, 0, 0, {})
