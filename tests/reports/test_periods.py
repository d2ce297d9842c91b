"""Periods: what addresses name, and steps that cover them whole in every zone, over both clock changes."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.periods import compare_period, find_unread_period, name_days, read_comparison, read_period
from wording.times import zone_names

NOW = dt.datetime(2026, 11, 24, 14, 32, tzinfo=dt.UTC)
BERLIN = ZoneInfo("Europe/Berlin")
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


def read(token, zone=BERLIN, **more):
    return read_period({"period": token, **more}, NOW, zone)


@pytest.mark.parametrize(
    ("token", "unit", "days", "steps", "first"),
    [
        ("last-1-days", "day", "24 Nov 2026", 1, "2026-11-24"),
        ("last-7-days", "day", "18 Nov – 24 Nov 2026", 7, "2026-11-18"),
        ("last-4-weeks", "week", "2 Nov – 29 Nov 2026", 4, "2026-W45"),
        ("last-52-weeks", "week", "1 Dec 2025 – 29 Nov 2026", 52, "2025-W49"),
        ("last-1-months", "month", "1 Nov – 30 Nov 2026", 30, "2026-11-01"),
        ("last-1-quarters", "quarter", "1 Oct – 31 Dec 2026", 14, "2026-W40"),
        ("2026-W47", "week", "16 Nov – 22 Nov 2026", 7, "2026-11-16"),
        ("2026-10", "month", "1 Oct – 31 Oct 2026", 31, "2026-10-01"),
        ("2026-Q3", "quarter", "1 Jul – 30 Sep 2026", 14, "2026-W27"),
        ("2026-10-25", "day", "25 Oct 2026", 1, "2026-10-25"),
        ("2026-10-01..2026-10-31", "free", "1 Oct – 31 Oct 2026", 31, "2026-10-01"),
        ("2026-10-31..2026-10-01", "free", "1 Oct – 31 Oct 2026", 31, "2026-10-01"),
        ("2020-01-01..2026-10-01", "free", "1 Jan 2020 – 1 Oct 2026", 82, "2020-01"),
    ],
)
def test_an_address_names_a_period(token, unit, days, steps, first):
    period = read(token)
    assert (period.unit, name_days(period), len(period.steps), period.steps[0].key) == (
        unit,
        days,
        steps,
        first,
    )
    assert read_period(period.as_query(), NOW, BERLIN) == period


@pytest.mark.parametrize(
    "token",
    ["", "yes", "last-0-weeks", "last-999-quarters", "2026-W54", "2026-13", "2026-02-30", "0001-01-01..9999-12-31",
     "2026-10-01..", "last-٣-weeks", "1066-Q4", "9999-12"],
)  # fmt: skip
def test_what_names_no_period_is_the_usual_one(token):
    period = read(token)
    assert (period.token, len(period.steps)) == ("last-8-weeks", 8)
    assert find_unread_period({"period": token}, NOW, BERLIN) == token, "the page says what it could not read"


def test_the_form_and_the_older_address_are_read_or_named_too():
    free = {"period": "free", "first": "2026-02-30", "last": "2026-03-01"}
    assert find_unread_period(free, NOW, BERLIN) == "2026-02-30 to 2026-03-01"
    assert find_unread_period(free | {"first": "2026-02-28"}, NOW, BERLIN) == ""
    assert [find_unread_period({"weeks": weeks}, NOW, BERLIN) for weeks in ("8", "many")] == ["", "many"]


def test_the_older_address_names_weeks():
    assert read_period({"weeks": "13"}, NOW, BERLIN).token == "last-13-weeks"


def test_the_reader_may_choose_the_steps():
    assert [step.key for step in read("2026-Q3", by="month").steps] == ["2026-07", "2026-08", "2026-09"]
    assert len(read("last-8-weeks", by="day").steps) == 56
    assert read("last-8-weeks", by="day").as_query() == {"period": "last-8-weeks", "by": "day"}
    assert read("last-52-weeks", by="day").by == "month", "364 bars cannot be read"


@pytest.mark.parametrize(
    ("token", "before", "year_before"),
    [
        ("2026-W47", "9 Nov – 15 Nov 2026", "17 Nov – 23 Nov 2025"),
        ("2026-03", "1 Feb – 28 Feb 2026", "1 Mar – 31 Mar 2025"),
        ("2026-Q1", "1 Oct – 31 Dec 2025", "1 Jan – 31 Mar 2025"),
        ("2024-02-29", "28 Feb 2024", "28 Feb 2023"),
        ("2026-10-20..2026-10-29", "10 Oct – 19 Oct 2026", "20 Oct – 29 Oct 2025"),
    ],
)
def test_a_period_is_compared_with_the_same_days(token, before, year_before):
    period = read(token)
    assert name_days(compare_period(period, "before")) == before
    assert name_days(compare_period(period, "last-year")) == year_before
    assert compare_period(period, "none") is None
    assert period.preceding().end == period.start
    assert [read_comparison({"compare": each}) for each in ("none", "?", "last-year")] == [
        "none",
        "before",
        "last-year",
    ]


def test_a_day_with_a_clock_change_is_whole():
    lengths = {step.key: step.end - step.start for step in read("2026-10").steps}
    assert lengths.pop("2026-10-25") == 25 * HOUR
    assert {*lengths.values()} == {DAY}
    assert {step.key: step.end - step.start for step in read("2026-03").steps}["2026-03-29"] == 23 * HOUR


@given(
    zone=st.sampled_from(zone_names()),
    first=st.dates(dt.date(2015, 1, 1), dt.date(2030, 1, 1)),
    length=st.integers(0, 900),
    by=st.sampled_from(["", "day", "week", "month"]),
    moment=st.floats(0, 0.999999),
)
def test_steps_cover_the_period_without_gap_or_overlap_in_every_zone(zone, first, length, by, moment):
    zone = ZoneInfo(zone)
    period = read(f"{first}..{first + length * DAY}", zone, by=by)
    assert (period.first_day, period.day_after) == (first, first + (length + 1) * DAY)
    assert (period.steps[0].start, period.steps[-1].end) == (period.start, period.end)
    assert all(step.end == after.start for step, after in zip(period.steps, period.steps[1:], strict=False))
    assert all(step.start <= step.end for step in period.steps)
    assert len({step.key for step in period.steps}) == len(period.steps)
    # Each moment belongs to the step of its own day, as a clock on the wall of that zone shows it.
    at = period.start + moment * (period.end - period.start)
    (step,) = [step for step in period.steps if step.start <= at < step.end]
    day = at.astimezone(zone).date()
    year, week, _ = day.isocalendar()
    assert step.key in (f"{day}", f"{year}-W{week:02d}", f"{day:%Y-%m}")
