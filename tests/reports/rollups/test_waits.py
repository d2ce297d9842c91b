"""How long customers wait: from cells as from rows, and in business time as the calendars themselves measure it."""

from __future__ import annotations

import datetime as dt
import math
import random
from zoneinfo import ZoneInfo

import pytest
import time_machine

from inbox.models import Case
from reports.filters import NO_FILTERS
from reports.measures.resolutions import DONE, WAIT_FACTS, wait_units
from reports.periods import read_period
from reports.rollups.times import waits
from reports.rollups.times.waits import AWAITED, measure_waits
from reports.scopes import fetch_all, reported_cases
from routing.business_hours.history import compile_history
from routing.service_levels.policies import Policy, ServiceLevels
from tests.factories import NOW
from tests.reports.test_year import READERS, Year
from wording.spans import figure_span

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
BERLIN = ZoneInfo("Europe/Berlin")
WEEK = [[[540, 750], [840, 1080]]] * 4 + [[[540, 720]], [], [[1320, 1560]]]
LATER = [[[480, 1200]]] * 5 + [[], []]


def rank(spans, share):
    return sorted(spans)[max(math.ceil(share * len(spans)), 1) - 1] if spans else None


def shown(span):
    return None if span is None else figure_span(span)


@pytest.fixture(scope="module")
def calendar():
    content = {"time_zone": "Europe/Berlin", "country": "DE", "subdivision": "BE"}
    return compile_history(
        [
            {"from": None, "content": content | {"week": WEEK}},
            {"from": "2026-10-20T22:00:00+00:00", "content": content | {"week": LATER}},
        ]
    )


@pytest.fixture(scope="module")
def round_the_clock():
    return compile_history([{"from": None, "content": {"time_zone": "UTC", "week": [[[0, 1440]]] * 7}}])


def test_waits_are_those_of_the_rows_and_of_the_calendar(calendar, round_the_clock, monkeypatch):
    year = Year(11, 60)
    dice = random.Random(11)
    for case in Case.objects.filter(closed_at__isnull=False).order_by("pk"):
        first = case.created_at + dice.random() * max(case.closed_at - case.created_at, dt.timedelta())
        Case.objects.filter(pk=case.pk).update(
            first_resolved_at=first, reopen_count=dice.randrange(2), priority=dice.randrange(3)
        )
    covered = Policy("covered", "Covered", calendar, "", {}, department_id=year.departments[0].pk)
    urgent = Policy("urgent", "Urgent", round_the_clock, "", {}, priority=2)
    # The first that matches counts, so that what is urgent is so in every department.
    levels = ServiceLevels(1, (urgent, covered))
    monkeypatch.setattr(waits, "live_service_levels", lambda: levels)
    periods = [
        read_period({"period": token}, NOW, BERLIN) for token in ("last-52-weeks", "2026-10-12..2026-11-04")
    ]
    differing = 0
    with time_machine.travel(NOW, tick=False):
        for reader in READERS.values():
            user = year.person(reader)
            by_clock = measure_waits(user, periods, NO_FILTERS, now=NOW, in_business_time=False)
            in_business = measure_waits(user, periods, NO_FILTERS, now=NOW, in_business_time=True)
            differing += sum(by_clock[0][what].p90 != in_business[0][what].p90 for what in AWAITED)
            for period, clock, business in zip(periods, by_clock, in_business, strict=True):
                for what in AWAITED[1:]:
                    sql, parameters = WAIT_FACTS[what](reported_cases(user))
                    rows = fetch_all(
                        f"{sql} SELECT f.at, coalesce(f.span, %s - f.at), f.state, c.department_id, c.priority FROM fact f"
                        " JOIN inbox_case c ON c.id = f.case_id WHERE f.at >= %s AND f.at < %s",
                        [*parameters, NOW, period.start, period.end],
                    )
                    done = [row for row in rows if row[2] in DONE]
                    still = [row for row in rows if row[2] == "waiting"]
                    right = (len(done), len(still), sum(row[2] == "reopened" for row in rows))
                    assert (clock[what].done, clock[what].open, clock[what].reopened) == right, what
                    assert (business[what].done, business[what].open, business[what].reopened) == right, what
                    assert shown(clock[what].median) == shown(rank([row[1] for row in done], 0.5))
                    assert shown(clock[what].p90) == shown(rank([row[1] for row in done], 0.9))
                    assert clock[what].oldest == max((row[1] for row in still), default=None)
                    measured = [
                        calendar.between(at, at + span)
                        if department == covered.department_id and priority != 2
                        else span
                        for at, span, _, department, priority in done
                    ]
                    for share, found in ((0.5, business[what].median), (0.9, business[what].p90)):
                        expected = rank(measured, share)
                        assert (found is None) == (expected is None)
                        assert found is None or abs(found - expected) < dt.timedelta(milliseconds=1), what
                    units = wait_units(user, period, NO_FILTERS, what, DONE, now=NOW)
                    count = fetch_all(f"{units[0]} SELECT count(*) FROM unit", units[1])[0][0]
                    assert count == clock[what].done
    assert differing
