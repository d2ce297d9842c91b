"""Policies: which one holds, when clocks are due, what happens by when. Pure."""

from __future__ import annotations

import datetime as dt
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.business_hours.calendar import CalendarError, compile_calendar
from routing.business_hours.history import compile_history
from routing.service_levels.policies import (
    BREACH,
    WARNING,
    Policy,
    ServiceLevels,
    Step,
    business_seconds_used,
    clock_events,
    compute_due,
)
from routing.service_levels.versions import compile_service_levels
from tests.routing.business_hours.test_calendar import (
    ALWAYS,
    WEEK,
    durations,
    hours,
    moments,
    random_snapshot,
    utc,
)

OFFICE = {"time_zone": "Europe/Berlin", "week": WEEK}
ROUND = {"time_zone": "UTC", "week": ALWAYS}
#: Wednesday, ten in Berlin.
START = utc(2026, 11, 18, 9)


def minutes(count):
    return dt.timedelta(minutes=count)


def policy(calendar=ROUND, **fields):
    targets = {"first_response": minutes(60), "next_response": minutes(30), "resolution": minutes(480)}
    values = {
        "key": "k",
        "name": "p",
        "calendar": compile_calendar(calendar),
        "calendar_name": "c",
        "targets": targets,
    }
    return Policy(**{**values, **fields})


@settings(deadline=None)
@given(st.integers(0, 10**9), moments, durations, st.floats(0, 0.95), st.integers(0, 10**6))
def test_due_times_never_precede_receipt_and_warnings_never_follow_them(seed, at, target, share, used):
    one = policy(
        random_snapshot(random.Random(seed)),
        targets={"first_response": target, "resolution": target},
        warning=share,
        steps=(Step(minutes(5)), Step(minutes(50), clock="next_response")),
    )
    found = compute_due(one, "first_response", at)
    if found is None:
        return
    assert at <= found.warned_at <= found.at
    happened = list(clock_events(one, "first_response", found))
    assert [number for _, number in happened if number != WARNING][:1] == [BREACH]
    assert all(moment >= at for moment, _ in happened)
    assert [moment for moment, _ in happened] == sorted(moment for moment, _ in happened)
    late = compute_due(one, "resolution", at, used)
    assert late is None or late.at <= (compute_due(one, "resolution", at) or late).at


@settings(deadline=None)
@given(st.integers(0, 10**9), moments, durations, st.timedeltas(minutes(0), dt.timedelta(days=20)))
def test_a_pause_moves_the_due_time_by_what_was_left(seed, at, target, pause):
    """Stopping and going on leaves as much business time as there was, whenever that is."""
    one = policy(random_snapshot(random.Random(seed)), targets={"resolution": target})
    whole = compute_due(one, "resolution", at)
    if whole is None:
        return
    stopped = at + (whole.at - at) / 2
    used = one.calendar.between(at, stopped)
    seconds = int(used.total_seconds())
    goes_on = stopped + pause
    found = compute_due(one, "resolution", goes_on, seconds)
    assert found is not None
    assert one.calendar.between(goes_on, found.at) == target - dt.timedelta(seconds=seconds)
    assert found.at >= goes_on


def test_the_first_match_holds_and_any_is_null():
    terms = ServiceLevels(
        3,
        (
            policy(key="1", department_id=7, priority=2),
            policy(key="2", department_id=7),
            policy(key="3", network="facebook"),
            policy(key="4", priority=0),
        ),
    )
    asked = [(7, 2, "x"), (7, 0, "x"), (8, 1, "facebook"), (8, 0, "x"), (8, 1, "x")]
    found = [terms.matching_policy(*one) for one in asked]
    assert [one and one.key for one in found] == ["1", "2", "3", "4", None]


def test_a_clock_without_a_target_or_a_start_does_not_run():
    terms = ServiceLevels(1, (one := policy(targets={"resolution": minutes(5)}),))
    assert terms.due(one, "first_response", START) is None
    assert terms.due(one, "resolution", None) is None
    assert terms.due(None, "resolution", START) is None
    assert terms.due(one, "resolution", START).at == START + minutes(5)


def test_a_calendar_that_is_never_open_has_no_due_time():
    assert compute_due(policy({"time_zone": "UTC", "week": [[]] * 7}), "resolution", START) is None


def test_warnings_come_by_share_and_by_minutes_of_business_time():
    assert compute_due(policy(), "first_response", START).warned_at == START + minutes(45)
    assert compute_due(policy(warning=minutes(10)), "first_response", START).warned_at == START + minutes(50)
    assert compute_due(policy(warning=minutes(100)), "first_response", START).warned_at == START
    # 17:00 in Berlin: two hours later is ten of the next day, an hour before that the end of this one.
    office = policy(OFFICE, targets={"first_response": hours(2)}, warning=minutes(60))
    found = compute_due(office, "first_response", utc(2026, 11, 18, 16, 0))
    assert found == (utc(2026, 11, 19, 9), utc(2026, 11, 18, 17))


def test_what_was_overdue_before_a_pause_is_overdue_by_as_much_after_it():
    found = compute_due(policy(), "resolution", START, used=490 * 60)
    assert found == (START - minutes(10), START - minutes(10))


def test_steps_come_in_business_time_and_only_for_their_clock():
    one = policy(OFFICE, steps=(Step(hours(1)), Step(hours(2), clock="resolution")))
    # Due at 17:30 in Berlin: an hour later is half past nine of the next day.
    found = compute_due(one, "first_response", utc(2026, 11, 18, 15, 30))
    assert list(clock_events(one, "first_response", found)) == [
        (utc(2026, 11, 18, 16, 15), WARNING),
        (utc(2026, 11, 18, 16, 30), BREACH),
        (utc(2026, 11, 19, 8, 30), 2),
    ]


def test_used_time_is_business_time():
    assert business_seconds_used(policy(OFFICE), START, START + hours(24)) == int(8 * 3600 - 0.5 * 3600)
    assert business_seconds_used(None, START, START + hours(24)) == 0
    assert business_seconds_used(policy(), START, START - hours(1)) == 0


class TestHistory:
    def make(self):
        short = {"time_zone": "UTC", "week": [[[600, 660]]] * 7}
        return compile_history(
            [
                {"from": None, "content": ROUND},
                {"from": "2026-11-20T00:00:00+00:00", "content": short},
                {"from": "2026-11-22T00:00:00+00:00", "content": ROUND},
            ]
        )

    def test_each_stretch_counts_by_the_hours_in_force_then(self):
        history = self.make()
        assert history.between(utc(2026, 11, 19), utc(2026, 11, 23)) == hours(24 + 2 + 24)
        assert history.between(utc(2026, 11, 23), utc(2026, 11, 19)) == -hours(50)
        assert history.add(utc(2026, 11, 19), hours(24)) == utc(2026, 11, 20)
        assert history.add(utc(2026, 11, 19), hours(25)) == utc(2026, 11, 20, 11)
        assert history.add(utc(2026, 11, 19), hours(27)) == utc(2026, 11, 22, 1)
        assert history.add(utc(2026, 11, 24), hours(1)) == utc(2026, 11, 24, 1)
        assert history.add(utc(2026, 11, 20, 3), hours(0)) == utc(2026, 11, 20, 3)
        assert [history.is_open(utc(2026, 11, day, 3)) for day in (19, 20, 22)] == [True, False, True]
        assert history.describe_day(dt.date(2026, 11, 21)).intervals == ((600, 660),)

    @pytest.mark.parametrize("since", [None, "2026-11-10T00:00:00+00:00", "2026-11-20T00:00:00+00:00"])
    def test_a_later_version_holds_from_its_moment_on_whatever_was_planned(self, since):
        planned = "2026-11-20T00:00:00+00:00"
        versions = [{"from": None, "content": ROUND}, {"from": planned, "content": ROUND}]
        history = compile_history([*versions, {"from": since, "content": OFFICE}])
        assert not history.is_open(utc(2026, 11, 22, 12))
        assert history.is_open(utc(2026, 11, 1, 12)) == (since is not None)


def test_a_snapshot_compiles_and_a_bad_one_says_why():
    content = {
        "calendars": [{"id": 5, "name": "Hours", "versions": [{"number": 1, "from": None, "content": ROUND}]}],
        "policies": [
            {
                "key": "k", "name": "All", "department": None, "department_name": "", "priority": None, "network": "",
                "calendar": 5, "targets": {"first_response": 60}, "warning_percent": 50, "warning_minutes": None,
                "steps": [{"after": 5, "clock": "", "notify": ["managers"], "raise": True, "move_to": "pr"}],
            }
        ],
    }  # fmt: skip
    found = compile_service_levels(content, 4)
    (one,) = found.policies
    assert (found.number, one.calendar_name, one.warning) == (4, "Hours", 0.5)
    assert one.steps == (Step(minutes(5), "", ("managers",), raise_priority=True, move_to="pr"),)
    content["calendars"][0]["versions"][0]["content"] = {"time_zone": "Mars", "week": ALWAYS}
    with pytest.raises(CalendarError, match="Mars"):
        compile_service_levels(content, 4)
