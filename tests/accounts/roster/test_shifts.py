"""Who is on point when: nights, daylight saving, dates before weeks, gaps and coverage, checked minute by minute."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.shifts import (
    PlainShift,
    find_on_point_ids,
    list_occurrences,
    measure_coverage,
    promised_spans,
    segment_at,
    shifts_overlap,
    split_into_segments,
    wall_clock_to_utc,
)
from config.testing.quick import scale_examples

UTC = ZoneInfo("UTC")
BERLIN = ZoneInfo("Europe/Berlin")
MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)
#: A Monday.
MONDAY = dt.date(2026, 11, 16)
ADA, BO, CY = 1, 2, 3


def weekly(weekday, starts, ends, primary=ADA, **about):
    return PlainShift(about.pop("id", 1), starts * 60, ends * 60, primary, weekday=weekday, **about)


def dated(date, starts, ends, primary=BO, **about):
    return PlainShift(about.pop("id", 2), starts * 60, ends * 60, primary, date=date, **about)


def at(day, hour, minute=0, zone=UTC, fold=0):
    return dt.datetime.combine(day, dt.time(hour, minute, fold=fold), tzinfo=zone)


def test_the_backup_stands_in_for_who_is_not_there():
    shifts = [PlainShift(1, 480, 960, ADA, BO, weekday=0)]
    found = [find_on_point_ids(shifts, UTC, at(MONDAY, 9), gone) for gone in ((), {ADA}, {BO}, {ADA, BO})]
    assert found == [(ADA, BO), (BO, None), (ADA, None), (None, None)]


def test_a_shift_begins_at_its_start_and_is_over_at_its_end():
    shifts = [weekly(0, 8, 16, backup_id=BO)]
    assert find_on_point_ids(shifts, UTC, at(MONDAY, 7, 59)) == (None, None)
    assert find_on_point_ids(shifts, UTC, at(MONDAY, 8)) == (ADA, BO)
    assert find_on_point_ids(shifts, UTC, at(MONDAY, 15, 59)) == (ADA, BO)
    assert find_on_point_ids(shifts, UTC, at(MONDAY, 16)) == (None, None)
    assert find_on_point_ids(shifts, UTC, at(MONDAY + 7 * DAY, 8)) == (ADA, BO)


def test_a_night_reaches_into_the_next_day_and_the_next_week():
    shifts = [weekly(6, 22, 30)]
    assert find_on_point_ids(shifts, UTC, at(MONDAY, 5, 59))[0] == ADA
    assert find_on_point_ids(shifts, UTC, at(MONDAY, 6))[0] is None


def test_a_date_comes_before_the_week_for_as_long_as_it_lasts():
    shifts = [weekly(0, 8, 16), dated(MONDAY, 10, 12), dated(MONDAY, 14, 15, None, id=3)]
    found = [find_on_point_ids(shifts, UTC, at(MONDAY, hour))[0] for hour in (9, 10, 11, 12, 14, 15)]
    assert found == [ADA, BO, BO, ADA, None, ADA]


def test_a_weekly_shift_holds_from_and_until_a_day():
    shifts = [weekly(0, 8, 16, valid_from=MONDAY, valid_until=MONDAY + 7 * DAY)]
    found = [find_on_point_ids(shifts, UTC, at(MONDAY + week * 7 * DAY, 9))[0] for week in (-1, 0, 1, 2)]
    assert found == [None, ADA, ADA, None]


def test_times_are_on_the_wall_of_the_brand_account():
    shifts = [weekly(0, 8, 16)]
    assert find_on_point_ids(shifts, BERLIN, at(MONDAY, 7))[0] == ADA
    assert find_on_point_ids(shifts, BERLIN, at(MONDAY, 15))[0] is None


def test_the_night_in_which_clocks_go_forward_is_an_hour_shorter():
    saturday = dt.date(2026, 3, 28)
    (night,) = list_occurrences([weekly(5, 22, 30)], BERLIN, saturday, saturday)
    assert night.end - night.start == 7 * HOUR
    assert list_occurrences([weekly(6, 2, 3)], BERLIN, saturday + DAY, saturday + DAY) == []


def test_the_night_in_which_clocks_go_back_is_an_hour_longer():
    saturday = dt.date(2026, 10, 24)
    shifts = [weekly(5, 22, 26), weekly(6, 2, 6, BO, id=2)]
    found = list_occurrences(shifts, BERLIN, saturday, saturday + DAY)
    assert sum((one.end - one.start for one in found), dt.timedelta()) == 9 * HOUR
    assert found[0].end == found[1].start
    twice = [at(saturday + DAY, 2, 30, BERLIN, fold) for fold in (0, 1)]
    assert [find_on_point_ids(shifts, BERLIN, one)[0] for one in twice] == [BO, BO]


shifts_drawn = st.lists(
    st.builds(
        lambda number, starts, length, primary, backup, when: PlainShift(
            number, starts * 15, (starts + length) * 15, primary, backup if primary else None, **when
        ),
        st.integers(1, 1000),
        st.integers(0, 95),
        st.integers(1, 96),
        st.sampled_from([None, ADA, BO, CY]),
        st.sampled_from([None, 4]),
        st.builds(lambda day: {"weekday": day}, st.integers(0, 6))
        | st.builds(lambda day: {"date": dt.date(2026, 3, 23) + day * DAY}, st.integers(0, 9)),
    ),
    max_size=8,
    unique_by=lambda one: one.id,
)
zones = st.sampled_from([UTC, BERLIN, ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe")])
hours = st.lists(
    st.builds(
        lambda d, a, n: (d, a * 15, (a + n) * 15), st.integers(0, 6), st.integers(0, 95), st.integers(1, 96)
    ),
    max_size=5,
)


@settings(max_examples=scale_examples(60))
@given(shifts_drawn, zones, hours)
def test_stretches_and_coverage_agree_with_walking_every_quarter_of_an_hour(shifts, zone, promise):
    start = wall_clock_to_utc(dt.date(2026, 3, 25), 0, zone)
    end = start + 5 * DAY
    parts = split_into_segments(shifts, zone, start, end)
    assert (parts[0].start, parts[-1].end) == (start, end)
    assert all(one.end == other.start for one, other in zip(parts, parts[1:], strict=False))
    spans = promised_spans(promise, zone, start, end)
    found = measure_coverage(parts, spans)
    promised = covered = 0
    quarter = dt.timedelta(minutes=15)
    for n in range(5 * 96):
        moment = start + n * quarter
        primary, backup = find_on_point_ids(shifts, zone, moment)
        part = segment_at(parts, moment)
        assert part.primary_id == primary
        assert primary is not None or backup is None
        is_promised = any(left <= moment < right for left, right in spans)
        in_a_gap = any(left <= moment < right for left, right in found.gaps)
        assert in_a_gap == (is_promised and primary is None)
        promised += is_promised
        covered += is_promised and primary is not None
    assert (found.promised, found.covered) == (promised * quarter, covered * quarter)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (weekly(0, 8, 16), weekly(0, 16, 20), False),
        (weekly(0, 8, 16), weekly(0, 15, 20), True),
        (weekly(6, 22, 30), weekly(0, 5, 9), True),
        (weekly(0, 5, 9), weekly(6, 22, 30), True),
        (weekly(0, 8, 16), weekly(1, 8, 16), False),
        (weekly(0, 8, 16, valid_until=MONDAY), weekly(0, 8, 16, valid_from=MONDAY + DAY), False),
        (weekly(0, 8, 16), dated(MONDAY, 8, 16), False),
        (dated(MONDAY, 22, 30), dated(MONDAY + DAY, 5, 9), True),
        (dated(MONDAY, 8, 16), dated(MONDAY + DAY, 8, 16), False),
    ],
)
def test_two_shifts_claim_the_same_time(one, other, expected):
    assert shifts_overlap(one, other) is expected
    assert shifts_overlap(other, one) is expected


def test_nothing_promised_has_no_share():
    assert measure_coverage([], []).share is None
