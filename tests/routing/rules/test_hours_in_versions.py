"""Rules that ask for business hours: a version keeps the hours it decided by, and new hours make a new version."""

from __future__ import annotations

import datetime as dt

import pytest

from routing.facts import Facts
from routing.models import Rule, RuleSetVersion
from routing.rules import editing, versions
from routing.rules.editing import RuleContent
from routing.service_levels.editing import CalendarInUse, delete_calendar, save_calendar
from tests.factories import NOW

DAY = [[[540, 1020]]] * 7
NIGHT = [[[1320, 1500]]] * 7


@pytest.fixture
def office(company):
    calendar = save_calendar(None, "Office", {"time_zone": "UTC", "week": DAY}, None, NOW)
    hours = {"field": "hours", "calendar": str(calendar.pk), "is": "open"}
    editing.add_rule(RuleContent("By day", {"all": [hours]}, company.billing), company.manager, "", NOW)
    return calendar


def at(hour, day=18):
    return Facts("hello", "x", "mentions", "x:1", NOW.replace(day=day, hour=hour))


def test_new_hours_are_a_new_version_and_the_old_one_decides_as_it_did(office):
    assert versions.live_rules().version == 4
    assert versions.replay_decision(at(10), 4).department == "billing"
    assert versions.replay_decision(at(23), 4).department == "service"
    later = NOW + dt.timedelta(hours=6)
    save_calendar(office, "Office", {"time_zone": "UTC", "week": NIGHT}, None, later)
    newest = RuleSetVersion.objects.first()
    assert (newest.number, newest.note) == (5, "Calendar “Office”")
    # New hours hold from when they were made: what was written before goes by the old ones.
    assert versions.replay_decision(at(10), 5).department == "billing"
    assert versions.replay_decision(at(10, day=19), 5).department == "service"
    assert versions.replay_decision(at(23, day=19), 5).department == "billing"
    assert versions.replay_decision(at(10, day=19), 4).department == "billing"


def test_a_calendar_that_a_rule_asks_cannot_be_deleted(office):
    with pytest.raises(CalendarInUse, match="used by the rules “By day”"):
        delete_calendar(office.pk, None, NOW)
    editing.delete_rule(Rule.objects.get(name="By day").key, None, NOW)
    delete_calendar(office.pk, None, NOW)


def test_a_calendar_that_no_rule_asks_makes_no_version(company):
    save_calendar(None, "Office", {"time_zone": "UTC", "week": DAY}, None, NOW)
    assert RuleSetVersion.objects.first().number == 3


def test_the_editor_offers_calendars_and_says_their_hours(client, office, company):
    client.force_login(company.manager)
    body = client.get(f"/rules/{Rule.objects.get(name='By day').key}/").content.decode()
    assert ">Office</option>" in body
    assert "within the hours “Office”" in body
