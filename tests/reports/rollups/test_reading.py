"""Numbers read from roll-ups are those that the measures compute from rows, for every reader, period, zone and filter."""

from __future__ import annotations

import random
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from config.testing.quick import scale_examples
from inbox.models import Case, CaseEvent, Message
from postgres.history import open_history
from reports.filters import Filters
from reports.measures import (
    attainment,
    back_and_forth,
    by_person,
    closings,
    closure,
    exchanges,
    first_responses,
    first_turns,
    hand_overs,
    horseshoe,
    outcomes,
    volume,
    weekday_waits,
)
from reports.models import ChangedCase, RollupState
from reports.periods import read_period
from reports.rollups import attainment as kept_attainment
from reports.rollups import freshness
from reports.rollups import hand_overs as kept_hand_overs
from reports.rollups import outcomes as kept_outcomes
from reports.rollups import responses as kept
from reports.rollups.freshness import freshen
from reports.rollups.readers import by_person as kept_by_person
from reports.rollups.readers import closure as kept_closure
from reports.rollups.readers import horseshoe as kept_horseshoe
from reports.rollups.readers import returns as kept_returns
from reports.rollups.state import mark_changed
from routing.service_levels.editing import install_starter_service_levels
from routing.service_levels.starter import starter_calendars, starter_policies
from tests.factories import NOW
from tests.inbox.page_requests import signed_in
from tests.reports.rollups.edits import (
    decide,
    edit_at_random,
    queue_before,
    resolve_and_open_again,
    share_customer,
)
from tests.reports.rollups.test_facts import ZONES, build_all, refresh_all
from tests.reports.stories import DAY, MINUTE
from tests.reports.test_year import READERS, Year
from wording.spans import figure_span

#: Session, sign-in and navigation included.
MOST_STATEMENTS = 30
PERIODS = (
    "last-53-weeks", "last-8-weeks", "2026-W13", "2026-W44", "2026-03", "2026-10", "2026-Q1", "2026-03-29..2026-10-25",
    "2026-10-25", "2025-12-01..2026-01-31", "last-12-months",
)  # fmt: skip


def shown(first):
    """Spans as they are shown, which is how roll-ups keep those of answers."""
    spans = {
        name: None if getattr(first, name) is None else figure_span(getattr(first, name))
        for name in ("median", "p90", "oldest_open", "median_open")
    }
    return replace(first, **spans)


def numbers_from_rows(*chosen, person):
    return {
        "rate": exchanges.response_cohorts(*chosen, promised=DAY, now=NOW),
        "first response": shown(first_responses.first_response_times(*chosen, now=NOW)),
        "volume": volume.case_volume(*chosen, now=NOW),
        "attainment": attainment.sla_attainment(*chosen, now=NOW),
        "hand-overs": hand_overs.hand_over_pairs(*chosen, now=NOW),
        "routed": hand_overs.count_routed(*chosen, now=NOW),
        "outcomes": outcomes.measure_outcomes(*chosen, now=NOW),
        "closings": closings.count_closings(*chosen, now=NOW),
        "waits by weekday": in_order(weekday_waits.weekday_waits(*chosen, now=NOW)),
        "by the clock": as_shown(horseshoe.measure_horseshoe(*chosen, in_business_time=False)),
        "in business time": as_shown(horseshoe.measure_horseshoe(*chosen, in_business_time=True)),
        "closure": closure.measure_closure(*chosen),
        "closure by step": closure.without_closure_by_step(*chosen),
        "returns": in_order(back_and_forth.find_returns(chosen[0], [chosen[1]], chosen[2])),
        "first turns": first_turns.first_turns(*chosen),
        "a person": by_person.measure_person(chosen[0], person, *chosen[1:], now=NOW),
    }


def in_order(rows):
    return sorted(rows, key=repr)


def as_shown(shoe):
    return replace(shoe, median=None if shoe.median is None else figure_span(shoe.median))


def numbers_from_rollups(*chosen, person):
    return {
        "rate": kept.response_cohorts(*chosen, promised=DAY, now=NOW),
        "first response": shown(kept.first_response_times(*chosen, now=NOW)),
        "volume": kept.case_volume(*chosen, now=NOW),
        "attainment": kept_attainment.sla_attainment(*chosen, now=NOW),
        "hand-overs": kept_hand_overs.hand_over_pairs(*chosen, now=NOW),
        "routed": kept_hand_overs.count_routed(*chosen, now=NOW),
        "outcomes": kept_outcomes.measure_outcomes(*chosen, now=NOW),
        "closings": kept_outcomes.count_closings(*chosen, now=NOW),
        "waits by weekday": in_order(kept_hand_overs.weekday_waits(*chosen, now=NOW)),
        "by the clock": as_shown(kept_horseshoe.measure_horseshoe(*chosen, in_business_time=False, now=NOW)),
        "in business time": as_shown(
            kept_horseshoe.measure_horseshoe(*chosen, in_business_time=True, now=NOW)
        ),
        "closure": kept_closure.measure_closure(*chosen, now=NOW),
        "closure by step": kept_closure.without_closure_by_step(*chosen, now=NOW),
        "returns": in_order(kept_returns.find_returns(chosen[0], [chosen[1]], chosen[2], now=NOW)),
        "first turns": kept_returns.first_turns(*chosen, now=NOW),
        "a person": kept_by_person.measure_person(chosen[0], person, *chosen[1:], now=NOW),
    }


def filter_at_random(dice, year):
    filters = Filters()
    if dice.random() < 0.4:
        filters = replace(filters, department_ids=tuple(one.pk for one in dice.sample(year.departments, 2)))
    if dice.random() < 0.3:
        filters = replace(filters, brand_account_ids=(dice.choice(year.brands).pk,))
    if dice.random() < 0.3:
        filters = replace(filters, networks=(dice.choice(("x", "facebook")),))
    if dice.random() < 0.2:
        filters = replace(filters, priorities=(1,))
    return filters


def add_what_people_did(dice, year, author):
    """Let one person have written answers and kept promises, rules have decided, and an office have hours."""
    install_starter_service_levels(starter_calendars("Europe/Berlin"), starter_policies(), {}, None, NOW)
    for case in Case.objects.all():
        Case.objects.filter(pk=case.pk).update(priority=dice.randrange(2))
        for edit in (decide, share_customer, queue_before):
            if dice.random() < 0.6:
                edit(dice, case, year.departments)
    Message.objects.filter(
        direction="out", pk__in=[pk for pk in Message.objects.values_list("pk", flat=True) if pk % 2]
    ).update(user=author)
    with open_history():
        CaseEvent.objects.filter(data__has_key="clocks").update(actor=author)
    for case in Case.objects.all():
        resolve_and_open_again(dice, case, year.departments)


@pytest.mark.slow
class EveryReader(TestCase):
    @given(st.integers(0, 2**32), st.sampled_from(ZONES))
    @settings(max_examples=scale_examples(6))
    def test_reads_what_the_rows_say(self, seed, zone):
        dice = random.Random(seed)
        with self.settings(DISPLAY_TIME_ZONE=zone):
            year = Year(seed, 40)
            author = year.person(READERS["the agent"])
            add_what_people_did(dice, year, author)
            freshen(NOW)
            for _ in range(dice.randrange(12)):
                edit_at_random(dice, year.departments)
            fresh = freshen(NOW)
            assert fresh.as_of == NOW
            for reader in READERS.values():
                user = year.person(reader)
                for token in dice.sample(PERIODS, 2):
                    period = read_period(
                        {"period": token}, NOW, ZoneInfo(dice.choice((zone, zone, "Asia/Tokyo")))
                    )
                    chosen = (user, period, filter_at_random(dice, year))
                    right = numbers_from_rows(*chosen, person=author.pk)
                    found = numbers_from_rollups(*chosen, person=author.pk)
                    for what in right:
                        assert found[what] == right[what], (reader, token, chosen[2], what)


@pytest.mark.django_db
class TestThePage:
    def page(self, user, at=NOW):
        with time_machine.travel(at, tick=False):
            return signed_in(user).get(reverse("reports:dashboard"))

    def test_says_of_what_time_its_numbers_are(self):
        year = Year(6, 10)
        assert "as of 10:00" in self.page(year.person(READERS["the agent"])).content.decode()

    def test_counts_what_changed_a_moment_ago(self):
        year = Year(6, 30)
        user = year.person(READERS["the administrator"])
        before = self.page(user).content.decode()
        Case.objects.update(first_response_at=None)
        page = self.page(user).content.decode()
        assert page != before
        assert not ChangedCase.objects.exists()

    def test_with_many_changes_it_says_that_later_ones_are_still_being_counted(self, monkeypatch):
        year = Year(6, 10)
        user = year.person(READERS["the agent"])
        self.page(user)
        monkeypatch.setattr(freshness, "_FEW", 1)
        Case.objects.update(needs_answer=True)
        ChangedCase.objects.update(at=NOW - 3 * MINUTE)
        page = self.page(user).content.decode()
        assert "as of 09:57; later changes are still being counted" in page
        assert "These numbers are" not in page
        ChangedCase.objects.update(at=NOW - 12 * MINUTE)
        for name in ("dashboard", "horseshoe", "people", "brand_accounts", "outcomes"):
            with time_machine.travel(NOW, tick=False):
                page = signed_in(user).get(reverse(f"reports:{name}")).content.decode()
            assert "<b>These numbers are 12 min old.</b>" in page
        refresh_all()
        assert "as of 10:00" in self.page(user).content.decode()

    def test_shows_progress_instead_of_numbers_before_all_are_counted(self, monkeypatch):
        year = Year(6, 10)
        user = year.person(READERS["the agent"])
        monkeypatch.setattr(freshness, "is_small", lambda: False)
        answer = self.page(user)
        assert answer.status_code == 503
        assert "0% of all cases are done" in answer.content.decode()
        build_all()
        assert self.page(user).status_code == 200

    @pytest.mark.parametrize("name", ("dashboard", "horseshoe", "people", "brand_accounts"))
    def test_reads_facts_again_only_for_another_reader_or_after_a_change(self, name):
        year = Year(6, 20)
        build_all()
        manager, other = (
            year.person(READERS[reader]) for reader in ("the manager of two", "the administrator")
        )

        def reads(user):
            browser = signed_in(user)
            with time_machine.travel(NOW, tick=False), CaptureQueriesContext(connection) as captured:
                browser.get(reverse(f"reports:{name}"))
            statements = "\n".join(query["sql"] for query in captured)
            for raw in ("inbox_message", "inbox_custody", "inbox_decision", "inbox_caseevent"):
                assert raw not in statements, raw
            return "reports_fact f" in statements or "reports_cell c" in statements

        assert reads(manager)
        assert not reads(manager)
        assert reads(other)
        mark_changed(RollupState.objects.get())
        assert reads(manager)

    def test_costs_the_same_statements_whatever_it_counts(self):
        year = Year(6, 10)
        user = year.person(READERS["the manager of two"])
        self.page(user)
        browser = signed_in(user)
        with time_machine.travel(NOW, tick=False):
            browser.get(reverse("reports:dashboard"))
            for period in ("last-8-weeks", "last-52-weeks", "2026-10"):
                with CaptureQueriesContext(connection) as captured:
                    browser.get(reverse("reports:dashboard") + f"?period={period}")
                statements = "\n".join(query["sql"] for query in captured)
                # No raw aggregate on a request.
                assert "inbox_message" not in statements
                assert "inbox_custody" not in statements
                assert len(captured) <= MOST_STATEMENTS, statements
