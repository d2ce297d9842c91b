"""The time on point of any span: as the shifts say minute by minute, over both clock changes, however long."""

from __future__ import annotations

import datetime as dt
import random
from zoneinfo import ZoneInfo

import pytest

from accounts.models import BrandAccount
from accounts.roster.planning import Roster
from accounts.roster.point_time import measure_point_time, sum_turns
from accounts.shifts import PlainShift, measure_coverage, promised_spans, split_into_segments

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


def roster_at_random(dice, zone):
    shifts = []
    for number in range(dice.randrange(1, 7)):
        starts = dice.randrange(0, 1440, 30)
        plain = {"starts": starts, "ends": starts + dice.randrange(30, 900, 30)}
        day = dt.date(2026, 10, 1) + dice.randrange(50) * DAY
        when = dice.choice((
            {"weekday": dice.randrange(7)}, {"date": day}, {"weekday": dice.randrange(7), "valid_from": day},
            {"weekday": dice.randrange(7), "valid_until": day},
        ))  # fmt: skip
        shifts.append(PlainShift(number, primary_id=dice.choice((1, 2, None)), **plain, **when))
    return Roster(zone, shifts)


@pytest.mark.parametrize("name", ["Europe/Berlin", "America/New_York", "Asia/Tokyo", "Australia/Lord_Howe"])
def test_weeks_computed_once_are_those_computed_each_time(name):
    dice, zone = random.Random(name), ZoneInfo(name)
    for _ in range(30):
        roster = roster_at_random(dice, zone)
        hours = dice.choice(([], [[0, 480, 1080], [3, 600, 1500]]))
        account = BrandAccount(promised_hours=hours)
        start = dt.datetime(2026, 10, 1, tzinfo=dt.UTC) + dice.randrange(600) * HOUR
        end = start + dice.randrange(1, 900) * HOUR
        found = measure_point_time(account, roster, start, end)
        parts = split_into_segments(roster.shifts, zone, start, end)
        coverage = measure_coverage(parts, promised_spans([tuple(each) for each in hours], zone, start, end))
        assert (found.promised, found.covered) == (coverage.promised, coverage.covered)
        by_person = {}
        for part in parts:
            if part.primary_id is not None:
                by_person[part.primary_id] = (
                    by_person.get(part.primary_id, dt.timedelta()) + part.end - part.start
                )
        assert sum_turns(found.turns) == by_person


def test_hours_for_two_accounts_at_once_count_once():
    at = dt.datetime(2026, 11, 2, 8, tzinfo=dt.UTC)
    turns = [(1, at, at + 8 * HOUR), (1, at + 2 * HOUR, at + 3 * HOUR), (1, at + 6 * HOUR, at + 10 * HOUR),
             (2, at, at + HOUR)]  # fmt: skip
    assert sum_turns(turns) == {1: 10 * HOUR, 2: HOUR}


def test_nothing_is_measured_before_it_begins():
    at = dt.datetime(2026, 11, 2, 8, tzinfo=dt.UTC)
    found = measure_point_time(BrandAccount(), Roster(ZoneInfo("UTC")), at, at - HOUR)
    assert (found.promised, found.covered, found.turns) == (dt.timedelta(), dt.timedelta(), ())
