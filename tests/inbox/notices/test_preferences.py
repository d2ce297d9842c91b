"""How people want to be told: defaults of roles, own choices, what cannot be switched off, quiet hours, digests."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from inbox.models import DigestRhythm, NoticeChoice, NoticeKind, NoticeSettings, NoticeWay
from inbox.notices import notify
from inbox.notices.preferences import is_quiet, last_digest_time, list_kinds
from inbox.queue import counts
from tests.factories import CaseFactory, DepartmentFactory, UserFactory
from tests.inbox.page_requests import HTMX, count_statements, signed_in

BERLIN = ZoneInfo("Europe/Berlin")
SETTINGS = {"quiet_from": "", "quiet_until": "", "digest": "daily", "digest_at": "08:00"}


def utc(*parts):
    return dt.datetime(*parts, tzinfo=dt.UTC)


def quiet(begin, end):
    return NoticeSettings(quiet_from=dt.time(begin), quiet_until=dt.time(end))


@pytest.mark.parametrize(
    ("begin", "end", "now", "expected"),
    [
        (12, 13, utc(2026, 7, 1, 10, 0), True),
        (12, 13, utc(2026, 7, 1, 11, 0), False),
        (22, 7, utc(2026, 7, 1, 19, 59), False),
        (22, 7, utc(2026, 7, 1, 20, 0), True),
        (22, 7, utc(2026, 7, 1, 22, 30), True),
        (22, 7, utc(2026, 7, 2, 4, 59), True),
        (22, 7, utc(2026, 7, 2, 5, 0), False),
        # The night in which the clock goes forward: 02:00 is 03:00, and the quiet time ends an hour sooner.
        (2, 4, utc(2026, 3, 29, 0, 59), False),
        (2, 4, utc(2026, 3, 29, 1, 0), True),
        (2, 4, utc(2026, 3, 29, 1, 59), True),
        (2, 4, utc(2026, 3, 29, 2, 0), False),
        # The night in which it goes back: 02:00 to 03:00 comes twice, and both are quiet.
        (2, 4, utc(2026, 10, 24, 23, 59), False),
        (2, 4, utc(2026, 10, 25, 0, 0), True),
        (2, 4, utc(2026, 10, 25, 1, 30), True),
        (2, 4, utc(2026, 10, 25, 2, 59), True),
        (2, 4, utc(2026, 10, 25, 3, 0), False),
    ],
)
def test_quiet_hours_follow_the_clock_on_the_wall(begin, end, now, expected):
    assert is_quiet(quiet(begin, end), BERLIN, now) is expected


def test_without_quiet_hours_no_time_is_quiet():
    assert not is_quiet(NoticeSettings(), BERLIN, utc(2026, 7, 1, 1, 0))


@pytest.mark.parametrize(
    ("rhythm", "at", "now", "expected"),
    [
        (DigestRhythm.HOURLY, 8, utc(2026, 7, 1, 10, 59), utc(2026, 7, 1, 10)),
        (DigestRhythm.DAILY, 8, utc(2026, 7, 1, 5, 59), utc(2026, 6, 30, 6)),
        (DigestRhythm.DAILY, 8, utc(2026, 7, 1, 6, 0), utc(2026, 7, 1, 6)),
        (DigestRhythm.DAILY, 8, utc(2026, 12, 1, 7, 0), utc(2026, 12, 1, 7)),
        (DigestRhythm.DAILY, 2, utc(2026, 3, 29, 12, 0), utc(2026, 3, 29, 1)),
        (DigestRhythm.DAILY, 2, utc(2026, 10, 25, 12, 0), utc(2026, 10, 25, 0)),
    ],
)
def test_a_digest_is_due_by_the_clock_on_the_wall(rhythm, at, now, expected):
    chosen = NoticeSettings(digest=rhythm, digest_at=dt.time(at))
    assert last_digest_time(chosen, BERLIN, now) == expected


@pytest.fixture
def department(db):
    return DepartmentFactory()


@pytest.fixture
def ann(department):
    return UserFactory(departments=[department])


def tell(user, kind, department, key="key"):
    case = CaseFactory(department=department)
    notify.notify_users([user.pk], case.pk, kind, "Words", key=key, now=timezone.now())


def save(user, on=(), **more):
    data = SETTINGS | {"on": [f"{kind}:{way}" for kind, way in on]} | more
    return signed_in(user).post(reverse("inbox:notice_settings"), data)


def ways_of(user, kind):
    row = next(row for row in list_kinds(user) if row.kind == kind)
    return {way for way, on in row.ways if on}


@pytest.mark.django_db
@pytest.mark.parametrize("role", Role.values)
def test_every_kind_rings_by_default_and_who_decides_gets_what_is_urgent_by_mail(role):
    user = UserFactory(role=role)
    decides = role in (Role.MANAGER, Role.COMMUNITY, Role.ADMINISTRATOR)
    assert [row.kind for row in list_kinds(user)] == list(NoticeKind)
    assert ways_of(user, NoticeKind.ASSIGNED) == {NoticeWay.BELL}
    assert (NoticeWay.MAIL in ways_of(user, NoticeKind.NOT_SENT)) is decides


def test_a_kind_that_is_switched_off_is_listed_but_not_counted(ann, department):
    tell(ann, NoticeKind.SOLVED, department)
    assert counts.open_counts(ann).unread == 1
    assert save(ann, [(kind, "bell") for kind in NoticeKind if kind != NoticeKind.SOLVED]).status_code == 302
    assert counts.open_counts(ann).unread == 0
    client = signed_in(ann)
    assert 'data-unread="0"' in client.get(reverse("inbox:bell"), **HTMX).content.decode()
    shown = client.get(reverse("inbox:notices")).content.decode()
    assert "Words" in shown
    assert "(unread)" not in shown


def test_what_is_urgent_rings_whatever_is_posted(ann, department):
    save(ann, [])
    tell(ann, NoticeKind.NOT_SENT, department, "one")
    tell(ann, NoticeKind.ASSIGNED, department, "two")
    assert counts.open_counts(ann).unread == 1
    assert not NoticeChoice.objects.filter(
        kind__in=["not_sent", "unconfirmed", "trouble"], way="bell"
    ).exists()


def test_only_what_differs_from_the_defaults_is_stored_and_can_be_reset(ann):
    everything = [(kind, "bell") for kind in NoticeKind]
    save(ann, [*everything, (NoticeKind.ASSIGNED, "mail")], quiet_from="22:00", quiet_until="07:00")
    assert list(NoticeChoice.objects.values_list("kind", "way", "on")) == [("assigned", "mail", True)]
    assert ann.notice_settings.quiet_from == dt.time(22)
    signed_in(ann).post(reverse("inbox:notice_settings_reset"))
    assert not NoticeChoice.objects.exists()
    assert not NoticeSettings.objects.exists()


@pytest.mark.parametrize(("begin", "end"), [("22:00", ""), ("", "07:00"), ("22:00", "22:00"), ("x", "07:00")])
def test_quiet_hours_without_both_ends_are_refused_and_nothing_is_stored(ann, begin, end):
    assert save(ann, quiet_from=begin, quiet_until=end).status_code == 422
    assert not NoticeSettings.objects.exists()


def test_the_page_names_every_kind_and_what_cannot_be_switched_off(ann, settings):
    settings.EMAIL_URL = ""
    shown = signed_in(ann).get(reverse("inbox:notice_settings")).content.decode()
    for kind in NoticeKind:
        assert kind.label in shown
    assert shown.count("disabled>") == 3
    assert "No mail server is set up" in shown


def test_choices_add_no_statement_to_a_page(ann):
    client = signed_in(ann)
    before = count_statements(client, "/notices/")
    save(ann, [], quiet_from="22:00", quiet_until="07:00")
    assert count_statements(signed_in(ann), "/notices/") == before
