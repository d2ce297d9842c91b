"""Business time: against a walk minute by minute, by its laws, and on the days that are hard."""

from __future__ import annotations

import datetime as dt
import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.business_hours.calendar import CalendarError, compile_calendar
from tests.routing.business_hours.minute_walker import Walker

UTC = dt.UTC
OFFICE = [[540, 750], [840, 1080]]
WEEK = [OFFICE] * 5 + [[], []]
ALWAYS = [[[0, 1440]]] * 7
ZONES = {
    "Europe/Berlin": ("DE", ["", "BE", "BY"]),
    "America/New_York": ("US", ["", "NY"]),
    "Australia/Lord_Howe": ("AU", ["", "NSW"]),
}
#: Days around which the clocks change in these zones.
CHANGES = [
    *(dt.date(2026, 3, 29), dt.date(2026, 10, 25)),
    *(dt.date(2026, 3, 8), dt.date(2026, 11, 1)),
    *(dt.date(2026, 4, 5), dt.date(2026, 10, 4)),
]


def calendar(zone="Europe/Berlin", week=WEEK, **more):
    return compile_calendar({"time_zone": zone, "week": week, **more})


def utc(*parts):
    return dt.datetime(*parts, tzinfo=UTC)


def hours(count):
    return dt.timedelta(hours=count)


def random_day(dice):
    """Up to three intervals that do not overlap; the last may go past midnight."""
    count = dice.choice([0, 1, 1, 2, 2, 3])
    edges = sorted(dice.sample(range(1440), 2 * count))
    day = [[edges[n], edges[n + 1]] for n in range(0, 2 * count, 2)]
    if day and dice.random() < 0.3:
        day[-1][1] = 1440 + dice.randrange(0, day[0][0] + 1) if day[0][0] else 1440
    return day


def random_snapshot(dice):
    zone = dice.choice(list(ZONES))
    country, parts = ZONES[zone]
    with_holidays = dice.random() < 0.5
    around = dice.choice(CHANGES) + dt.timedelta(days=dice.randrange(-3, 4))
    return {
        "time_zone": zone,
        "week": dice.choice([WEEK, ALWAYS, [[[1320, 1560]]] * 7, [random_day(dice) for _ in range(7)]]),
        "country": country if with_holidays else "",
        "subdivision": dice.choice(parts) if with_holidays else "",
        "closed": [(around + dt.timedelta(days=4)).isoformat()] if dice.random() < 0.3 else [],
        "special": {around.isoformat(): random_day(dice)} if dice.random() < 0.3 else {},
    }


def random_moment(dice):
    if dice.random() < 0.6:
        day = dice.choice(CHANGES) + dt.timedelta(days=dice.choice([-2, -1, -1, 0, 0, 1]))
    else:
        day = dt.date(2026, 1, 1) + dt.timedelta(days=dice.randrange(0, 365))
    second = dice.choice([0, 0, dice.randrange(86_400)])
    return dt.datetime.combine(day, dt.time(), UTC) + dt.timedelta(
        minutes=dice.randrange(1440), seconds=second
    )


@pytest.mark.slow
def test_a_thousand_cases_agree_with_a_walk_minute_by_minute():
    dice, compared = random.Random(20260329), 0
    for _ in range(1_000):
        snapshot, at = random_snapshot(dice), random_moment(dice)
        walker, compiled = Walker(snapshot), compile_calendar(snapshot)
        duration = dt.timedelta(minutes=dice.randrange(0, 900), seconds=dice.choice([0, 0, 29]))
        assert compiled.is_open(at) == walker.is_open(at), (snapshot, at)
        due = walker.add(at, duration)
        if due is None:
            continue
        assert compiled.add(at, duration) == due, (snapshot, at, duration)
        assert compiled.between(at, due) == walker.between(at, due) == duration, (snapshot, at, duration)
        compared += 1
    assert compared > 900


moments = st.datetimes(
    dt.datetime(2020, 1, 1),  # noqa: DTZ001
    dt.datetime(2028, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
snapshots = st.integers(0, 10**9).map(lambda seed: random_snapshot(random.Random(seed)))
durations = st.timedeltas(dt.timedelta(), dt.timedelta(hours=200))


@settings(deadline=None)
@given(snapshots, moments, durations)
def test_a_due_time_is_never_before_its_start_and_is_at_the_end_of_open_time(snapshot, at, duration):
    compiled = compile_calendar(snapshot)
    due = compiled.add(at, duration)
    if due is None:
        assert not any(snapshot["week"])
        return
    assert due >= at
    assert due.utcoffset() == dt.timedelta()
    if duration:
        assert compiled.is_open(due - dt.timedelta(microseconds=1))
    assert compiled.between(at, due) == duration


@settings(deadline=None)
@given(snapshots, moments, st.timedeltas(dt.timedelta(), dt.timedelta(days=60)), st.floats(0, 1))
def test_time_between_adds_up_and_add_undoes_it(snapshot, start, length, share):
    compiled = compile_calendar(snapshot)
    middle, end = start + length * share, start + length
    passed = compiled.between(start, end)
    assert dt.timedelta() <= passed <= length
    assert passed == compiled.between(start, middle) + compiled.between(middle, end)
    assert compiled.between(end, start) == -passed
    again = compiled.add(start, passed)
    assert again is not None
    assert again <= end
    assert not compiled.between(again, end)


@settings(deadline=None)
@given(snapshots, moments, durations, durations)
def test_a_longer_target_is_never_due_earlier(snapshot, at, one, other):
    compiled = compile_calendar(snapshot)
    first, second = (compiled.add(at, each) for each in sorted((one, other)))
    assert second is None or first <= second


def test_split_shifts_pause_at_noon():
    # Wednesday, 11:30 in Berlin: an hour until the break, the second one after it.
    assert calendar().add(utc(2026, 11, 18, 10, 30), hours(2)) == utc(2026, 11, 18, 14, 0)


def test_what_ends_with_the_day_is_due_when_it_closes():
    assert calendar().add(utc(2026, 11, 18, 16, 0), hours(1)) == utc(2026, 11, 18, 17, 0)
    assert calendar().add(utc(2026, 11, 18, 16, 0), hours(1) + dt.timedelta(seconds=1)) == utc(
        2026, 11, 19, 8, 0, 1
    )


def test_friday_night_goes_on_on_a_saturday_that_is_closed():
    night = calendar(week=[[], [], [], [], [[1320, 1560]], [], []], closed=["2026-11-21"])
    assert night.is_open(utc(2026, 11, 21, 0, 30))
    assert not night.is_open(utc(2026, 11, 21, 1, 0))
    assert night.add(utc(2026, 11, 20, 12, 0), hours(4)) == utc(2026, 11, 21, 1, 0)


def test_a_holiday_closes_and_a_special_day_opens_it_again():
    at = utc(2026, 12, 24, 17, 0)  # the evening before Christmas, a Thursday
    assert calendar(country="DE").add(at, hours(1)) == utc(2026, 12, 28, 9, 0)
    special = {"2026-12-25": [[600, 720]]}
    assert calendar(country="DE", special=special).add(at, hours(1)) == utc(2026, 12, 25, 10, 0)


def test_holidays_differ_by_subdivision():
    at = utc(2026, 3, 9, 9, 0) - dt.timedelta(days=1)
    sundays = [[]] * 6 + [OFFICE]
    assert calendar(week=sundays, country="DE").is_open(at)
    assert not calendar(week=sundays, country="DE", subdivision="BE").is_open(at)


def test_the_hour_that_is_skipped_does_not_count_and_the_hour_that_comes_twice_counts_twice():
    nights = calendar(week=[[[60, 240]]] * 7)  # 1:00 to 4:00
    assert nights.between(utc(2026, 3, 28, 12), utc(2026, 3, 29, 12)) == hours(2)
    assert nights.between(utc(2026, 10, 24, 12), utc(2026, 10, 25, 12)) == hours(4)
    assert calendar(week=ALWAYS).between(utc(2026, 3, 28), utc(2026, 3, 31)) == hours(72)


def test_an_interval_inside_the_skipped_hour_is_no_time_that_day():
    skipped = calendar(week=[[[120, 180]]] * 7)
    assert not skipped.between(utc(2026, 3, 28, 12), utc(2026, 3, 29, 12))
    assert (
        calendar("Australia/Lord_Howe", [[[120, 150]]] * 7).between(utc(2026, 10, 3, 3), utc(2026, 10, 4, 3))
        == dt.timedelta()
    )


def test_an_interval_that_ends_inside_the_repeated_hour_is_open_twice():
    twice = calendar(week=[[[120, 150]]] * 7)
    assert [twice.is_open(utc(2026, 10, 25, *at)) for at in ((0, 10), (0, 40), (1, 10), (1, 40))] == [
        True, False, True, False,
    ]  # fmt: skip


@pytest.mark.parametrize("zone", ["Pacific/Apia", "America/St_Johns", "Africa/Casablanca", "Asia/Kathmandu"])
def test_odd_zones_agree_with_the_walk(zone):
    snapshot = {"time_zone": zone, "week": [[[1380, 1500]], *[[[0, 90], [600, 1410]]] * 6]}
    for start in (utc(2011, 12, 28, 7), utc(2010, 11, 6, 12), utc(2026, 3, 20, 3, 17)):
        due = Walker(snapshot).add(start, hours(40))
        assert compile_calendar(snapshot).add(start, hours(40)) == due


@pytest.mark.parametrize(
    "snapshot",
    [
        {"week": [[]] * 7},
        {"week": [[]] * 7, "special": {"2026-12-24": [[600, 610]]}},
        {"week": [[]] * 7, "country": "DE", "closed": ["2026-12-24"]},
    ],
)
def test_a_calendar_that_is_never_open_has_no_due_time(snapshot):
    started = time.thread_time()
    assert (
        compile_calendar({"time_zone": "Europe/Berlin", **snapshot}).add(utc(2026, 11, 18), hours(1)) is None
    )
    assert time.thread_time() - started < 2


def test_a_far_special_day_is_found():
    due = calendar(week=[[]] * 7, special={"2036-01-02": [[600, 720]]}).add(utc(2026, 11, 18), hours(2))
    assert due == utc(2036, 1, 2, 11)


def test_what_takes_longer_than_fifty_years_has_no_due_time():
    assert calendar().add(utc(2026, 11, 18), dt.timedelta.max) is None
    assert calendar().add(dt.datetime.max.replace(tzinfo=UTC), hours(1)) is None
    assert calendar().between(dt.datetime.min.replace(tzinfo=UTC), utc(1, 1, 20)) >= dt.timedelta()


def test_it_refuses_negative_time():
    with pytest.raises(ValueError, match="negative"):
        calendar().add(utc(2026, 11, 18), -hours(1))


def test_a_year_takes_less_than_a_millisecond():
    year = calendar(country="DE")
    start = utc(2026, 1, 1)
    duration = year.between(start, utc(2027, 1, 1))
    fastest = min(_timed(lambda: year.add(start, duration)) for _ in range(20))
    assert fastest < 0.001


def _timed(what):
    started = time.thread_time()
    what()
    return time.thread_time() - started


def test_a_day_is_described():
    year = calendar(country="DE", closed=["2026-12-24"], special={"2026-12-31": [[540, 720]]})
    kinds = {
        day: year.describe_day(dt.date(2026, *day))
        for day in ((12, 24), (12, 25), (12, 31), (12, 30), (3, 29))
    }
    assert [kinds[day].kind for day in kinds] == ["closed", "holiday", "special", "week", "week"]
    assert kinds[12, 25].name == "Christmas Day"
    assert kinds[12, 31].intervals == ((540, 720),)
    assert [kinds[3, 29].shift, kinds[12, 24].shift] == [60, 0]
    assert calendar().describe_day(dt.date(2026, 10, 25)).shift == -60


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"time_zone": "Europe/Atlantis"}, "There is no time zone “Europe/Atlantis”."),
        ({"time_zone": "../../etc/passwd"}, "no time zone"),
        ({"time_zone": None}, "no time zone"),
        ({"week": [OFFICE] * 6}, "seven days"),
        ({"week": [[[600, 540]]] * 7}, r"\[600, 540\] is no interval"),
        ({"week": [[[0, 1441]]] * 7}, "no interval"),
        ({"week": [[[540, 700], [690, 720]]] * 7}, "overlap"),
        ({"week": [[["a", 1]]] * 7}, "pairs of minutes"),
        ({"country": "XX"}, "no public holidays for the country “XX”"),
        ({"country": "DE", "subdivision": "ZZ"}, "no subdivision “ZZ”. It has BB, BE"),
        ({"subdivision": "BE"}, "needs its country"),
        ({"closed": ["24.12."]}, "“24.12.” is not a day"),
        ({"special": {"2026-12-24": []}, "closed": ["2026-12-24"]}, "both closed and open"),
    ],
)
def test_what_is_no_calendar_is_refused_with_its_reason(change, words):
    with pytest.raises(CalendarError, match=words):
        compile_calendar({"time_zone": "Europe/Berlin", "week": WEEK, **change})
