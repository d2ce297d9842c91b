"""SLA attainment: card and table from the same rows, and the cases behind each number."""

from __future__ import annotations

import datetime as dt
import uuid
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import transaction
from django.urls import reverse

from accounts.models import Role
from inbox.cases import verbs
from inbox.changes.change import change_case
from inbox.models import Case, Status
from inbox.replies import outcomes
from inbox.replies import verbs as reply_verbs
from networks.base import SentMessage
from reports.behind.lists import fetch_page
from reports.behind.numbers import list_behind
from reports.filters import NO_FILTERS
from reports.measures.attainment import sla_attainment
from reports.periods import last_weeks
from routing.service_levels import versions
from tests.factories import (
    NOW,
    BrandAccountFactory,
    CaseFactory,
    DepartmentFactory,
    MessageFactory,
    ReplyFactory,
    UserFactory,
)
from tests.inbox.page_requests import signed_in
from tests.inbox.service_levels import minutes, policy
from tests.markup import squeezed

pytestmark = pytest.mark.django_db
START = NOW - dt.timedelta(hours=12)


@pytest.fixture(autouse=True)
def _no_memory_between_tests():
    versions.clear_service_levels_cache()
    yield
    versions.clear_service_levels_cache()


class World:
    def __init__(self):
        self.department = DepartmentFactory(name="Billing")
        self.manager = UserFactory(role=Role.MANAGER, departments=[self.department])
        self.period = last_weeks(4, now=NOW, zone=ZoneInfo("UTC"))
        policy(now=START)

    def case(self, **fields):
        values = {"department": self.department, "created_at": START, "status": Status.OPEN, **fields}
        case = CaseFactory(**values)
        MessageFactory(case=case)
        with transaction.atomic(), change_case(case.pk, now=START) as change:
            change.set(needs_answer=False)
            change.set(needs_answer=True)
        return case

    def answer(self, case, after):
        at = START + minutes(after)
        reply = ReplyFactory(parent=case.messages.first(), state="queued")
        outcomes.record_reply_sent(reply.pk, SentMessage(f"s{reply.pk}"), now=at, sent_at=at)

    def found(self, now=NOW):
        rows = sla_attainment(self.manager, self.period, NO_FILTERS, now=now)
        return {one.clock: (one.met, one.missed, one.running) for one in rows}

    def behind(self, clock, met):
        query = {"of": "sla", "clock": clock, "met": "yes" if met else "no"}
        found = list_behind(self.manager, self.period, NO_FILTERS, query, now=NOW)
        rows = fetch_page(found, self.manager, "", 50, zone=ZoneInfo("UTC")).rows
        return [int(row["href"].split("/")[2]) for row in rows]


@pytest.fixture
def world():
    return World()


def test_met_missed_and_past_due(world):
    in_time, late, waiting, fresh = (world.case() for _ in range(4))
    world.answer(in_time, 10)
    world.answer(late, 70)
    Case.objects.filter(pk=fresh.pk).update(first_response_due_at=NOW + minutes(1), resolution_due_at=None)
    found = world.found()
    assert found["first_response"] == (1, 2, 1)
    assert world.behind("first_response", met=True) == [in_time.pk]
    assert world.behind("first_response", met=False) == [late.pk, waiting.pk]
    # Both answered cases wait for the customer: their resolution stands still. One is past due.
    assert found["resolution"] == (0, 1, 1)


def test_a_resolution_counts_once_and_only_while_the_case_is_resolved(world):
    case = world.case()
    world.answer(case, 10)
    verbs.resolve_case(case.pk, world.manager, now=START + minutes(20))
    assert world.found()["resolution"] == (1, 0, 0)
    verbs.reopen_case(case.pk, world.manager, now=START + minutes(30))
    assert world.found(now=START + minutes(40))["resolution"] == (0, 0, 0)
    verbs.resolve_case(case.pk, world.manager, now=START + minutes(600))
    assert world.found()["resolution"] == (0, 1, 0)
    # Opened once more and then dismissed, it was never resolved in the end: a dismissal ends no clock.
    verbs.reopen_case(case.pk, world.manager, now=START + minutes(610))
    verbs.dismiss_case(case.pk, world.manager, "Duplicate", now=START + minutes(620))
    assert world.found()["resolution"] == (0, 0, 0)


@pytest.mark.slow
def test_a_hundred_answers_each_followed_at_once_by_resolve_all_count(world):
    """The answer leaves when the seconds for taking it back are over: the case is closed by then."""
    brand = BrandAccountFactory()
    agent = UserFactory(departments=[world.department], publishes=[brand])
    for number in range(100):
        case, at = world.case(brand_account=brand), START + minutes(10)
        case.refresh_from_db()
        question = case.messages.get()
        reply = reply_verbs.queue_reply(
            case.pk, agent, question.pk, f"On its way, no. {number}.", uuid.uuid4(), case.version, now=at
        )
        verbs.resolve_case(case.pk, agent, now=at + dt.timedelta(seconds=number % 5))
        sent = at + dt.timedelta(seconds=10)
        outcomes.record_reply_sent(reply.pk, SentMessage(f"s{reply.pk}"), now=sent, sent_at=sent)
    assert world.found() == {
        "first_response": (100, 0, 0),
        "next_response": (0, 0, 0),
        "resolution": (100, 0, 0),
    }


def test_an_answer_that_was_in_time_replaces_the_miss_of_the_closing(world):
    """The case was closed as if nobody had answered; the answer in the network's app was polled later."""
    case = world.case()
    verbs.resolve_case(case.pk, world.manager, now=START + minutes(90))
    assert world.found()["first_response"] == (0, 1, 0)
    world.answer(case, 30)
    assert world.found()["first_response"] == (1, 0, 0)


def test_what_is_dismissed_ends_no_clock(world):
    verbs.dismiss_case(world.case().pk, world.manager, "Duplicate", now=NOW)
    assert world.found() == dict.fromkeys(("first_response", "next_response", "resolution"), (0, 0, 0))


def test_history_and_other_departments_are_outside(world):
    world.answer(world.case(department=DepartmentFactory()), 10)
    world.answer(world.case(historical=True), 10)
    assert world.found()["first_response"] == (0, 0, 0)


def test_the_page_shows_the_share_and_its_table_and_opens_the_cases(world):
    met, late = world.case(), world.case()
    world.answer(met, 10)
    world.answer(late, 90)
    with time_machine.travel(NOW, tick=False):
        client = signed_in(world.manager)
        page = squeezed(client.get(reverse("reports:dashboard")))
        assert '<b class="num">1</b> of 2 targets met, for' in page
        behind = client.get(
            reverse("reports:cases") + "?of=sla&clock=first_response&met=no&weeks=8"
        ).content.decode()
        assert f'href="{reverse("inbox:case", args=[late.pk])}"' in behind
        assert f'href="{reverse("inbox:case", args=[met.pk])}"' not in behind
        for query in ("?of=sla", "?of=sla&clock=nonsense&met=no", "?of=sla&clock=resolution&met="):
            assert client.get(reverse("reports:cases") + query).status_code == 404


def test_without_an_ended_clock_it_says_where_targets_are_set(world):
    with time_machine.travel(NOW, tick=False):
        page = signed_in(world.manager).get(reverse("reports:dashboard")).content.decode()
    assert "No target of this period" in page
    assert reverse("sla:policy_list") in page
