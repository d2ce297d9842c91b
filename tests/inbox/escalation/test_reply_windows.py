"""Before a network stops letting us answer a direct message, people are told, each message once."""

from __future__ import annotations

import datetime as dt

import pytest

from inbox import tasks
from inbox.escalation.reply_windows import warn_of_ending_windows
from inbox.models import Case, Notice, NoticeKind
from tests.factories import NOW, BrandAccountFactory, CaseFactory, DepartmentFactory, UserFactory

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def service():
    return DepartmentFactory(name="Service")


@pytest.fixture
def agent(service):
    return UserFactory(departments=[service])


@pytest.fixture
def case(service, agent):
    facebook = BrandAccountFactory(network="facebook")
    return CaseFactory(
        department=service, brand_account=facebook, visibility="direct", assignee=agent, created_at=NOW
    )


def told():
    return [(notice.user, notice.kind, notice.text) for notice in Notice.objects.order_by("id")]


def test_its_assignee_is_told_once_before_the_end(case, agent):
    assert warn_of_ending_windows(NOW + 19 * HOUR) == 0
    assert warn_of_ending_windows(NOW + 21 * HOUR) == 1
    assert warn_of_ending_windows(NOW + 22 * HOUR) == 0
    ((who, kind, text),) = told()
    assert (who, kind) == (agent, NoticeKind.DUE_SOON)
    assert "Facebook lets us answer only until" in text


def test_those_warned_of_already_take_nobodys_place(case, agent, monkeypatch):
    monkeypatch.setattr("inbox.escalation.reply_windows.MAX_CASES", 1)
    later = CaseFactory(
        department=case.department, brand_account=case.brand_account, visibility="direct", assignee=agent,
        created_at=NOW + HOUR / 2,
    )  # fmt: skip
    assert [warn_of_ending_windows(NOW + 21 * HOUR) for _ in range(3)] == [1, 1, 0]
    assert Notice.objects.filter(case=later).count() == 1


def test_another_message_opens_another_window(case):
    warn_of_ending_windows(NOW + 21 * HOUR)
    Case.objects.update(last_inbound_at=NOW + 22 * HOUR, activity_at=NOW + 22 * HOUR)
    assert warn_of_ending_windows(NOW + 23 * HOUR) == 0
    assert warn_of_ending_windows(NOW + 43 * HOUR) == 1
    assert len(told()) == 2


def test_without_an_assignee_the_managers_are_told(case, service):
    manager = UserFactory(role="manager", departments=[service])
    Case.objects.update(assignee=None)
    warn_of_ending_windows(NOW + 21 * HOUR)
    assert [who for who, *_ in told()] == [manager]


@pytest.mark.parametrize(
    "change",
    [
        {"waiting_since": None}, {"visibility": "public"}, {"network": "x"}, {"closed_at": NOW, "status": "resolved"}, {"historical": True},
    ],
    ids=["answered", "public", "no limit", "closed", "history"],
)  # fmt: skip
def test_what_needs_no_warning_gets_none(case, change):
    Case.objects.update(**change)
    assert warn_of_ending_windows(NOW + 21 * HOUR) == 0


def test_what_has_ended_is_not_warned_of(case):
    assert warn_of_ending_windows(NOW + 25 * HOUR) == 0


def test_where_we_may_answer_later_the_warning_comes_later(case, settings):
    settings.ANSWERS_LATE = {"facebook": True}
    assert warn_of_ending_windows(NOW + 21 * HOUR) == 0
    assert warn_of_ending_windows(NOW + 165 * HOUR) == 1


def test_the_tick_runs_it(case):
    tasks.warn_of_ending_reply_windows()
