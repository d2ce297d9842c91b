"""The page of service levels: every number opens as many targets as it counts, for every reader."""

from __future__ import annotations

import re

import pytest
import time_machine
from django.urls import reverse

from accounts.models import Role
from inbox.cases import verbs
from inbox.models import Case, CaseEvent, Verb, Visibility
from reports.exports.page_tables import read_tables
from routing.service_levels import versions
from tests.factories import NOW, DepartmentFactory, UserFactory
from tests.inbox.page_requests import count_statements, signed_in
from tests.inbox.service_levels import minutes
from tests.markup import squeezed
from tests.reports.test_attainment import START, World

pytestmark = pytest.mark.django_db
#: Session, sign-in, navigation, the bar of filters and the freshness of the roll-ups included.
MOST_STATEMENTS = 20
PAGE = "reports:service_levels"


@pytest.fixture
def world():
    versions.clear_service_levels_cache()
    with time_machine.travel(NOW, tick=False):
        yield World()
    versions.clear_service_levels_cache()


@pytest.fixture
def told(world):
    """Six answered in time and two late, one overdue, one not due; one of another department is resolved late."""
    for n in range(6):
        world.answer(world.case(), 5 + n)
    for n in (70, 200):
        world.answer(world.case(), n)
    world.case()
    fresh = world.case()
    Case.objects.filter(pk=fresh.pk).update(
        first_response_due_at=NOW + minutes(20), resolution_due_at=NOW + minutes(90)
    )
    world.sales = DepartmentFactory(name="Sales")
    world.boss = UserFactory(role=Role.MANAGER, departments=[world.department, world.sales])
    elsewhere = world.case(department=world.sales)
    world.answer(elsewhere, 10)
    verbs.resolve_case(elsewhere.pk, world.boss, now=START + minutes(600))
    return world


def page_of(user, **query):
    answer = signed_in(user).get(reverse(PAGE), {"period": "last-4-weeks", **query})
    assert answer.status_code == 200
    return answer.content.decode()


def links_with_numbers(page):
    """Return each link to a list with the number that it stands on."""
    found = re.findall(r'<a href="([^"]*/cases/\?[^"]*of=(?:targets|unanswered)[^"]*)">([\d,]+)</a>', page)
    return {href.replace("&amp;", "&"): int(number.replace(",", "")) for href, number in found}


def total_behind(user, href):
    answer = signed_in(user).get(href)
    assert answer.status_code == 200, href
    found = re.search(r'<b class="num">([\d,]+)</b>', squeezed(answer.content.decode()))
    return int(found[1].replace(",", "")) if found else 0


def test_every_number_opens_as_many_targets(told):
    page = page_of(told.boss)
    links = links_with_numbers(page)
    assert len(links) > 30
    for href, number in links.items():
        assert total_behind(told.boss, href) == number, href
    tables = {table.key: table.rows for table in read_tables(page)}
    first, following, resolution, everything = tables["targets-table"]
    assert first[:6] == ["First response", 7, 3, 1, 1, 70]
    assert following[:6] == ["Next response", 0, 0, 0, 0, None]
    assert everything[1:5] == [sum(row[n] for row in (first, following, resolution)) for n in (1, 2, 3, 4)], (
        "all targets are the sum"
    )
    for key in ("target-departments-table", "steps-table"):
        assert [sum(row[n] for row in tables[key]) for n in (1, 2)] == everything[1:3], key
    assert (
        sum(row[1] + row[2] for row in tables["policies-table"])
        == everything[1] + everything[2] - everything[3]
    )
    assert sum(sum(row[1:]) for row in tables["missed-hours-table"]) == everything[2]
    figures = re.findall(r'<a class="fig" href="([^"]*)">.*?<p class="d">([^<]*)</p>', page, re.DOTALL)
    ended = [int(re.search(r"of ([\d,]+)", words)[1]) for _, words in figures]
    assert [total_behind(told.boss, href.replace("&amp;", "&")) for href, _ in figures] == ended


def test_targets_of_which_no_due_time_was_noted_count_when_they_ended(told):
    record = {"clock": "first_response", "from": START.isoformat(), "met": False}
    for n in range(5):
        case = told.case()
        Case.objects.filter(pk=case.pk).update(first_response_due_at=None, resolution_due_at=None)
        at, data = START + minutes(60 * n), {"clocks": [record]}
        CaseEvent.objects.create(case=case, at=at, verb=Verb.ANSWERED, data=data)
    page = page_of(told.boss)
    tables = {table.key: table.rows for table in read_tables(page)}
    assert sum(sum(row[1:]) for row in tables["missed-hours-table"]) >= 8
    for href, number in links_with_numbers(page).items():
        assert total_behind(told.boss, href) == number, href


def test_what_missed_targets_lack_is_a_median_of_those_that_ended(told):
    for n in (61, 62, 90):
        told.answer(told.case(), n)
    row = {table.key: table.rows for table in read_tables(page_of(told.manager))}["targets-table"][0]
    # 1, 2, 10, 30 and 140 minutes late; the one that is still open has not ended.
    assert row[-1] == 10 * 60


def test_each_reader_sees_their_own(told):
    secret = told.case(visibility=Visibility.DIRECT)
    told.answer(secret, 5)
    cases = [
        (told.boss, 8, True),
        (told.manager, 7, True),
        (UserFactory(role=Role.ANALYST, departments=[told.department]), 6, False),
        (UserFactory(role=Role.ADMINISTRATOR), 7, False),
        (UserFactory(role=Role.AGENT, departments=[told.sales]), 1, False),
    ]
    for user, met, sees_sales_and_direct in cases:
        page = page_of(user)
        row = {table.key: table.rows for table in read_tables(page)}["targets-table"][0]
        assert row[1] == met, user.role
        for href, number in links_with_numbers(page).items():
            assert total_behind(user, href) == number, (user.role, href)
        if not sees_sales_and_direct:
            listed = signed_in(user).get(
                reverse("reports:cases"), {"of": "targets", "period": "last-4-weeks"}
            )
            assert reverse("inbox:case", args=[secret.pk]) not in listed.content.decode()
    assert "No target in this period" in page_of(UserFactory(role=Role.AGENT))


def test_addresses_that_name_no_target_are_absent(told):
    client = signed_in(told.boss)
    for query in ("clock=x", "result=x", "due_hour=168", "due_hour=-1", "due_hour=٣", "policy=%00"):
        assert client.get(reverse("reports:cases") + f"?of=targets&{query}").status_code == 404, query
    for query in ("", "policy=" + "x" * 500, "clock=resolution&result=missed&due_hour=0"):
        assert client.get(reverse("reports:cases") + f"?of=targets&{query}").status_code == 200, query


def test_few_are_no_share_and_tables_and_charts_are_files(told):
    page = page_of(told.boss)
    tables = {table.key: table for table in read_tables(page)}
    sales = next(row for row in tables["target-departments-table"].rows if row[0] == "Sales")
    assert sales[5] == 100 or sales[5:6] == [1]
    assert '<data value="100%">1 of 1</data>' in page
    client = signed_in(told.boss)
    for key in tables:
        answer = client.get(
            reverse("reports:table_csv"), {"board": "service-levels", "table": key, "period": "last-4-weeks"}
        )
        assert answer.status_code == 200
        assert answer.getvalue().count(b"\n") == len(tables[key].rows) + 1, key
    for key in ("steps-chart", "missed-chart"):
        assert (
            client.get(reverse("reports:chart_svg"), {"board": "service-levels", "chart": key}).status_code
            == 200
        )


def test_it_takes_few_statements_however_many_targets_there_are(told):
    client = signed_in(told.boss)
    assert count_statements(client, reverse(PAGE)) <= MOST_STATEMENTS
    for _ in range(5):
        told.answer(told.case(), 10)
    assert count_statements(client, reverse(PAGE)) <= MOST_STATEMENTS


def test_sentences_name_the_department_and_the_hour_that_miss_most(told):
    for _ in range(9):
        told.answer(told.case(department=told.sales, created_at=START), 5)
    for n in range(3):
        told.answer(told.case(), 80 + n)
    words = re.sub("<[^>]+>", "", squeezed(page_of(told.boss)))
    assert "missed targets were due on Tuesdays between 23:00 and 00:00" in words.replace("24:00", "00:00")
    assert "the largest share; all departments together" in words
