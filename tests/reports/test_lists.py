"""The lists behind numbers: what a row shows, in which order, and what it keeps to itself."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.urls import reverse

from accounts.models import Role
from inbox.cases import verbs
from inbox.models import Case, Message, Status
from networks.base import Author
from tests.factories import NOW, CaseFactory, DepartmentFactory, MessageFactory, UserFactory
from tests.inbox.fake_connector import message
from tests.inbox.leased_streams import feed
from tests.inbox.page_requests import count_statements, signed_in
from tests.markup import squeezed

__all__ = ["feed"]
pytestmark = pytest.mark.django_db
MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)
US = Author("9000", handle="brand", name="Brand", is_self=True)


@pytest.fixture
def billing():
    return DepartmentFactory(name="Billing")


@pytest.fixture
def manager(billing):
    return UserFactory(role=Role.MANAGER, departments=[billing])


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


def case_of(department, age, **fields):
    at = NOW - age
    case = CaseFactory(department=department, created_at=at, status=Status.OPEN, **fields)
    MessageFactory(case=case, network_time=at)
    return case


def listed(user, **query):
    """The context of a list behind a number."""
    return signed_in(user).get(reverse("reports:cases"), query).context


def numbers(user):
    return {
        figure.label: figure
        for figure in signed_in(user).get(reverse("reports:dashboard")).context["figures"]
    }


def test_a_manager_sees_what_is_handed_away_and_nothing_of_its_content(billing, manager):
    press = DepartmentFactory(name="Press")
    case = case_of(billing, 5 * HOUR, preview="My secret", visibility="direct")
    verbs.hand_over_case(case.pk, manager, press, "About a film", now=NOW - 2 * HOUR)
    assert numbers(manager)["Hand-overs"].value == "1"
    query = {"of": "handed_over", "from_id": billing.pk, "to_id": press.pk}
    page = squeezed(signed_in(manager).get(reverse("reports:cases"), query))
    assert '<b class="num">1</b> hand-overs, longest first' in page
    assert "A case that you may not open" in page and "2 h 00, still waiting" in page
    for hidden in (
        "My secret",
        case.identity.display_name,
        reverse("inbox:case", args=[case.pk]),
        "About a film",
    ):
        assert hidden not in page
    receiver = UserFactory(role=Role.MANAGER, departments=[press])
    assert listed(receiver, **query)["rows"][0]["customer"] == case.identity.display_name
    # Numbers of other departments are for those who manage one of the two.
    for other in (
        UserFactory(role=Role.MANAGER, departments=[DepartmentFactory()]),
        UserFactory(departments=[billing]),
    ):
        assert (numbers(other)["Hand-overs"].value, listed(other, **query)["total"]) == ("0", 0)


def test_a_case_closed_without_a_word_is_one_without_a_first_response(billing, manager):
    answered = case_of(billing, 9 * HOUR, first_response_at=NOW - 8 * HOUR)
    waiting = case_of(billing, 7 * HOUR)
    closed = [case_of(billing, 6 * HOUR + n * HOUR / 9) for n in range(8)]
    for case in closed:
        verbs.resolve_case(case.pk, manager, now=NOW - HOUR)
    missing = numbers(manager)["Without a first response"]
    assert (missing.value, missing.basis) == ("9", "of 10 cases: 1 still open, 8 closed without an answer")
    rows = listed(manager, of="waiting")["rows"]
    assert rows[0]["span"] == "7 h 00, still waiting"
    assert [row["span"] for row in rows[1:]] == ["closed without an answer"] * 8
    assert [listed(manager, of="waiting", open=one)["total"] for one in ("yes", "no")] == [1, 8]
    assert {row["href"] for row in rows} == {
        reverse("inbox:case", args=[case.pk]) for case in (waiting, *closed)
    } - {reverse("inbox:case", args=[answered.pk])}


def test_exchanges_are_listed_as_exchanges_the_longest_waiting_first(billing, manager):
    twice, once = case_of(billing, 2 * DAY), case_of(billing, DAY)
    MessageFactory(case=twice, outbound=True, network_time=NOW - 2 * DAY + HOUR)
    MessageFactory(case=twice, network_time=NOW - 3 * HOUR)
    context = listed(manager, of="response")
    assert (context["total"], context["behind"].unit) == (3, "exchanges")
    waiting = listed(manager, of="response", answered="no")
    assert [row["href"] for row in waiting["rows"]] == [
        reverse("inbox:case", args=[case.pk]) for case in (once, twice)
    ]
    assert [row["span"] for row in waiting["rows"]] == ["1 d, still waiting", "3 h 00, still waiting"]
    assert [row["span"] for row in listed(manager, of="response", answered="yes")["rows"]] == ["1 h 00"]


def test_the_week_is_that_of_receipt_however_many_weeks_are_shown(billing, manager):
    """Written on Sunday evening, received on Monday, in a case from before."""
    monday = dt.datetime(2026, 10, 26, tzinfo=dt.UTC)
    case = case_of(billing, NOW - monday + 20 * DAY)
    MessageFactory(case=case, outbound=True, network_time=case.created_at + HOUR)
    Case.objects.filter(pk=case.pk).update(activity_at=monday - 5 * HOUR)
    MessageFactory(case=case, network_time=monday - 5 * HOUR, received_at=monday + HOUR)
    Message.objects.filter(case=case, direction="out").update(received_at=monday - 19 * DAY)
    client = signed_in(manager)
    for weeks in (4, 8, 13):
        rows = client.get(reverse("reports:dashboard"), {"weeks": weeks}).context["steps"]["rows"]
        assert [row["cells"][0][1] for row in rows if row["label"] == "Week 44"] == ["1"]


def test_question_and_native_answer_that_are_heard_of_together_took_as_long_as_on_the_network(feed):
    ours = message("2", author=US, parent_id="1", thread_id="1", created_at=NOW - 10 * HOUR + 10 * MINUTE)
    feed.store(message("1", created_at=NOW - 10 * HOUR), ours)
    manager = UserFactory(role=Role.MANAGER, departments=[feed.departments["service"]])
    assert numbers(manager)["First response, median"].value == "10 min"


def test_each_figure_says_of_how_many_and_what_is_not_ripe(billing, manager):
    for age in (HOUR, 2 * HOUR, 20 * DAY):
        case = case_of(billing, age)
    MessageFactory(case=case, outbound=True, network_time=NOW - 19 * DAY)
    rate = numbers(manager)["Answered (of those that needed an answer)"]
    assert (rate.value, rate.basis) == ("1 of 3", "1 of 3 exchanges; 2 still counting")
    assert rate.comparison.startswith("without those: ")


def test_a_list_takes_as_many_statements_for_fifty_rows_as_for_one(billing, manager):
    client = signed_in(manager)
    counts = []
    for more in (1, 49):
        for _ in range(more):
            case_of(billing, HOUR)
        counts.append(
            [count_statements(client, f"/reports/cases/?of={of}") for of in ("created", "response")]
        )
    assert counts[0] == counts[1]
    assert counts[0][0] == counts[0][1]
