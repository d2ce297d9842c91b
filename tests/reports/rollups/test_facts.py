"""Facts and cells after any edits are what a computation from all rows says."""

from __future__ import annotations

import datetime as dt
import json
import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from config.testing.quick import scale_examples
from inbox.models import Case, Message
from postgres.locks import AdvisoryLock, take_lock
from reports.models import Cell, ChangedCase, Fact, RollupState
from reports.rollups import refreshing
from reports.rollups.building import begin_anew, build_next
from reports.rollups.checking import check_rollups
from reports.rollups.definitions import ROUNDED
from reports.rollups.freshness import freshen
from reports.rollups.refreshing import refresh_changed_cases
from reports.rollups.state import read_status
from routing.service_levels.editing import install_starter_service_levels
from routing.service_levels.starter import starter_calendars, starter_policies
from tests.factories import NOW
from tests.reports.rollups.edits import EDITS, edit_at_random
from tests.reports.test_year import Year
from wording.spans import figure_span

ZONES = ("Europe/Berlin", "Asia/Kathmandu", "America/St_Johns", "UTC", "Australia/Lord_Howe")


def build_all():
    while build_next():
        pass
    refresh_all()


def refresh_all():
    while refresh_changed_cases():
        pass


def differences():
    return [difference for part in check_rollups() for difference in part.differences]


def kept():
    facts = {
        str(row) for row in Fact.objects.values_list(*[field.attname for field in Fact._meta.concrete_fields])
    }
    cells = Cell.objects.exclude(n=0).values_list(*[field.attname for field in Cell._meta.concrete_fields])
    return facts, set(cells)


@pytest.mark.slow
class AfterRandomEdits(TestCase):
    @given(st.integers(0, 2**32), st.sampled_from(ZONES))
    @settings(max_examples=scale_examples(6))
    def test_refreshed_is_rebuilt(self, seed, zone):
        dice = random.Random(seed)
        with self.settings(DISPLAY_TIME_ZONE=zone):
            year = Year(seed, 12)
            build_all()
            for _ in range(dice.randrange(1, 25)):
                edit_at_random(dice, year.departments)
                if dice.random() < 0.2:
                    refresh_changed_cases(dice.randrange(1, 9))
            refresh_all()
            assert differences() == []
            refreshed = kept()
            begin_anew()
            build_all()
            assert kept() == refreshed


@pytest.mark.django_db
class TestChecking:
    def test_a_changed_fact_a_lost_cell_and_a_fact_of_no_case_are_found(self):
        Year(3, 8)
        build_all()
        assert differences() == []
        fact = Fact.objects.filter(kind=2).first()
        Fact.objects.filter(pk=fact.pk).update(state="closed", value=77)
        Fact.objects.filter(kind=1).last().delete()
        Fact.objects.create(
            kind=1, case_id=10**9, n=1, at=fact.at, state="answered", department_id=1, brand_account_id=1, visibility="public"
        )  # fmt: skip
        found = [difference.what for difference in differences()]
        assert sum("fact of case 1000000000" in what for what in found) == 1
        assert sum("surplus fact" in what for what in found) == 2
        assert sum("missing fact" in what for what in found) == 2
        assert any("cell" in what for what in found)

    def test_the_command_prints_them_and_fails_and_mends_them_on_request(self, capsys):
        Year(3, 8)
        call_command("rollups")
        Fact.objects.filter(kind=2).update(state="odd")
        with pytest.raises(SystemExit) as ended:
            call_command("rollups", "--check", "--json")
        printed = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
        assert ended.value.code == 1
        assert printed["differences"] > 0
        call_command("rollups", "--rebuild", "--check")
        assert "0 differences in 8 cases." in capsys.readouterr().out


@pytest.mark.django_db
class TestNoticing:
    @pytest.mark.parametrize("edit", dict.fromkeys(EDITS), ids=lambda edit: edit.__name__)
    def test_each_edit_is_noticed(self, edit):
        year = Year(5, 40)
        build_all()
        dice = random.Random(1)
        before = kept()
        for case in Case.objects.all():
            edit(dice, case, year.departments)
        assert ChangedCase.objects.exists()
        refresh_changed_cases()
        assert differences() == []
        assert kept() != before

    def test_a_look_at_the_network_and_words_of_search_are_not(self):
        Year(5, 6)
        ChangedCase.objects.all().delete()
        Message.objects.update(looked_at=NOW, text="other")
        assert not ChangedCase.objects.exists()


@pytest.mark.django_db
class TestBuilding:
    def test_new_definitions_build_anew(self):
        Year(5, 6)
        build_all()
        assert read_status().is_built
        RollupState.objects.update(definitions="older")
        assert (read_status().is_built, read_status().built_to) == (False, 0)
        build_all()
        assert read_status().is_built

    def test_another_zone_makes_other_cells_and_the_same_facts(self, settings):
        Year(5, 30)
        build_all()
        facts, cells = kept()
        settings.DISPLAY_TIME_ZONE = "Asia/Kathmandu"
        build_next()
        assert kept()[0] == facts
        assert kept()[1] != cells
        assert differences() == []

    def test_other_service_levels_measure_business_time_again(self):
        Year(5, 60)
        build_all()
        before = kept()
        install_starter_service_levels(starter_calendars("Europe/Berlin"), starter_policies(), {}, None, NOW)
        assert freshen(NOW).as_of == NOW
        assert differences() == []
        assert kept() != before

    def test_a_cut_refresh_leaves_the_changes_waiting(self, monkeypatch):
        Year(5, 6)
        waiting = ChangedCase.objects.count()

        def fail(*_):
            raise OSError

        monkeypatch.setattr(refreshing, "replace_facts", fail)
        with pytest.raises(OSError):
            refresh_changed_cases()
        assert ChangedCase.objects.count() == waiting

    @pytest.mark.django_db(transaction=True)
    def test_two_at_once_do_not_wait_for_each_other(self):
        Year(5, 6)
        with transaction.atomic():
            take_lock(AdvisoryLock.ROLLUPS)
            with ThreadPoolExecutor(1) as pool:
                assert pool.submit(in_thread, refresh_changed_cases).result() is None
        assert refresh_changed_cases() > 0


def in_thread(function):
    try:
        return function()
    finally:
        connection.close()


@pytest.mark.django_db
def test_rounded_spans_read_as_the_exact_ones():
    dice = random.Random(4)
    edges = [
        dt.timedelta(seconds=one)
        for one in (0, 0.5, 59.4, 59.5, 60, 89.9, 90, 86369.9, 86370, 88199.9, 88200)
    ]
    spans = edges + [dt.timedelta(seconds=10 ** dice.uniform(-1, 8)) for _ in range(2000)]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {ROUNDED} FROM unnest(%s::interval[]) AS f(span)"
            " CROSS JOIN LATERAL (SELECT extract(epoch FROM f.span)) AS s(long)",
            [spans],
        )
        values = [value for (value,) in cursor.fetchall()]
    assert [figure_span(dt.timedelta(seconds=value)) for value in values] == [
        figure_span(span) for span in spans
    ]
    assert [value for _, value in sorted(zip(spans, values, strict=True))] == sorted(values)
