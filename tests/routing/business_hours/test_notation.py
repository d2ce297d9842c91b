"""Opening hours as people write them."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.business_hours.notation import (
    HoursError,
    format_hours,
    overnight_overlaps,
    parse_hours,
    parse_minutes,
)
from wording.spans import business_span


@pytest.mark.parametrize(
    ("text", "intervals"),
    [
        ("9:00–12:30, 14:00–18:00", ((540, 750), (840, 1080))),
        ("14.00 to 18.00; 9-12.30", ((540, 750), (840, 1080))),
        (" 9 - 17 ", ((540, 1020),)),
        ("22:00–02:00", ((1320, 1560),)),
        ("0:00–24:00", ((0, 1440),)),
        ("24h", ((0, 1440),)),
        ("18:00-0:00", ((1080, 1440),)),
        ("", ()),
        ("Closed", ()),
    ],
)
def test_they_are_read(text, intervals):
    assert parse_hours(text) == intervals
    assert parse_hours(format_hours(intervals)) == intervals


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("9:00", "“9:00” is no span of time: write it as 9:00–17:00."),
        ("9:00–25:00", "“25:00” is no time of day"),
        ("9:00–17:60", "“17:60” is no time of day"),
        ("nine–five", "“nine” is no time of day"),
        ("9:00–9:00", "begins when it ends"),
        ("24:00–2:00", "begins at 24:00: that is 0:00 of the next day"),
        ("9:00–13:00, 12:00–18:00", "“9:00–13:00” and “12:00–18:00” overlap."),
        ("22:00–23:00, 20:00–02:00", "overlap"),
        (", ".join(f"{hour}:00–{hour}:30" for hour in range(14)), "14 intervals are too many"),
    ],
)
def test_what_cannot_be_read_is_named(text, words):
    with pytest.raises(HoursError, match=words.replace("(", r"\(")):
        parse_hours(text)


@given(st.text(max_size=60))
def test_any_text_is_hours_or_an_error(text):
    try:
        intervals = parse_hours(text)
    except HoursError as error:
        assert str(error).strip()
    else:
        assert parse_hours(format_hours(intervals)) == intervals


def test_a_night_that_meets_the_next_morning():
    week = [((1320, 1560),), ((60, 600),), (), (), (), (), ((1380, 1500),)]
    assert overnight_overlaps(week) == [
        (0, "“22:00–2:00” goes on into Tuesday, which opens at 1:00 already.")
    ]
    assert overnight_overlaps([((0, 1440),)] * 7) == []


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("45", 45),
        ("45 min", 45),
        ("2 h", 120),
        ("2h", 120),
        ("1 h 30", 90),
        ("1 h 30 min", 90),
        ("1:30", 90),
        ("", None),
    ],
)
def test_lengths_are_read(text, minutes):
    assert parse_minutes(text) == minutes
    if minutes:
        assert parse_minutes(business_span(dt.timedelta(minutes=minutes))) == minutes


@pytest.mark.parametrize("text", ["soon", "h", "2 days", "-5", "1:75", "1,5 h"])
def test_what_is_no_length_is_named(text):
    with pytest.raises(HoursError, match="is no length of time"):
        parse_minutes(text)
