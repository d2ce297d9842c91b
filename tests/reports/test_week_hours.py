"""The map of hours and weekdays: local hours over both clock changes, the roster beside them, and the lists behind its cells."""

from __future__ import annotations

import datetime as dt
import re
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.http import QueryDict

from accounts.models import Role, Shift
from reports.behind.lists import fetch_page
from reports.behind.numbers import list_behind
from reports.exports.page_tables import read_tables
from reports.filters import Filters
from reports.measures.hours.roster import roster_hours
from reports.measures.hours.week import week_hours
from reports.periods import read_period
from reports.rollups.times import week_hours as kept
from tests.factories import BrandAccountFactory, CaseFactory, DepartmentFactory, MessageFactory, UserFactory
from tests.inbox.page_requests import signed_in

pytestmark = pytest.mark.django_db
BERLIN, KATHMANDU = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kathmandu")
HOUR, MINUTE = dt.timedelta(hours=1), dt.timedelta(minutes=1)
NOW = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)


def at(text):
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def billing():
    return DepartmentFactory(name="Billing")


@pytest.fixture
def manager(billing):
    return UserFactory(role=Role.MANAGER, departments=[billing])


def write(billing, when, answered_after=None, **case):
    """A customer writes, and perhaps we answer."""
    one = CaseFactory(department=billing, created_at=when, activity_at=when, **case)
    MessageFactory(case=one, network_time=when, received_at=when, needs_answer=True)
    if answered_after is not None:
        MessageFactory(
            case=one, direction="out", network_time=when + answered_after, received_at=when + answered_after
        )
    return one


#: Moment (UTC), zone, hour of the week on the wall clock.
MOMENTS = [
    ("2026-03-29T00:59", BERLIN, 6 * 24 + 1),
    ("2026-03-29T01:00", BERLIN, 6 * 24 + 3),
    ("2026-10-25T00:30", BERLIN, 6 * 24 + 2),
    ("2026-10-25T01:30", BERLIN, 6 * 24 + 2),
    ("2026-10-25T23:00", BERLIN, 0),
    ("2026-11-15T22:59", BERLIN, 6 * 24 + 23),
    ("2026-11-15T18:20", KATHMANDU, 0),
    ("2026-11-15T18:10", KATHMANDU, 6 * 24 + 23),
]


def test_hours_are_those_of_the_readers_clock_over_both_changes(billing, manager):
    for moment, _, _ in MOMENTS:
        write(billing, at(moment), answered_after=10 * MINUTE)
    for moment, zone, hour in MOMENTS:
        day = at(moment).astimezone(zone).date()
        period = read_period({"period": f"{day}"}, NOW, zone)
        of_day = [one for one, _, _ in MOMENTS if at(one).astimezone(zone).date() == day]
        for count in (week_hours, kept.week_hours):
            hours = count(manager, period, Filters(), now=NOW)
            assert hours.arrivals[hour] >= 1, (moment, count)
            assert sum(hours.arrivals.values()) == sum(hours.answers.values()) == len(of_day)
    twice = kept.week_hours(manager, read_period({"period": "2026-10-25"}, NOW, BERLIN), Filters(), now=NOW)
    assert twice.arrivals[6 * 24 + 2] == 2, "the hour that comes twice is one"


def test_answers_and_long_waits_stand_in_their_own_hours(billing, manager):
    period = read_period({"period": "2026-W47"}, NOW, BERLIN)
    monday = at("2026-11-16T08:50")  # 09:50
    write(billing, monday, answered_after=15 * MINUTE)
    write(billing, monday, answered_after=HOUR + 29 * dt.timedelta(seconds=1))
    write(billing, monday, answered_after=2 * HOUR)
    # Shown as 25 hours, which would be in another hour.
    write(billing, monday, answered_after=25 * HOUR + 15 * MINUTE)
    write(billing, monday, closed_at=monday + HOUR, status="resolved")
    write(billing, at("2026-11-22T12:00"))
    for count in (week_hours, kept.week_hours):
        hours = count(manager, period, Filters(), now=NOW)
        assert hours.arrivals == {9: 5, 6 * 24 + 13: 1}
        assert hours.answers == {10: 2, 11: 1, 24 + 11: 1}, "an answer counts in the hour in which we gave it"
        assert hours.waits == {9: 3, 6 * 24 + 13: 1}, "one hour, as it is shown, is not over an hour"


def test_the_roster_says_in_which_hours_somebody_is_on_point(manager):
    ann = UserFactory()
    berlin, tokyo = (
        BrandAccountFactory(time_zone="Europe/Berlin"),
        BrandAccountFactory(time_zone="Asia/Tokyo"),
    )
    Shift.objects.create(
        brand_account=berlin, weekday=0, starts_at=dt.time(8), ends_at=dt.time(12, 30), primary=ann
    )
    Shift.objects.create(
        brand_account=tokyo, weekday=6, starts_at=dt.time(9), ends_at=dt.time(11), primary=ann
    )
    period = read_period({"period": "2026-W47"}, NOW, BERLIN)
    found = roster_hours(manager, period, Filters(), now=NOW)
    assert found.monday == dt.date(2026, 11, 16)
    assert found.covered == {8, 9, 10, 11, 12, 6 * 24 + 1, 6 * 24 + 2}
    only = roster_hours(manager, period, Filters(brand_account_ids=(tokyo.pk,)), now=NOW)
    assert only.covered == {6 * 24 + 1, 6 * 24 + 2}
    change = read_period({"period": "2026-W13"}, NOW, BERLIN)  # the week in which clocks go forward
    assert roster_hours(manager, change, Filters(), now=NOW).covered == {
        8,
        9,
        10,
        11,
        12,
        6 * 24 + 1,
        6 * 24 + 3,
    }


def count_behind(user, href):
    query = QueryDict(href.partition("?")[2])
    behind = list_behind(user, read_period(query, NOW, BERLIN), Filters(), query, now=NOW)
    return fetch_page(behind, user, "", 1, zone=BERLIN).total


def test_every_cell_opens_as_many_exchanges_as_it_counts(billing, manager, settings):
    settings.DISPLAY_TIME_ZONE = "Europe/Berlin"
    monday = at("2026-11-16T08:50")
    for n, answered in enumerate((15 * MINUTE, 3 * HOUR, None, 2 * HOUR, 70 * MINUTE, 90 * MINUTE)):
        write(billing, monday + n * 3 * MINUTE, answered_after=answered)
    write(billing, at("2026-11-20T23:30"), answered_after=MINUTE)
    client = signed_in(manager)
    for what in ("arrivals", "answers", "waits"):
        page = client.get(f"/reports/?period=2026-W47&hours_of={what}").content.decode()
        (table,) = [table for table in read_tables(page) if table.key == "hours-table"]
        of_table = sum(sum(cell for cell in row[1:8] if cell) for row in table.rows[:24])
        drawn = {"wide": 0, "narrow": 0}
        for kind in drawn:
            (svg,) = re.findall(rf'<svg class="chart week {kind}".*?</svg>', page, re.DOTALL)
            cells = re.findall(r'<a href="([^"]*)".*?<title>[^<]*?: ([0-9,]+) ', svg, re.DOTALL)
            assert cells
            for href, number in cells:
                assert count_behind(manager, href.replace("&amp;", "&")) == int(number), (what, href)
                drawn[kind] += int(number)
        assert drawn["wide"] == drawn["narrow"] == of_table == {"arrivals": 7, "answers": 6, "waits": 5}[what]
    assert "most waited over 1 h; nobody on point" in client.get("/reports/?period=2026-W47").content.decode()
    for wrong in (
        "weekday=7&hour=1",
        "weekday=0&hour=24",
        "weekday=0",
        "weekday=0&hour=23&hours=2",
        "weekday=²&hour=1",
    ):
        assert client.get(f"/reports/cases/?of=hour&{wrong}").status_code == 404
    drawing = client.get(
        "/reports/export/chart.svg?board=response&chart=hours-chart&hours_of=answers"
    ).content.decode()
    assert "of answers are given" in drawing and "color-mix" not in drawing
