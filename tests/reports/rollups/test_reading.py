"""Numbers read from roll-ups are those that the measures compute from rows, for every reader, period, zone and filter."""

from __future__ import annotations

import random
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from config.testing.quick import scale_examples
from inbox.models import Case
from reports.filters import Filters
from reports.measures import attainment, exchanges, first_responses, hand_overs, volume
from reports.periods import read_period
from reports.rollups import attainment as kept_attainment
from reports.rollups import hand_overs as kept_hand_overs
from reports.rollups import responses as kept
from reports.rollups.refreshing import freshen
from tests.factories import NOW
from tests.reports.rollups.edits import edit_at_random
from tests.reports.rollups.test_facts import ZONES
from tests.reports.stories import DAY
from tests.reports.test_year import READERS, Year
from wording.spans import figure_span

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


def numbers_from_rows(*chosen):
    return {
        "rate": exchanges.response_cohorts(*chosen, promised=DAY, now=NOW),
        "first response": shown(first_responses.first_response_times(*chosen, now=NOW)),
        "volume": volume.case_volume(*chosen, now=NOW),
        "attainment": attainment.sla_attainment(*chosen, now=NOW),
        "hand-overs": hand_overs.hand_over_pairs(*chosen, now=NOW),
        "routed": hand_overs.count_routed(*chosen, now=NOW),
    }


def numbers_from_rollups(*chosen, cell_zone):
    return {
        "rate": kept.response_cohorts(*chosen, promised=DAY, now=NOW, cell_zone=cell_zone),
        "first response": shown(kept.first_response_times(*chosen, now=NOW, cell_zone=cell_zone)),
        "volume": kept.case_volume(*chosen, now=NOW, cell_zone=cell_zone),
        "attainment": kept_attainment.sla_attainment(*chosen, now=NOW, cell_zone=cell_zone),
        "hand-overs": kept_hand_overs.hand_over_pairs(*chosen, now=NOW),
        "routed": kept_hand_overs.count_routed(*chosen, now=NOW),
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


@pytest.mark.slow
class EveryReader(TestCase):
    @given(st.integers(0, 2**32), st.sampled_from(ZONES))
    @settings(max_examples=scale_examples(6))
    def test_reads_what_the_rows_say(self, seed, zone):
        dice = random.Random(seed)
        with self.settings(DISPLAY_TIME_ZONE=zone):
            year = Year(seed, 40)
            for case in Case.objects.all():
                Case.objects.filter(pk=case.pk).update(priority=dice.randrange(2))
            freshen(NOW)
            for _ in range(dice.randrange(12)):
                edit_at_random(dice, year.departments)
            fresh = freshen(NOW)
            assert fresh.as_of == NOW
            for reader in READERS.values():
                user = year.person(reader)
                for token in dice.sample(PERIODS, 4):
                    period = read_period(
                        {"period": token}, NOW, ZoneInfo(dice.choice((zone, zone, "Asia/Tokyo")))
                    )
                    chosen = (user, period, filter_at_random(dice, year))
                    right = numbers_from_rows(*chosen)
                    found = numbers_from_rollups(*chosen, cell_zone=fresh.cell_zone)
                    for what in right:
                        assert found[what] == right[what], (reader, token, chosen[2], what)
