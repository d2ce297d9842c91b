"""A reminder is for one person, of any case that they may read, and told once."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from inbox.changes.refusals import Invalid
from inbox.later import reminders
from inbox.models import Case, CaseEvent, Notice, NoticeKind, Reminder
from inbox.notices.watches import set_watching
from tests.factories import NOW, CaseFactory, DepartmentFactory, IdentityFactory, MessageFactory, UserFactory
from tests.inbox.page_requests import count_statements, signed_in

pytestmark = pytest.mark.django_db
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


@pytest.fixture
def service():
    return DepartmentFactory(name="Service", slug="service")


@pytest.fixture
def ann(service):
    return UserFactory(departments=[service], role=Role.MANAGER)


@pytest.fixture
def case(service):
    case = CaseFactory(department=service)
    MessageFactory(case=case)
    return case


def test_its_time_comes_once_and_the_case_stays_as_it_is(case, ann):
    before = Case.objects.filter(pk=case.pk).values().get()
    reminders.remind(case.pk, ann, NOW + DAY, "  Call the\ncourier ", now=NOW)
    # Pressed twice, it is one.
    reminders.remind(case.pk, ann, NOW + DAY, "Call the courier", now=NOW)
    reminders.remind(case.pk, ann, NOW + 2 * DAY, "", now=NOW)
    assert reminders.tell_of_due_reminders(NOW + DAY - HOUR) == 0
    assert [reminders.tell_of_due_reminders(NOW + DAY) for _ in range(2)] == [1, 0]
    notice = Notice.objects.get(kind=NoticeKind.REMINDER)
    assert (notice.user, notice.case_id, notice.text) == (ann, case.pk, "Call the courier")
    assert Case.objects.filter(pk=case.pk).values().get() == before
    assert not CaseEvent.objects.exists()
    assert [bool(one.told_at) for one in reminders.list_reminders(ann)] == [False, True]
    assert reminders.delete_old_reminders(NOW + 30 * DAY) == 0
    assert reminders.delete_old_reminders(NOW + 32 * DAY) == 1


def test_a_worker_that_dies_before_it_commits_told_nobody(case, ann, monkeypatch):
    reminders.remind(case.pk, ann, NOW + DAY, "", now=NOW)
    with monkeypatch.context() as patch:
        patch.setattr("inbox.later.reminders._pick", lambda rows: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            reminders.tell_of_due_reminders(NOW + DAY)
    assert not Notice.objects.exists()
    assert reminders.tell_of_due_reminders(NOW + DAY) == 1
    assert Notice.objects.get().text == "You wanted to look at this case again."


def test_of_any_case_that_one_may_read_and_of_no_other(case):
    stranger, watcher = UserFactory(), UserFactory(departments=[case.department])
    set_watching(case.pk, watcher, on=True, now=NOW)
    watcher.memberships.all().delete()
    with pytest.raises(Case.DoesNotExist):
        reminders.remind(case.pk, stranger, NOW + DAY, "", now=NOW)
    assert reminders.remind(case.pk, watcher, NOW + DAY, "", now=NOW).user == watcher


@pytest.mark.parametrize(
    ("at", "note", "words"),
    [(NOW, "", "past"), (NOW + 400 * DAY, "", "within a year"), (NOW + DAY, "x" * 201, "at most 200")],
)
def test_what_cannot_be_is_refused(case, ann, at, note, words):
    with pytest.raises(Invalid, match=words):
        reminders.remind(case.pk, ann, at, note, now=NOW)
    assert not Reminder.objects.exists()


def test_nothing_is_noted_about_an_erased_customer(service, ann):
    case = CaseFactory(department=service, identity=IdentityFactory(remote_id="erased:1"))
    with pytest.raises(Invalid, match="erased"):
        reminders.remind(case.pk, ann, NOW + DAY, "Call", now=NOW)


def test_without_scripts_set_listed_and_dropped(case, ann):
    client, day = signed_in(ann), (timezone.now() + 3 * DAY).date()
    fields = {"day": day.isoformat(), "time": "10:30", "reminder": "Is the lid back?"}
    shown = client.post(reverse("inbox:remind", args=[case.pk]), fields, follow=True).content.decode()
    when = f"{day:%a} {day.day} {day:%b} 10:30"
    assert f"You will be reminded {when}." in shown and f"Reminder {when}" in shown
    page = client.get(reverse("inbox:reminders")).content.decode()
    assert "Is the lid back?" in page and when in page
    other = signed_in(UserFactory(departments=[case.department]))
    assert "Is the lid back?" not in other.get(reverse("inbox:reminders")).content.decode()
    drop = reverse("inbox:reminder_drop", args=[Reminder.objects.get().pk])
    assert other.post(drop).status_code == 404
    assert "The reminder is dropped." in client.post(drop, follow=True).content.decode()
    assert not Reminder.objects.exists()


def test_the_list_takes_as_many_statements_for_one_as_for_many(service, ann):
    def remind_of(number):
        for _ in range(number):
            reminders.remind(CaseFactory(department=service).pk, ann, timezone.now() + DAY, "", now=NOW)

    client = signed_in(ann)
    remind_of(1)
    one = count_statements(client, reverse("inbox:reminders"))
    remind_of(9)
    assert count_statements(client, reverse("inbox:reminders")) == one
