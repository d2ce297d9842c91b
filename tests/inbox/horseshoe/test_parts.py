"""The parts of a case's time: told on examples, and compared with painting every minute of random histories."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from inbox.horseshoe.parts import Ending, Held, PartKind, find_ending, gap_intervals, split_parts

START = dt.datetime(2026, 10, 24, 20, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
SERVICE, BILLING, PRESS = 1, 2, 3


def at(minutes):
    return None if minutes is None else START + minutes * MINUTE


def held(department, sent, accepted=None, *, routed=False):
    return Held(department, at(sent), at(accepted), routed)


def told(custodies, ending):
    """The parts as (kind, department, minutes)."""
    return [
        (part.kind.value, part.department_id, (part.end - part.start) // MINUTE)
        for part in split_parts(custodies, ending)
    ]


def test_each_part_has_its_name():
    way = [held(SERVICE, 0, 2), held(BILLING, 8, 14), held(SERVICE, 20, 21)]
    ending = find_ending(at(20), at(31), at(30), at(33))
    assert told(way, ending) == [
        ("front", SERVICE, 8), ("unaccepted", BILLING, 6), ("work", BILLING, 6), ("unaccepted", SERVICE, 1),
        ("work", SERVICE, 9), ("way_back", SERVICE, 3),
    ]  # fmt: skip


def test_what_the_router_moved_at_once_is_the_front_line_of_who_got_it():
    way = [held(SERVICE, 0), held(BILLING, 1, 5, routed=True), held(PRESS, 9)]
    assert told(way, Ending(at(20), at(20))) == [("front", BILLING, 9), ("unaccepted", PRESS, 11)]


def test_the_customer_has_closure_with_the_last_departments_answer():
    sent, closed = at(10), at(50)
    assert find_ending(sent, closed, at(30), at(31)) == Ending(at(30), at(31))
    # Closed first, answered in the network's own app later.
    assert find_ending(sent, closed, at(60), at(60)) == Ending(at(50), at(60))
    # The answer was another department's, or there is none.
    assert find_ending(sent, closed, at(9), at(12)) == Ending(closed, closed)
    assert find_ending(sent, closed, None, None) == Ending(closed, closed)


def test_the_gap_is_until_the_right_department_has_it_and_every_wait_after_that():
    way = [
        held(SERVICE, 0),
        held(PRESS, 5, 6),
        held(BILLING, 20, 26),
        held(SERVICE, 30, 31),
        held(BILLING, 40, 44),
    ]
    assert gap_intervals(way, Ending(at(50), at(52))) == [
        (at(0), at(20)), (at(20), at(26)), (at(30), at(31)), (at(40), at(44))
    ]  # fmt: skip
    back_home = [held(SERVICE, 0), held(BILLING, 5, 9), held(SERVICE, 12, 13)]
    assert gap_intervals(back_home, Ending(at(20), at(20))) == [(at(5), at(9)), (at(12), at(13))]


@st.composite
def ways(draw):
    """A random way: departments that follow each other, accepted or not, perhaps routed on at first."""
    minutes = sorted(draw(st.sets(st.integers(1, 200), min_size=1, max_size=6)))
    departments = draw(
        st.lists(st.sampled_from((SERVICE, BILLING, PRESS)), min_size=len(minutes), max_size=len(minutes))
    )
    custodies = [held(draw(st.sampled_from((SERVICE, BILLING))), 0, 0)]
    for place, (minute, department) in enumerate(zip(minutes, departments, strict=True)):
        accepted = draw(st.none() | st.integers(minute, 260))
        custodies.append(held(department, minute, accepted, routed=place == 0 and draw(st.booleans())))
    closed = draw(st.integers(minutes[-1], 240))
    queued = draw(st.none() | st.integers(0, 260))
    answered = None if queued is None else queued + draw(st.integers(0, 30))
    return custodies, find_ending(custodies[-1].sent_at, at(closed), at(queued), at(answered))


def paint(custodies, ending):
    """Say of each minute whose it is and what happens; the other way to count."""
    painted = []
    first = 1 if len(custodies) > 1 and custodies[1].routed else 0
    for minute in range(400):
        now = at(minute)
        if now >= ending.closure_at:
            break
        if now >= ending.done_at:
            painted.append((PartKind.WAY_BACK, custodies[-1].department_id))
            continue
        place = max(n for n, one in enumerate(custodies) if one.sent_at <= now)
        one = custodies[place]
        if place <= first:
            painted.append((PartKind.FRONT, custodies[first].department_id))
        elif one.accepted_at is not None and one.accepted_at <= now:
            painted.append((PartKind.WORK, one.department_id))
        else:
            painted.append((PartKind.UNACCEPTED, one.department_id))
    return painted


@given(ways())
def test_the_parts_are_what_every_minute_says_and_leave_nothing_out(way):
    custodies, ending = way
    parts = split_parts(custodies, ending)
    spelled_out = [
        (part.kind, part.department_id) for part in parts for _ in range((part.end - part.start) // MINUTE)
    ]
    assert spelled_out == paint(custodies, ending)
    assert sum((part.end - part.start for part in parts), dt.timedelta()) == ending.closure_at - START
    gap = gap_intervals(custodies, ending)
    assert all(before[1] <= after[0] for before, after in pairwise(gap))
