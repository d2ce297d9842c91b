"""Notices by e-mail: once, not when read, not in quiet hours, by case, without quotes; failures are tried again."""

from __future__ import annotations

import datetime as dt
import smtplib

import pytest
from django.core import mail
from django.urls import reverse

from accounts.models import Role
from inbox.models import Case, Notice, NoticeChoice, NoticeKind, NoticeMail, NoticeSettings
from inbox.notices import notify
from inbox.notices.mails import send_notice_mails
from tests.factories import NOW, CaseFactory, DepartmentFactory, UserFactory
from tests.inbox.page_requests import signed_in

pytestmark = pytest.mark.django_db
LATER = NOW + dt.timedelta(minutes=2)


@pytest.fixture(autouse=True)
def _mail_server(settings):
    settings.EMAIL_URL = "smtp://mail.example"
    settings.SITE_URL = "https://inbox.example"


@pytest.fixture
def department():
    return DepartmentFactory()


@pytest.fixture
def ann(department):
    user = UserFactory(departments=[department])
    choose(user, NoticeKind.ASSIGNED)
    return user


@pytest.fixture
def case(department):
    return CaseFactory(department=department)


def choose(user, kind, way="mail", on=True):
    NoticeChoice.objects.create(user=user, kind=kind, way=way, on=on)


def tell(user, case, key="one", kind=NoticeKind.ASSIGNED, at=NOW):
    notify.notify_users([user.pk], case.pk, kind, "She wrote: <secret>", key=key, now=at)


def test_it_is_sent_once_however_often_the_task_runs(ann, case):
    tell(ann, case)
    assert [send_notice_mails(LATER) for _ in range(3)] == [1, 0, 0]
    [sent] = mail.outbox
    assert sent.to == [ann.email]
    assert sent.subject == f"Assigned to you: case {case.pk}"
    assert f"https://inbox.example/cases/{case.pk}/" in sent.body
    assert reverse("inbox:notice_settings") in sent.body
    assert sent.extra_headers["List-Unsubscribe"] == "<https://inbox.example/notices/settings/>"


def test_it_quotes_only_for_those_who_chose_so(ann, case):
    tell(ann, case)
    send_notice_mails(LATER)
    assert "secret" not in mail.outbox[0].message().as_string()
    NoticeSettings.objects.create(user=ann, with_text=True)
    tell(ann, case, "two")
    send_notice_mails(LATER)
    assert "<secret>" in mail.outbox[1].body
    assert "&lt;secret&gt;" in mail.outbox[1].alternatives[0][0]


def test_it_quotes_nothing_of_a_case_that_went_where_its_reader_may_not_look(ann, case):
    NoticeSettings.objects.create(user=ann, with_text=True)
    tell(ann, case)
    Case.objects.filter(pk=case.pk).update(department=DepartmentFactory())
    assert send_notice_mails(LATER) == 1
    [sent] = mail.outbox
    assert f"Case {case.pk}" in sent.body
    assert "secret" not in sent.body
    assert "secret" not in sent.alternatives[0].content


def test_an_address_that_no_mail_can_carry_stops_no_other_mail(ann, case, department):
    bob = UserFactory(departments=[department], email="bob@mail.example\nBcc: x@mail.example")
    choose(bob, NoticeKind.ASSIGNED)
    tell(bob, case, "bob", at=NOW - dt.timedelta(seconds=1))
    tell(ann, case)
    assert send_notice_mails(LATER) == 1
    assert [sent.to for sent in mail.outbox] == [[ann.email]]
    assert NoticeMail.objects.get(notice__user=bob).error


def test_what_came_together_is_one_mail_by_case(ann, case, department):
    for key in ("one", "two"):
        tell(ann, case, key)
    tell(ann, CaseFactory(department=department), "three")
    send_notice_mails(LATER)
    [sent] = mail.outbox
    assert sent.subject == "3 notices in Horseshoe"
    assert sent.body.count("Case ") == 2


def test_what_was_read_or_is_too_young_or_not_chosen_is_not_sent(ann, case, department):
    tell(ann, case, "read")
    notify.mark_notices_read(ann, NOW)
    tell(ann, case, "young", at=LATER)
    tell(ann, case, "not chosen", NoticeKind.SOLVED)
    tell(UserFactory(departments=[department]), case, "somebody else")
    assert send_notice_mails(LATER) == 0


def test_a_person_who_left_gets_none(ann, case):
    tell(ann, case)
    ann.is_active = False
    ann.save()
    assert send_notice_mails(LATER) == 0


def test_without_a_mail_server_nothing_is_taken_up(ann, case, settings):
    settings.EMAIL_URL = ""
    tell(ann, case)
    assert send_notice_mails(LATER) == 0
    assert not NoticeMail.objects.exists()


def test_who_decides_gets_what_is_urgent_also_in_quiet_hours(case, department):
    manager = UserFactory(role=Role.MANAGER, departments=[department])
    choose(manager, NoticeKind.ASSIGNED)
    NoticeSettings.objects.create(user=manager, quiet_from=dt.time(0), quiet_until=dt.time(23, 59))
    at = NOW.replace(hour=12)
    tell(manager, case, "urgent", NoticeKind.NOT_SENT, at=at)
    tell(manager, case, "can wait", at=at)
    assert send_notice_mails(at + dt.timedelta(minutes=2)) == 1
    assert mail.outbox[0].subject == f"Not sent: case {case.pk}"
    assert send_notice_mails(at.replace(hour=23, minute=59, second=30)) == 1
    assert mail.outbox[1].subject == f"Assigned to you: case {case.pk}"


def test_a_digest_comes_at_its_time_and_once(ann, case, department):
    user = UserFactory(departments=[department], time_zone="Europe/Berlin")
    choose(user, NoticeKind.SOLVED, "digest")
    begin = dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC)
    NoticeSettings.objects.create(user=user, digest_at=dt.time(8), digest_until=begin)
    for key in ("one", "two"):
        tell(user, case, key, NoticeKind.SOLVED, at=begin)
    assert send_notice_mails(dt.datetime(2026, 7, 2, 5, 59, tzinfo=dt.UTC)) == 0
    assert [send_notice_mails(dt.datetime(2026, 7, 2, 6, 0, tzinfo=dt.UTC)) for _ in range(2)] == [1, 0]
    assert mail.outbox[0].subject == "2 notices in Horseshoe"


def test_a_failure_is_tried_again_then_given_up_and_administrators_see_it(ann, case, monkeypatch):
    def refuse(self, **options):
        raise smtplib.SMTPServerDisconnected("She wrote: <secret>")

    tell(ann, case)
    now = LATER
    with monkeypatch.context() as patched:
        patched.setattr("django.core.mail.EmailMultiAlternatives.send", refuse)
        assert send_notice_mails(now) == 0
    administrator = UserFactory(role=Role.ADMINISTRATOR)
    row = NoticeMail.objects.get()
    assert (row.error, row.attempts) == ("SMTPServerDisconnected", 1)
    assert send_notice_mails(now + dt.timedelta(seconds=59)) == 0
    assert send_notice_mails(now + dt.timedelta(minutes=1)) == 1
    Notice.objects.update(at=dt.datetime.now(dt.UTC))
    NoticeMail.objects.update(error="SMTPServerDisconnected", next_at=None, sent_at=None)
    shown = signed_in(administrator).get(reverse("inbox:notice_settings")).content.decode()
    assert "SMTPServerDisconnected" in shown
    assert "given up after 5 attempts" in shown
    assert (
        "SMTPServerDisconnected" not in signed_in(ann).get(reverse("inbox:notice_settings")).content.decode()
    )


def test_after_the_fifth_failure_it_is_given_up(ann, case, monkeypatch):
    def refuse(self, **options):
        raise ConnectionRefusedError

    monkeypatch.setattr("django.core.mail.EmailMultiAlternatives.send", refuse)
    tell(ann, case)
    for hour in range(8):
        send_notice_mails(LATER + hour * dt.timedelta(hours=3))
    row = NoticeMail.objects.get()
    assert (row.attempts, row.next_at) == (5, None)
