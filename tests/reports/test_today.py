"""Today's page: what waits, what is urgent, what arrived, which account is not read; each number with its list."""

from __future__ import annotations

import datetime as dt
import re
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.models import BrandAccountGrant, Health, Role, Shift, Trouble, TroubleKind
from inbox.models import Visibility
from reports.exports.page_tables import read_tables
from reports.measures.local_times import list_hours, same_time
from reports.rollups.arrivals import find_usual
from tests.factories import (
    NOW,
    BrandAccountFactory,
    CaseFactory,
    DepartmentFactory,
    MessageFactory,
    StreamFactory,
    UserFactory,
)
from tests.inbox.page_requests import HTMX, count_statements
from tests.markup import squeezed

pytestmark = pytest.mark.django_db
MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)
#: Session, sign-in, navigation and the freshness of the roll-ups included; what was read before may be remembered.
MOST_STATEMENTS = 15


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


class Desk:
    """Billing and Service with what waits there, and one account."""

    def __init__(self):
        self.billing, self.service = (DepartmentFactory(name=name) for name in ("Billing", "Service"))
        self.brand = BrandAccountFactory(handle="kettle", network="x", answers_until=NOW + DAY)
        StreamFactory(brand_account=self.brand, last_success_at=NOW - MINUTE, next_poll_at=NOW + MINUTE)
        self.manager = UserFactory(role=Role.MANAGER, departments=[self.billing, self.service])

    def waits(self, department, since, due=None, **fields):
        """Add an exchange that waits since so long, due so long from now (negative: over)."""
        at = NOW - since
        due_at = None if due is None else NOW + due
        case = CaseFactory(
            department=department,
            brand_account=self.brand,
            created_at=at,
            activity_at=at,
            waiting_since=at,
            exchange_from=at,
            first_response_due_at=due_at,
            next_due_at=due_at,
            **fields,
        )
        MessageFactory(case=case, network_time=at, received_at=at, needs_answer=True)
        return case

    def page(self, user=None, name="reports:today", **query):
        client = Client()
        client.force_login(user or self.manager)
        answer = client.get(reverse(name), query)
        assert answer.status_code == 200
        return answer.content.decode()

    def number_behind(self, href, user=None):
        client = Client()
        client.force_login(user or self.manager)
        page = squeezed(client.get(href).content.decode())
        found = re.search(r'<b class="num">([\d,]+)</b>', page)
        return int(found[1]) if found else 0


@pytest.fixture
def desk(db):
    return Desk()


def figures(page):
    """Return each large number by its label."""
    found = re.findall(r'<p>([^<]+)</p>\s*<p class="big num">(?:<a href="([^"]*)">|<bdi>)?([^<]*)', page)
    return {label: (value, href.replace("&amp;", "&")) for label, href, value in found}


def table(page, key):
    return next(each for each in read_tables(page) if each.key == key)


def fill(desk):
    desk.waits(desk.billing, 50 * HOUR, -49 * HOUR)
    desk.waits(desk.billing, 5 * HOUR, -HOUR, assignee=desk.manager)
    desk.waits(desk.service, 3 * HOUR, 22 * MINUTE)
    desk.waits(desk.service, 90 * MINUTE, 40 * MINUTE, assignee=desk.manager)
    desk.waits(desk.service, 10 * MINUTE, 4 * HOUR)
    desk.waits(desk.service, 10 * MINUTE)


def test_every_number_opens_as_many_as_it_counts(desk):
    fill(desk)
    page = desk.page()
    found = figures(page)
    assert found["Unanswered now"][0] == "6"
    assert found["Due in the next hour"][0] == "2"
    assert found["Longest wait"][0] == "2 d 2 h"
    assert found["Arrived today"][0] == "5", "all but the oldest"
    for label in ("Unanswered now", "Due in the next hour", "Arrived today"):
        value, href = found[label]
        assert desk.number_behind(href) == int(value), label
    ages = table(page, "ages-table")
    assert ages.rows[-1][1:] == [2, None, 1, 1, 1, 1, 6, 2, 2]
    assert [row[0] for row in ages.rows] == ["Billing", "Service", "All departments"]
    links = re.findall(r'<a href="([^"]*of=unanswered[^"]*)">(?:<data value="[^"]*">)?([\d,]+)<', page)
    assert len(links) > 15
    for href, shown in links:
        assert desk.number_behind(href.replace("&amp;", "&")) == int(shown), href
    nobody = re.search(r'href="([^"]*assigned=no[^"]*)">1 of them with nobody', page)
    assert desk.number_behind(nobody[1].replace("&amp;", "&")) == 1


def test_most_urgent_is_what_is_furthest_over_then_what_is_due_next(desk):
    fill(desk)
    page = desk.page()
    targets = [row[-1] for row in table(page, "urgent-table").rows]
    assert [round(seconds) for seconds in map(int, targets)] == [-49 * 3600, -3600, 22 * 60, 40 * 60]
    assert "4 of 4 that are over or due within the hour" in squeezed(page)
    assert (
        "2 answers are over target; the oldest customer has waited 2 d 2 h. All of them are in Billing."
        in re.sub("<[^>]+>", "", squeezed(page))
    )


def test_nothing_waits_and_nothing_ever_came(desk):
    page = squeezed(desk.page())
    assert "Nobody waits for an answer." in page
    assert "No answer is over its target, and none is due within the hour." in page
    assert "fewer than three Wednesdays to compare with" in page
    assert 'aria-label="What is wrong now"' not in page


def test_each_reader_counts_their_own(desk):
    fill(desk)
    secret = desk.waits(desk.billing, HOUR, -MINUTE, visibility=Visibility.DIRECT, preview="my pin is 4711")
    billing_only = UserFactory(role=Role.MANAGER, departments=[desk.billing])
    analyst = UserFactory(role=Role.ANALYST, departments=[desk.billing])
    community = UserFactory(role=Role.COMMUNITY)
    BrandAccountGrant.objects.create(user=community, brand_account=desk.brand)
    cases = [
        (desk.manager, "7", True),
        (billing_only, "3", True),
        (analyst, "2", False),
        (community, "7", True),
        (UserFactory(role=Role.AGENT, departments=[desk.service]), "4", False),
        (UserFactory(role=Role.ADMINISTRATOR), "6", False),
        (UserFactory(role=Role.AGENT), "0", False),
    ]
    for user, count, reads in cases:
        page = desk.page(user)
        value, href = figures(page)["Unanswered now"]
        assert (value, desk.number_behind(href, user)) == (count, int(count)), user.role
        assert ("my pin is 4711" in page) is reads, user.role
        assert (reverse("inbox:case", args=[secret.pk]) in page) is reads


def test_the_wall_names_no_customer(desk):
    fill(desk)
    desk.waits(desk.billing, HOUR, -MINUTE, visibility=Visibility.DIRECT, preview="my pin is 4711")
    names = {case.identity.display_name for case in desk.billing.cases.all()}
    page = desk.page(name="reports:wall")
    assert "my pin is 4711" not in page
    assert not any(name in page for name in names)
    assert 'id="rail"' not in page
    assert "/cases/" not in page
    assert 'http-equiv="refresh"' in page
    assert figures(page)["Unanswered now"][0] == "7"


def test_an_account_that_is_not_read_comes_first_and_says_so(desk):
    page = squeezed(desk.page())
    assert "All are read, 1 has nobody on point." in page
    broken = BrandAccountFactory(
        handle="fern", network="facebook", health=Health.REAUTHORISE, health_since=NOW - 34 * MINUTE
    )
    Trouble.objects.create(brand_account=broken, kind=TroubleKind.REAUTHORISE, since=NOW - 34 * MINUTE)
    Shift.objects.create(
        brand_account=desk.brand,
        weekday=NOW.weekday(),
        starts_at=dt.time(8),
        ends_at=dt.time(18),
        primary=desk.manager,
    )
    page = desk.page()
    rows = table(page, "accounts-table").rows
    assert [row[0] for row in rows] == ["@fern", "@kettle"]
    assert rows[1][2] == "reads and answers"
    assert rows[1][4:] == [str(desk.manager), None, "18:00"]
    assert "@fern on Facebook is not being read" in page
    assert "since 09:26 (34 min)" in squeezed(page)
    assert "1 of 2 is not read, 1 has nobody on point." in page


def test_an_hour_that_brings_far_more_than_usual_stands_out(desk):
    for week in range(1, 9):
        for minute in range(2):
            desk.waits(desk.service, week * 7 * DAY + HOUR - minute * MINUTE)
    for n in range(9):
        desk.waits(desk.service if n else desk.billing, HOUR - n * MINUTE)
    page = desk.page()
    rows = {row[0]: row[1:] for row in table(page, "arrivals-table").rows}
    assert rows["09:00"] == [9, 2, 2, 2]
    assert rows["10:00 still running"] == [0, 0, 0, 0]
    assert rows["11:00"][0] is None
    words = re.sub("<[^>]+>", "", squeezed(page))
    assert "09:00 brought 9 new exchanges where 2 are usual. 8 of them are with Service." in words
    assert "9 so far, 7 more than usual by this time." in words
    hour = re.search(r'href="([^"]*hour=09[^"]*)">9<', page)
    assert desk.number_behind(hour[1].replace("&amp;", "&")) == 9


@pytest.mark.parametrize(
    ("day", "zone", "keys"),
    [
        ((2026, 11, 18), "UTC", [f"{n:02d}" for n in range(24)]),
        ((2026, 3, 29), "Europe/Berlin", [f"{n:02d}" for n in range(24) if n != 2]),
        ((2026, 10, 25), "Europe/Berlin", ["00", "01", "02", "02b", *(f"{n:02d}" for n in range(3, 24))]),
        ((2026, 4, 5), "Australia/Lord_Howe", ["00", "01", "01b", *(f"{n:02d}" for n in range(2, 24))]),
        ((2026, 10, 29), "Africa/Cairo", [*(f"{n:02d}" for n in range(24)), "23b"]),
    ],
)
def test_hours_of_a_day_cover_it_once(day, zone, keys):
    zone = ZoneInfo(zone)
    hours = list_hours(dt.date(*day), zone)
    assert [hour.key for hour in hours] == keys
    assert [hour.end for hour in hours[:-1]] == [hour.start for hour in hours[1:]]
    assert hours[0].start.astimezone(zone).date() == dt.date(*day)
    at = dt.datetime(2026, 11, 18, 14, 32, tzinfo=zone).astimezone(dt.UTC)
    assert same_time(at, dt.date(*day), zone).astimezone(zone).strftime("%H:%M") == "14:32"


def test_what_is_usual_needs_three_days():
    assert find_usual([4, 5]) is None
    usual = find_usual([1, 9, 4, 5, 6, 3, 2, 8])
    assert (usual.low, usual.median, usual.high) == (1, 4, 9)


def test_the_page_takes_few_statements_and_a_refresh_brings_only_its_part(desk):
    fill(desk)
    client = Client()
    client.force_login(desk.manager)
    assert count_statements(client, reverse("reports:today")) <= MOST_STATEMENTS
    for n in range(12):
        desk.waits(desk.service, n * HOUR, -n * MINUTE)
        StreamFactory(brand_account=BrandAccountFactory(), last_success_at=NOW)
    assert count_statements(client, reverse("reports:today")) <= MOST_STATEMENTS
    part = client.get(reverse("reports:today"), **HTMX).content.decode()
    assert part.lstrip().startswith('<div class="live-board"')
    assert "<html" not in part


def test_the_navigation_says_how_many_are_over(desk):
    def mark(page):
        found = re.search(r"Today <span class=\"n hot\">(.*?)</a>", page)
        return re.sub("<[^>]+>", "", found[1]) if found else ""

    assert mark(desk.page()) == ""
    fill(desk)
    desk.waits(DepartmentFactory(slug="spam"), HOUR, -HOUR)
    assert mark(desk.page()) == "▲ 2 over their target"
    assert mark(desk.page(name="reports:dashboard")) == "▲ 2 over their target"
    assert mark(desk.page(UserFactory(role=Role.ADMINISTRATOR))) == "▲ 2 over their target"
    assert mark(desk.page(UserFactory(role=Role.AGENT))) == ""


def test_tables_and_charts_are_files(desk):
    fill(desk)
    client = Client()
    client.force_login(desk.manager)
    for key in ("ages-table", "arrivals-table", "urgent-table", "accounts-table"):
        answer = client.get(reverse("reports:table_csv"), {"board": "today", "table": key})
        assert answer.status_code == 200, key
        assert answer.getvalue().count(b"\n") > 1
    for key in ("ages-chart", "arrivals-chart"):
        answer = client.get(reverse("reports:chart_svg"), {"board": "today", "chart": key})
        assert answer.status_code == 200
        assert b"<a " not in answer.content
