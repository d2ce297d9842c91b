"""Due times on pages: the queue in their order, narrowed to them, the countdown, and the card of a case."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import time_machine
from django.db import connection
from django.urls import reverse

from accounts.models import Role
from inbox import countdown
from inbox.models import Case, Status
from inbox.queue import listing
from inbox.queue.filters import QueueFilters
from tests.factories import (
    NOW,
    BrandAccountFactory,
    CaseFactory,
    DepartmentFactory,
    MessageFactory,
    UserFactory,
)
from tests.inbox.page_requests import count_statements, signed_in
from tests.inbox.service_levels import minutes, policy

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return World()


class World:
    def __init__(self):
        self.department, self.brand = DepartmentFactory(slug="service", name="Service"), BrandAccountFactory()
        self.agent = UserFactory(departments=[self.department])

    def case(self, due_in=None, **fields):
        due = None if due_in is None else NOW + minutes(due_in)
        values = {"department": self.department, "brand_account": self.brand, "next_due_at": due, **fields}
        return CaseFactory(first_response_due_at=due, **values)

    def rows(self, user=None, **query):
        with time_machine.travel(NOW, tick=False):
            page = signed_in(user or self.agent).get(reverse("inbox:queue"), query)
        return [int(pk) for pk in re.findall(r'data-case="(\d+)"', page.content.decode())]


def test_due_first_ends_with_what_has_no_due_time(world):
    late, none, early = world.case(90), world.case(), world.case(-10)
    assert world.rows(sort="due") == [early.pk, late.pk, none.pk]
    assert world.rows(sort="due", due="none") == [none.pk]


def test_overdue_and_due_soon(world):
    overdue, soon, later = world.case(-1), world.case(119), world.case(121)
    assert world.rows(sort="overdue") == [overdue.pk]
    assert world.rows(sort="soon") == [soon.pk]
    assert later.pk in world.rows(sort="nonsense")


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.COMMUNITY, Role.MANAGER])
def test_every_role_reads_its_own_cases_in_one_order(world, role):
    other = DepartmentFactory()
    world.case(50), world.case(10, department=other), world.case(30)
    departments = [world.department, other]
    user = UserFactory(role=role, departments=departments, publishes=[world.brand])
    mine = list(Case.objects.order_by("next_due_at").values_list("pk", flat=True))
    assert world.rows(user, sort="due") == mine
    outsider = UserFactory(role=role, departments=[DepartmentFactory()], publishes=[BrandAccountFactory()])
    if role != Role.ADMINISTRATOR:
        assert world.rows(outsider, sort="due") == []


def test_it_goes_on_page_by_page(world, monkeypatch):
    monkeypatch.setattr(listing, "ROWS_PER_PAGE", 3)
    cases = [world.case(due // 2) for due in range(8)]  # pairs are due at the same time
    found, after = [], ""
    filters = QueueFilters(sort="due")
    for _ in range(4):
        with time_machine.travel(NOW, tick=False):
            page = listing.queue_page(world.agent, "open", listing.replace(filters, after=after), {}, NOW)
        found += [int(re.search(r'data-case="(\d+)"', row)[1]) for row in page.rows]
        after = page.after
        if not after:
            break
    assert found == [case.pk for case in cases]


def test_the_order_has_an_index(world):
    rows = Case.objects.open().filter(department=world.department, next_due_at__isnull=False)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        sql, parameters = rows.order_by("next_due_at", "id")[:50].query.sql_with_params()
        cursor.execute(f"EXPLAIN {sql}", parameters)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "case_due_department" in plan


def test_it_costs_no_further_statement(world):
    policy()
    client = signed_in(world.agent)
    assert count_statements(client, reverse("inbox:queue") + "?sort=due") <= 8


class TestCountdown:
    def chip(self, **fields):
        values = dict.fromkeys(countdown.WAITING_CHIP_FIELDS) | {"historical": False} | fields
        return countdown.waiting_chip(values, None, NOW)

    def test_words(self):
        lengths = (30, 900, 7800, 7200, 363_600, 345_600)
        words = [self.chip(next_due_at=NOW + dt.timedelta(seconds=length)).words for length in lengths]
        assert words == [
            "under 1 min left",
            "15 min left",
            "2 h 10 left",
            "2 h left",
            "4 d 5 h left",
            "4 d left",
        ]

    def test_left_at_risk_and_overdue(self):
        due = NOW + minutes(130)
        early = self.chip(next_due_at=due, next_clock_at=NOW + minutes(60), first_response_due_at=due)
        assert (early.words, early.tone) == ("2 h 10 left", "clock")
        assert early.title.startswith("First response due by 18 November, 12:10")
        warned = self.chip(next_due_at=due, next_clock_at=due, next_response_due_at=due)
        assert (warned.tone, warned.title[:17]) == ("clock risk", "Next response due")
        over = self.chip(next_due_at=NOW - minutes(15), resolution_due_at=NOW - minutes(15))
        assert (over.words, over.tone, over.title[:14]) == ("overdue 15 min", "clock late", "Resolution due")

    def test_without_a_policy_the_brand_s_promise_counts(self):
        chip = self.chip(waiting_since=NOW - dt.timedelta(hours=20))
        assert (chip.words, chip.tone) == ("4 h left", "clock risk")
        assert chip.title.startswith("Promised by")

    def test_nobody_waits(self):
        assert self.chip() is None
        assert self.chip(historical=True, waiting_since=NOW, next_due_at=NOW) is None

    def test_rows_carry_the_time_for_the_script(self, world):
        world.case(20)
        with time_machine.travel(NOW, tick=False):
            page = signed_in(world.agent).get(reverse("inbox:queue")).content.decode()
        assert 'data-due="2026-11-18T10:20:00+00:00"' in page
        assert ">20 min left</span>" in page


class TestCard:
    def page(self, world, case, now=NOW):
        with time_machine.travel(now, tick=False):
            return signed_in(world.agent).get(reverse("inbox:case", args=[case.pk])).content.decode()

    def clocked(self, world, **fields):
        made = policy()
        values = {
            "exchange_from": NOW,
            "resolution_from": NOW,
            "status": Status.OPEN,
            "sla_version": 1,
            **fields,
        }
        case = world.case(60, **values)
        MessageFactory(case=case)
        return made, case

    def test_it_tells_target_due_time_state_and_policy(self, world):
        _, case = self.clocked(world)
        page = self.page(world, case)
        card = page[page.index("<h3>Clocks</h3>") :]
        for words in (
            "First response", "1 h of business time", "due <span class=\"num\">18 Nov, 11:00</span>", "1 h left",
            "not running", "8 h left", "Policy “Everybody”, calendar “Hours",
        ):  # fmt: skip
            assert words in card, words

    def test_a_case_that_waits_for_the_customer_is_paused(self, world):
        _, case = self.clocked(
            world, exchange_from=None, resolution_from=None, resolution_used=1800, status=Status.WAITING,
            waiting_since=None, first_response_at=NOW, next_due_at=None,
        )  # fmt: skip
        card = self.page(world, case)
        assert "paused</span>" in card
        assert "30 min of business time used" in card
        assert "met</span>" in card

    def test_a_missed_answer_is_told(self, world):
        _, case = self.clocked(
            world, exchange_from=None, waiting_since=None, first_response_at=NOW + minutes(61)
        )
        assert "missed</span>" in self.page(world, case)

    def test_no_policy_no_card(self, world):
        case = world.case(status=Status.OPEN)
        MessageFactory(case=case)
        assert "<h3>Clocks</h3>" not in self.page(world, case)
