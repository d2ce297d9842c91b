"""Spans of time in words: each form at the edges of its units."""

from __future__ import annotations

import datetime as dt

import pytest

from wording.spans import (
    business_span,
    countdown_span,
    figure_span,
    format_hours_number,
    long_span,
    short_span,
    written_span,
)

SECOND, MINUTE, HOUR, DAY = (
    dt.timedelta(seconds=1),
    dt.timedelta(minutes=1),
    dt.timedelta(hours=1),
    dt.timedelta(days=1),
)
ALL = (short_span, long_span, countdown_span, figure_span, written_span, business_span)


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (0 * SECOND, "now"),
        (59 * SECOND, "now"),
        (MINUTE, "1 min"),
        (HOUR - SECOND, "59 min"),
        (HOUR, "1 h"),
        (DAY - SECOND, "23 h"),
        (DAY, "1 d"),
        (400 * DAY, "400 d"),
    ],
)
def test_a_short_span_has_its_largest_unit(span, words):
    assert short_span(span) == words


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (0 * SECOND, "under 1 min"),
        (59.9 * SECOND, "under 1 min"),
        (MINUTE, "1 min"),
        (HOUR, "1 h"),
        (HOUR + 5 * MINUTE, "1 h 5 min"),
        (94 * MINUTE, "1 h 34 min"),
        (DAY + 59 * MINUTE, "1 d"),
        (3 * DAY + 4 * HOUR, "3 d 4 h"),
    ],
)
def test_a_long_span_has_two_units(span, words):
    assert long_span(span) == words


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (30 * SECOND, "under 1 min"),
        (15 * MINUTE, "15 min"),
        (2 * HOUR, "2 h"),
        (2 * HOUR + 5 * MINUTE, "2 h 05"),
        (2 * HOUR + 10 * MINUTE, "2 h 10"),
        (4 * DAY, "4 d"),
        (4 * DAY + 5 * HOUR, "4 d 5 h"),
    ],
)
def test_a_countdown_keeps_its_width(span, words):
    assert countdown_span(span) == words


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (0 * SECOND, "0 s"),
        (48.7 * SECOND, "49 s"),
        (59.4 * SECOND, "59 s"),
        (59.5 * SECOND, "1 min"),
        (97 * SECOND, "2 min"),
        (14 * MINUTE + 59 * SECOND, "15 min"),
        (59 * MINUTE + 30 * SECOND, "1 h 00"),
        (2 * HOUR, "2 h 00"),
        (23 * HOUR + 59 * MINUTE + 40 * SECOND, "1 d"),
        (1 * DAY + 90 * MINUTE, "1 d 2 h"),
        (2 * HOUR + 5 * MINUTE, "2 h 05"),
        (3 * DAY, "3 d"),
        (3 * DAY + 4 * HOUR, "3 d 4 h"),
    ],
)
def test_a_figure_is_rounded_and_shows_seconds_below_a_minute(span, words):
    assert figure_span(span) == words


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (0 * SECOND, "0 s"),
        (30 * SECOND, "30 s"),
        (4 * MINUTE + 30 * SECOND, "4 min"),
        (9 * HOUR + 30 * MINUTE, "9 h 30 min"),
        (10 * HOUR + 30 * MINUTE, "10 h"),
        (DAY, "1 day"),
        (36 * HOUR, "1 day 12 h"),
        (2 * DAY + 59 * MINUTE, "2 days"),
        (10 * DAY + 12 * HOUR, "10 days"),
    ],
)
def test_a_written_span_writes_days_out(span, words):
    assert written_span(span) == words


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (0 * SECOND, "0 min"),
        (45 * MINUTE, "45 min"),
        (2 * HOUR, "2 h"),
        (90 * MINUTE, "1 h 30 min"),
        (DAY, "24 h"),
        (36 * HOUR + 30 * MINUTE, "36 h 30 min"),
    ],
)
def test_business_time_has_no_days(span, words):
    assert business_span(span) == words


@pytest.mark.parametrize(
    ("span", "words"), [(0 * HOUR, "0"), (8 * HOUR, "8"), (36.5 * HOUR, "36.5"), (HOUR / 3, "0.333333")]
)
def test_hours_as_a_number(span, words):
    assert format_hours_number(span) == words


@pytest.mark.parametrize("function", ALL)
def test_a_negative_span_counts_as_none(function):
    assert function(-5 * DAY) == function(dt.timedelta(0))
