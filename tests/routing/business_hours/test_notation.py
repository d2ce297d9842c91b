"""Opening hours as people write them."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import example, given
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
        ("8am-4pm", ((480, 960),)),
        ("07:30 AM – 6:15 p.m.", ((450, 1095),)),
        ("9AM–1PM, 2–6PM", ((540, 780), (840, 1080))),
        ("8-4pm", ((480, 960),)),
        ("10pm-3", ((1320, 1620),)),
        ("12pm - 12am", ((720, 1440),)),
        ("12:20 am - 8 am", ((20, 480),)),
        ("midday to midnight", ((720, 1440),)),
        ("12-0", ((720, 1440),)),
        ("11:00-03:00", ((660, 1620),)),
        ("09:00-05:00", ((540, 1740),)),
        ("02:00-6:00", ((120, 360),)),
        ("8-12, 13-17", ((480, 720), (780, 1020))),
        ("9-12", ((540, 720),)),
        ("6:00-10:00", ((360, 600),)),
        ("06-10", ((360, 600),)),
        ("8-10, 14-16", ((480, 600), (840, 960))),
        ("0800-1630", ((480, 990),)),
        ("8h-12h30", ((480, 750),)),
        ("24/7", ((0, 1440),)),
        ("９：００～１７：００", ((540, 1020),)),
    ],
)
def test_they_are_read(text, intervals):
    assert parse_hours(text) == intervals
    assert parse_hours(format_hours(intervals)) == intervals


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("9:00", "“9:00” is not a time span: write it as 9:00–17:00."),
        ("9:00–25:00", "“25:00” is not a time of day"),
        ("9:00–17:60", "“17:60” is not a time of day"),
        ("nine–five", "“nine” is not a time of day"),
        ("9:00–9:00", "begins when it ends: write it as 9:00–21:00, or 0:00–24:00 for round the clock."),
        (
            "9-5",
            "“9-5” can be read in two ways: write 9:00–17:00, or 09:00–05:00 if it ends the next morning.",
        ),
        ("8:30–4:30", "write 8:30–16:30, or 08:30–04:30 if it ends the next morning."),
        ("6-10", "“6-10” can be read in two ways: write 6:00–10:00, or 6:00–22:00."),
        ("8 to 11", "“8 to 11” can be read in two ways: write 8:00–11:00, or 8:00–23:00."),
        ("8-12, 1-5", "“1-5” can be read in two ways: write 13:00–17:00, or 01:00–05:00."),
        ("9:00–12:30, 1:30–6:00", "write 13:30–18:00, or 01:30–06:00."),
        ("9-12, 6-8", "“6-8” can be read in two ways: write 18:00–20:00, or 06:00–08:00."),
        ("8am-12pm, 1-5", "“1-5” can be read in two ways: write 13:00–17:00"),
        ("12-2am", "“12-2am” can be read in two ways"),
        ("14am-16", "“14am” is not a time of day"),
        ("0pm-3pm", "“0pm” is not a time of day"),
        ("9 noon-15", "“9 noon” is not a time of day"),
        ("24:00–2:00", "begins at 24:00: that is 0:00 of the next day"),
        ("9:00–13:00, 12:00–18:00", "“9:00–13:00” and “12:00–18:00” overlap."),
        ("22:00–23:00, 20:00–02:00", "overlap"),
        (", ".join(f"{hour}:00–{hour}:30" for hour in range(14)), "14 intervals are too many"),
    ],
)
def test_what_cannot_be_read_is_named(text, words):
    with pytest.raises(HoursError, match=words.replace("(", r"\(")):
        parse_hours(text)


@given(st.integers(0, 1439), st.integers(1, 1439))
@example(601, 1439)
@example(749, 1400)
def test_any_interval_is_read_as_it_is_written(opens, length):
    assert parse_hours(format_hours(((opens, opens + length),))) == ((opens, opens + length),)


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


def test_more_than_an_hour_of_minutes_beside_hours_is_asked_about():
    with pytest.raises(HoursError, match="Write 2 h 30 min, if you mean that"):
        parse_minutes("1 h 90 min")
    assert parse_minutes("90 min") == 90


@pytest.mark.parametrize("text", ["soon", "h", "2 days", "-5", "1:75", "1,5 h"])
def test_what_is_no_length_is_named(text):
    with pytest.raises(HoursError, match="is not a duration"):
        parse_minutes(text)
