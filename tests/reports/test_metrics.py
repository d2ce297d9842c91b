"""The numbers of the manager's page, each against a story told by hand."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from accounts.models import Role
from inbox.models import Custody, Status
from postgres.history import open_history
from reports import wording
from reports.behind.lists import fetch_page
from reports.behind.numbers import list_behind
from reports.charts.rates import Rate, rate_chart
from reports.filters import NO_FILTERS, Filters
from reports.measures.exchanges import ANSWERED_IN_2011, overall_rate, response_cohorts
from reports.measures.first_responses import first_response_times
from reports.measures.hand_overs import hand_over_pairs
from reports.measures.volume import case_volume
from reports.periods import last_weeks
from tests.factories import (
    NOW,
    BrandAccountFactory,
    CaseFactory,
    DepartmentFactory,
    MessageFactory,
    UserFactory,
)
from tests.inbox.page_requests import signed_in

pytestmark = pytest.mark.django_db
UTC = ZoneInfo("UTC")
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
PROMISE = dt.timedelta(hours=24)


@pytest.fixture
def billing():
    return DepartmentFactory(name="Billing")


@pytest.fixture
def manager(billing):
    return UserFactory(role=Role.MANAGER, departments=[billing])


@pytest.fixture
def period():
    return last_weeks(4, now=NOW, zone=UTC)


def told(case, *story):
    """Messages of a case: ("in", hours after its start) or ("out", …)."""
    for direction, hours in story:
        MessageFactory(case=case, outbound=direction == "out", network_time=case.created_at + hours * HOUR)


def behind(user, period, filters=NO_FILTERS, /, **query):
    """The number of things in the list behind a number; None for an address that names none."""
    found = list_behind(user, period, filters, query, now=NOW)
    return found and fetch_page(found, user, "", 1, zone=UTC).total


def cohorts(user, period, now=NOW):
    return response_cohorts(user, period, NO_FILTERS, promised=PROMISE, now=now)


class TestResponseRate:
    def test_the_unanswered_stay_in_the_denominator(self, manager, billing, period):
        told(CaseFactory(department=billing, created_at=NOW - 8 * DAY), ("in", 0), ("out", 1))
        told(CaseFactory(department=billing, created_at=NOW - 8 * DAY), ("in", 0))
        told(CaseFactory(department=billing, created_at=NOW - 8 * DAY), ("in", 0))

        week = cohorts(manager, period)[-2]

        assert (week.needing, week.answered) == (3, 1)
        assert overall_rate(cohorts(manager, period)) == (1, 3)

    def test_a_run_of_messages_is_one_exchange_and_the_next_run_another(self, manager, billing, period):
        case = CaseFactory(department=billing, created_at=NOW - 8 * DAY, activity_at=NOW - 7 * DAY)
        told(case, ("in", 0), ("in", 1), ("in", 2), ("out", 3), ("out", 4), ("in", 5))

        week = cohorts(manager, period)[-2]

        assert (week.needing, week.answered) == (2, 1)

    def test_an_answer_before_the_first_message_answers_nothing(self, manager, billing, period):
        told(CaseFactory(department=billing, created_at=NOW - 8 * DAY), ("out", 0), ("in", 1))

        assert overall_rate(cohorts(manager, period)) == (0, 1)

    def test_what_needs_no_answer_is_left_out(self, manager, billing, period):
        case = CaseFactory(department=billing, created_at=NOW - 8 * DAY)
        MessageFactory(case=case, needs_answer=False)

        assert overall_rate(cohorts(manager, period)) == (0, 0)

    def test_history_spam_and_noise_are_outside(self, manager, billing, period):
        spam = DepartmentFactory(slug="spam")
        manager.memberships.create(department=spam)
        when = NOW - 8 * DAY
        closed = {"status": Status.DISMISSED, "closed_at": when}
        for case in (
            CaseFactory(department=billing, created_at=when, historical=True),
            CaseFactory(department=spam, created_at=when),
            CaseFactory(department=billing, created_at=when, close_reason="Noise", **closed),
        ):
            told(case, ("in", 0))
        told(CaseFactory(department=billing, created_at=when, close_reason="Duplicate", **closed), ("in", 0))

        assert overall_rate(cohorts(manager, period)) == (0, 1)

    def test_a_week_is_ripe_when_the_promise_has_passed(self, manager, period):
        end = period.steps[-2].end

        assert not cohorts(manager, period, now=end + PROMISE - HOUR)[-2].mature
        assert cohorts(manager, period, now=end + PROMISE)[-2].mature

    def test_other_departments_are_not_counted(self, manager, period):
        told(CaseFactory(created_at=NOW - 8 * DAY), ("in", 0))

        assert overall_rate(cohorts(manager, period)) == (0, 0)


class TestFirstResponse:
    def test_median_p90_and_the_age_of_those_still_waiting(self, manager, billing, period):
        for hours in (1, 2, 3, 4, 10):
            CaseFactory(
                department=billing, created_at=NOW - 2 * DAY, first_response_at=NOW - 2 * DAY + hours * HOUR
            )
        CaseFactory(department=billing, created_at=NOW - 3 * DAY)
        CaseFactory(department=billing, created_at=NOW - 1 * DAY)

        first = first_response_times(manager, period, NO_FILTERS, now=NOW)

        assert first.median == 3 * HOUR
        assert first.p90 == 10 * HOUR
        assert (first.answered, first.open, first.closed) == (5, 2, 0)
        assert (first.oldest_open, first.median_open) == (3 * DAY, DAY)

    def test_nothing_gives_nothing(self, manager, period):
        first = first_response_times(manager, period, NO_FILTERS, now=NOW)

        assert (first.median, first.p90, first.answered, first.missing) == (None, None, 0, 0)


class TestHandOvers:
    def test_wait_custody_and_return(self, manager, billing, period):
        service = DepartmentFactory(name="Service")
        case = CaseFactory(department=billing, created_at=NOW - 2 * DAY, custody=False)
        start = case.created_at
        rows = [
            (service, None, start, start, start + HOUR),
            (billing, service, start + HOUR, start + 3 * HOUR, start + 5 * HOUR),
            (service, billing, start + 5 * HOUR, None, start + 6 * HOUR),
            (billing, service, start + 6 * HOUR, start + 7 * HOUR, None),
        ]
        for department, came_from, sent, accepted, left in rows:
            Custody.objects.create(
                case=case, department=department, from_department=came_from, sent_at=sent, accepted_at=accepted,
                left_at=left,
            )  # fmt: skip

        to_billing, to_service = hand_over_pairs(manager, period, NO_FILTERS, now=NOW)

        assert (to_billing.from_name, to_billing.to_name, to_billing.count) == ("Service", "Billing", 2)
        assert to_billing.median_wait == HOUR
        assert to_billing.came_back == 1
        assert (to_service.count, to_service.accepted, to_service.median_wait) == (1, 0, HOUR)
        assert to_service.median_custody == HOUR
        assert to_service.came_back == 1

    def test_what_the_router_moved_is_routing(self, manager, billing, period):
        """Against an oracle that walks random stories: who moved what is known as it is told."""
        service, tech = DepartmentFactory(name="Service"), DepartmentFactory(name="Tech")
        places, dice = [billing, service, tech], random.Random(7)
        manager.memberships.create(department=service)
        manager.memberships.create(department=tech)
        counted, came_back, routed = Counter(), Counter(), 0
        for _ in range(40):
            at = NOW - 2 * DAY
            holder = dice.choice(places)
            case = CaseFactory(department=holder, created_at=at, custody=False)
            begun = Custody.objects.create(case=case, department=holder, sent_at=at)
            held = {holder}
            for step in range(dice.randrange(5)):
                to = dice.choice([one for one in places if one != holder])
                by_router = step == 0 and dice.random() < 0.5
                at += HOUR
                Custody.objects.filter(pk=begun.pk).update(left_at=at)
                begun = Custody.objects.create(
                    case=case, department=to, from_department=holder, sent_at=at, routed=by_router
                )
                if by_router:
                    routed, held = routed + 1, set()
                else:
                    counted[holder.name, to.name] += 1
                    came_back[holder.name, to.name] += to in held
                holder = to
                held.add(to)

        pairs = hand_over_pairs(manager, period, NO_FILTERS, now=NOW)

        assert {(one.from_name, one.to_name): one.count for one in pairs} == counted
        assert {(one.from_name, one.to_name): one.came_back for one in pairs} == came_back
        assert behind(manager, period, of="routed") == routed > 0
        for one in pairs:
            query = {"of": "handed_over", "from_id": str(one.from_id), "to_id": str(one.to_id)}
            assert behind(manager, period, **query) == one.count

    def test_the_page_shows_them_apart(self, manager, billing):
        case = CaseFactory(department=billing, created_at=timezone.now() - DAY)
        with open_history():
            Custody.objects.filter(case=case).update(
                from_department=DepartmentFactory(name="Service"), sent_at=timezone.now() - HOUR, routed=True
            )
        page = signed_in(manager).get("/reports/").content.decode()
        assert "1 moved by the learned router" in page
        assert "Nothing was handed over" in page


class TestBehindTheNumbers:
    def test_every_number_of_a_week_is_the_number_of_its_cases(self, manager, billing, period):
        for n in range(5):
            case = CaseFactory(department=billing, created_at=NOW - 8 * DAY)
            told(case, ("in", 0), *([("out", 1)] if n < 2 else []))
        week = cohorts(manager, period)[-2]

        def of_week(**query):
            return behind(manager, period, of="response", step=week.step.key, **query)

        assert of_week() == week.needing == 5
        assert of_week(answered="yes") == week.answered == 2
        assert of_week(answered="no") == 3

    def test_volume_adds_up_to_its_cases(self, manager, billing, period):
        facebook = BrandAccountFactory(network="facebook")
        for brand in ({}, {}, {"brand_account": facebook}):
            CaseFactory(department=billing, created_at=NOW - DAY, **brand)

        volume = case_volume(manager, period, NO_FILTERS, now=NOW)

        assert volume.networks == ("facebook", "x")
        assert [(row.department, row.by_network) for row in volume.rows] == [("Billing", (1, 2))]
        only = Filters(department_ids=(billing.pk,), networks=("x",))
        assert behind(manager, period, only, of="created") == 2

    @pytest.mark.parametrize(
        "query",
        [
            {},
            {"of": "nonsense"},
            {"of": "response", "step": "2019-W01"},
            {"of": "handed_over", "from_id": "x"},
        ],
    )
    def test_an_address_that_names_no_number(self, manager, period, query):
        assert behind(manager, period, **query) is None


class TestWeeks:
    def test_weeks_follow_each_other_without_a_gap_over_daylight_saving(self):
        period = last_weeks(8, now=NOW, zone=ZoneInfo("Europe/Berlin"))

        for week, after in zip(period.steps, period.steps[1:], strict=False):
            assert week.end == after.start
        lengths = {week.label: week.end - week.start for week in period.steps}
        assert lengths["Week 43"] == dt.timedelta(days=7, hours=1)
        assert lengths["Week 44"] == dt.timedelta(days=7)

    def test_the_period_before_ends_where_this_one_starts(self):
        period = last_weeks(4, now=NOW, zone=UTC)

        assert period.preceding().end == period.start
        assert len(period.preceding().steps) == 4


def test_a_bar_is_as_high_as_its_rate(manager, billing, period):
    told(CaseFactory(department=billing, created_at=NOW - 8 * DAY), ("in", 0), ("out", 1))
    told(CaseFactory(department=billing, created_at=NOW - 8 * DAY), ("in", 0))

    bars = [
        Rate(one.rate, one.step.mark, one.step.label, "#", one.mature) for one in cohorts(manager, period)
    ]
    chart = rate_chart(bars, ANSWERED_IN_2011)

    assert [bar.height for bar in chart.bars] == [0.0, 0.0, 60.0, 0.0]
    assert [bar.mature for bar in chart.bars] == [True, True, True, False]
    assert chart.line == 105.2


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "–"),
        (dt.timedelta(seconds=48), "48 s"),
        (dt.timedelta(minutes=14, seconds=29), "14 min"),
        (dt.timedelta(hours=2, minutes=5), "2 h 05"),
        (dt.timedelta(days=3), "3 d"),
        (dt.timedelta(days=3, hours=4), "3 d 4 h"),
    ],
)
def test_durations_read_in_two_units(value, words):
    assert wording.format_duration(value) == words
