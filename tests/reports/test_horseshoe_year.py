"""The horseshoe of random histories against a count in plain Python, for every reader: 0 differences, and the parts add up."""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict
from zoneinfo import ZoneInfo

import pytest

from config.testing.quick import choose_size
from inbox.models import Case, Customer, Message, Reply, ReplyState
from reports.filters import NO_FILTERS
from reports.measures.back_and_forth import find_returns, return_units
from reports.measures.closure import closure_units, measure_closure, without_closure_by_step
from reports.measures.horseshoe import find_ways, measure_horseshoe
from reports.periods import last_weeks
from reports.scopes import fetch_all
from routing.models import Calendar, CalendarVersion, SLAPolicy
from routing.service_levels.versions import publish_service_levels
from tests.factories import NOW, ReplyFactory
from tests.reports.stories import HOUR, ZONE
from tests.reports.test_year import READERS, Year

pytestmark = pytest.mark.django_db
BERLIN = ZoneInfo("Europe/Berlin")
#: From this moment on the office opens an hour later, and on Saturdays, too.
CHANGED = dt.datetime(2026, 9, 1, tzinfo=dt.UTC)
NOTHING = dt.timedelta()


@pytest.fixture
def year():
    year = Year(1911, choose_size(240, full=3000))
    dice = random.Random(7)
    week, later = [[[540, 1020]]] * 5 + [[], []], [[[600, 1080]]] * 6 + [[]]
    calendar = Calendar.objects.create(name="Office")
    for number, (hours, since) in enumerate(((week, None), (later, CHANGED)), 1):
        content = {"time_zone": "Europe/Berlin", "week": hours}
        CalendarVersion.objects.create(
            calendar=calendar, number=number, content=content, in_force_from=since, created_at=NOW
        )
    SLAPolicy.objects.create(
        key="22222222-2222-4222-8222-222222222222",
        position=1,
        name="X",
        network="x",
        calendar=calendar,
        first_response_minutes=60,
    )
    publish_service_levels(None, "", NOW)
    _queue_answers(year, dice)
    _share_customers(year, dice)
    return year


def _queue_answers(year, dice):
    """Let some answers have been written here: queued before they stood on the network."""
    year.cases = list(Case.objects.order_by("pk"))
    year.queued = {}
    author = year.person(READERS["the agent"])
    for story, case in zip(year.stories, year.cases, strict=True):
        messages = list(Message.objects.filter(case=case).order_by("pk"))
        for place, (said, message) in enumerate(zip(story.said, messages, strict=True)):
            if said.ours and not said.historical and dice.random() < 0.6:
                queued = said.written - dice.choice((0.1, 2, 30)) * HOUR / 10
                year.queued[case.pk, place] = queued
                ReplyFactory(
                    parent=messages[0], author=author, state=ReplyState.SENT, created_at=queued,
                    sent_at=said.written, remote_id=message.canonical_id,
                )  # fmt: skip
    assert Reply.objects.count() == len(year.queued)


def _share_customers(year, dice):
    """Let several cases be of one customer."""
    year.customer = {}
    people = list(Customer.objects.order_by("pk"))[: len(year.cases) // 2]
    for case in year.cases:
        year.customer[case.pk] = dice.choice(people).pk
        Case.objects.filter(pk=case.pk).update(customer=year.customer[case.pk])
    for story, case in zip(year.stories, year.cases, strict=True):
        ends = {
            name: max((said.written for said in story.said if said.ours is ours), default=None)
            for name, ours in (("last_outbound_at", True), ("last_inbound_at", False))
        }
        Case.objects.filter(pk=case.pk).update(**ends)


def opening_hours(start, end):
    """Walk through the local days: the office's time between two moments, in minutes of the wall clock's zone."""
    total, day = NOTHING, start.astimezone(BERLIN).date() - dt.timedelta(days=1)
    while day <= end.astimezone(BERLIN).date():
        for opens, closes, days, since, until in ((9, 17, 5, None, CHANGED), (10, 18, 6, CHANGED, None)):
            if day.weekday() >= days:
                continue
            low = dt.datetime.combine(day, dt.time(opens), BERLIN).astimezone(dt.UTC)
            high = dt.datetime.combine(day, dt.time(closes), BERLIN).astimezone(dt.UTC)
            low, high = max(low, start, since or low), min(high, end, until or high)
            total += max(high - low, NOTHING)
        day += dt.timedelta(days=1)
    return total


def way_of(year, story, case):
    """Return the moments of a way with what happened after each: [(from, until, kind, department)], the gap beside."""
    held, first = story.held, 1 if len(story.held) > 1 and story.held[1].routed else 0
    ours = [
        (said.written, place) for place, said in enumerate(story.said) if said.ours and not said.historical
    ]
    done = closure = story.closed
    if ours:
        written, place = max(ours)
        queued = year.queued.get((case.pk, place), written)
        if queued >= held[-1].sent:
            done = min(story.closed, queued)
            closure = max(done, written)
    moments = {done, closure, *(one.sent for one in held), *(one.accepted for one in held if one.accepted)}
    ordered = sorted(moment for moment in moments if held[0].sent <= moment <= closure)
    reached = next((one.sent for one in held[first:] if one.department == held[-1].department), None)
    if held[first].department == held[-1].department:
        reached = held[0].sent
    pieces, gap = [], []
    for start, end in zip(ordered, ordered[1:], strict=False):
        place = max(n for n, one in enumerate(held) if one.sent <= start)
        now = held[place]
        if start >= done:
            kind, department = "way_back", held[-1].department
        elif place <= first:
            kind, department = "front", held[first].department
        else:
            kind = "work" if now.accepted is not None and now.accepted <= start else "unaccepted"
            department = now.department
        pieces.append((start, end, kind, department))
        if start < done and (start < reached or kind == "unaccepted"):
            gap.append((start, end))
    return pieces, gap


def right_horseshoe(year, reader, period, in_business_time):
    """Return count, median, the parts and the gap."""
    ways = []
    for story, case in zip(year.stories, year.cases, strict=True):
        counts = reader.reads(story) and not (story.historical or story.is_noise or story.department == 0)
        moved = any(one.came_from is not None and not one.routed for one in story.held)
        if not (counts and moved and story.closed and period.start <= story.created < period.end):
            continue
        by_office = in_business_time and year.brands[story.brand].network == "x"
        measure = opening_hours if by_office else lambda start, end: end - start
        pieces, gap = way_of(year, story, case)
        parts = defaultdict(lambda: NOTHING)
        for start, end, kind, department in pieces:
            parts[kind, department] += measure(start, end)
        whole = sum((measure(start, end) for start, end, *_ in pieces), NOTHING)
        ways.append((whole, case.pk, parts, sum((measure(*span) for span in gap), NOTHING)))
    ways.sort(key=lambda way: way[:2])
    if len(ways) < 5:
        return len(ways), None, {}, NOTHING
    cut = int(0.4 * len(ways) + 1e-9)
    middle = ways[cut : len(ways) - cut]
    sums = defaultdict(lambda: NOTHING)
    for _, _, parts, _ in middle:
        for key, time in parts.items():
            sums[key] += time
    means = {key: time / len(middle) for key, time in sums.items()}
    rank = -(-len(ways) // 2)
    return len(ways), ways[rank - 1][0], means, sum((way[3] for way in middle), NOTHING) / len(middle)


@pytest.mark.slow
def test_the_horseshoe_is_what_its_cases_say_for_every_reader(year):
    for name, reader in READERS.items():
        user = year.person(reader)
        for weeks in (53, 30, 2):
            period = last_weeks(weeks, now=NOW, zone=ZONE)
            for in_business_time in (True, False):
                found = measure_horseshoe(user, period, NO_FILTERS, in_business_time=in_business_time)
                count, median, parts, gap = right_horseshoe(year, reader, period, in_business_time)
                where = (name, weeks, in_business_time)
                assert (found.count, found.median, found.gap) == (count, median, gap), where
                told = {
                    (kind.value, year.place(department)): time
                    for (kind, department), time in found.parts.items()
                }
                assert told == parts, where
                assert parts or weeks == 2 or count < 5, where
                _, ways = find_ways(user, period, NO_FILTERS, in_business_time=in_business_time)
                middle = [journey.time for journey in ways]
                assert found.middle == len(middle)
                if middle:
                    mean = sum(middle, NOTHING) / len(middle)
                    assert abs(found.total - mean) < dt.timedelta(milliseconds=1), where
                    assert found.gap <= found.total


def right_closure(year, reader, period):
    everybody, without = set(), defaultdict(set)
    for story, case in zip(year.stories, year.cases, strict=True):
        if not reader.reads(story) or story.historical or story.is_noise or story.department == 0:
            continue
        if not period.start <= story.created < period.end:
            continue
        person = year.customer[case.pk]
        everybody.add(person)
        public = [] if story.direct else sorted(story.live, key=lambda said: said.written)
        is_hanging = story.closed and public and not public[-1].ours and public[-1].wants
        if (story.needs_answer and not story.first_response) or (story.first_response and is_hanging):
            without["all"].add(person)
            for key, holds in (("public", not story.direct), ("open", not story.closed)):
                if holds:
                    without[key].add(person)
    return len(everybody), len(without["all"]), len(without["public"]), len(without["open"])


def units(sql, parameters):
    return fetch_all(sql + "SELECT case_id FROM unit", parameters)


@pytest.mark.slow
def test_the_opening_and_the_returns_are_what_their_cases_say(year):
    for name, reader in READERS.items():
        user = year.person(reader)
        for weeks in (53, 4):
            period = last_weeks(weeks, now=NOW, zone=ZONE)
            found = measure_closure(user, period, NO_FILTERS)
            right = right_closure(year, reader, period)
            assert (found.customers, found.without, found.in_public, found.waiting) == right, (name, weeks)
            choices = (
                (found.without, {}),
                (found.in_public, {"in_public": True}),
                (found.waiting, {"is_open": True}),
            )
            for number, choice in choices:
                assert len(units(*closure_units(user, period, NO_FILTERS, now=NOW, **choice))) == number
            for step, number in without_closure_by_step(user, period, NO_FILTERS):
                assert len(units(*closure_units(user, period.narrow(step), NO_FILTERS, now=NOW))) == number
            returns = find_returns(user, [period], NO_FILTERS)
            assert {(each.case_id, *sorted(each.pair)) for each in returns} == right_returns(
                year, reader, period
            )
            assert len(units(*return_units(user, period, NO_FILTERS, None))) == len(
                {r.case_id for r in returns}
            )


def right_returns(year, reader, period):
    found = set()
    for story, case in zip(year.stories, year.cases, strict=True):
        counts = reader.reads(story) and not (story.historical or story.is_noise or story.department == 0)
        if not counts or not story.closed or not period.start <= story.created < period.end:
            continue
        stayed = [
            one
            for n, one in enumerate(story.held)
            if not any(next_.routed for next_ in story.held[n + 1 : n + 2])
        ]
        for place, one in enumerate(story.held):
            before = {each.department for each in story.held[:place] if each in stayed}
            if one.came_from is not None and not one.routed and one.department in before:
                pair = sorted(year.departments[number].pk for number in (one.came_from, one.department))
                found.add((case.pk, *pair))
    return found
