"""The numbers by account: they equal an independent count, and each opens its list."""

from __future__ import annotations

import datetime as dt
import random
import re
import statistics

import pytest
import time_machine
from django.http import QueryDict
from django.urls import reverse

from accounts.models import BrandAccount, Credential, Lifecycle, Role, Shift
from inbox.models import Direction, Visibility
from reports.behind.selections import read_selection
from reports.dashboards import drawings
from reports.exports.page_tables import read_tables
from reports.measures.by_account import responses_by_account as by_rows
from reports.presence.counting import count_account_figures
from reports.rollups.readers.by_account import responses_by_account as by_facts
from tests.factories import (
    NOW,
    BrandAccountFactory,
    CaseFactory,
    DepartmentFactory,
    MessageFactory,
    UserFactory,
)
from tests.inbox.page_requests import count_statements, signed_in
from wording.times import company_zone

pytestmark = pytest.mark.django_db
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
PAGE = "reports:brand_accounts"


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def service():
    return DepartmentFactory(name="Customer service")


@pytest.fixture
def manager(service):
    return UserFactory(role=Role.MANAGER, departments=[service])


def rows_of(user, **query):
    return {row["name"].removeprefix("@"): row for row in board(user, **query)["rows"]}


def board(user, **query):
    # A table that was drawn before is not rendered again, and leaves no context.
    drawings._drawings = drawings._Drawings()
    return signed_in(user).get(reverse(PAGE), query).context


def exchange(account, department, asked, answer_after=None, **fields):
    case = CaseFactory(brand_account=account, department=department, created_at=NOW - asked, **fields)
    MessageFactory(case=case, network_time=NOW - asked, received_at=NOW - asked)
    if answer_after is not None:
        at = NOW - asked + answer_after
        MessageFactory(case=case, network_time=at, received_at=at, direction=Direction.OUTBOUND)


def test_it_equals_an_independent_count(manager, service):
    draw = random.Random(26)
    accounts = [BrandAccountFactory(handle=f"shop{n}") for n in range(4)]
    spans = {account.handle: [] for account in accounts}
    for _ in range(80):
        account, answered = draw.choice(accounts[:3]), draw.random() < 0.7
        span = dt.timedelta(minutes=draw.randrange(1, 600)) if answered else None
        exchange(account, service, draw.randrange(24, 24 * 40) * HOUR, span)
        spans[account.handle].append(span)
    exchange(accounts[0], DepartmentFactory(), DAY, HOUR)
    context = board(manager)
    rows = {row["name"].removeprefix("@"): row for row in context["rows"]}
    for handle, every in spans.items():
        answered = [span for span in every if span is not None]
        row = rows[handle]
        assert (row["needing"], row["answered"]) == (f"{len(every)}", f"{len(answered)}")
        if answered:
            seconds = int(re.search(r"PT(\d+)S", row["median"])[1])
            assert seconds == statistics.median_low(span.total_seconds() for span in answered)
    assert context["total"]["needing"] == "80"


def test_each_number_opens_its_list(manager, service):
    account = BrandAccountFactory(handle="kettle")
    for hours in (30, 40, 50):
        exchange(account, service, hours * HOUR, HOUR)
    exchange(account, service, 60 * HOUR)
    exchange(account, service, 70 * HOUR, visibility=Visibility.DIRECT)
    exchange(BrandAccountFactory(), service, 3 * DAY, HOUR)
    browser, row = signed_in(manager), rows_of(manager)["kettle"]
    for number, href in (
        ("needing", "href"),
        ("answered", "answered_href"),
        ("unanswered", "unanswered_href"),
    ):
        assert browser.get(row[href]).context["total"] == int(row[number])
    analyst = UserFactory(role=Role.ANALYST, departments=[service])
    assert rows_of(analyst)["kettle"]["needing"] == "4", "no direct messages for analysts"


def test_what_is_wrong_stands_in_words(manager, service):
    fine = BrandAccountFactory(handle="fine", owner=UserFactory(), connected_at=NOW - DAY)
    BrandAccountFactory(handle="quiet", charter_until=None, answers_until=None, health="reauthorise")
    BrandAccountFactory(handle="gone", lifecycle=Lifecycle.CLOSED)
    count_account_figures(NOW)
    rows = rows_of(manager)
    assert set(rows) == {"fine", "quiet"}
    quiet = rows["quiet"]
    assert (quiet["access"], quiet["charter"], quiet["quiet"]) == (
        "withdrawn",
        "missing",
        "quiet since 18 Nov 2025",
    )
    page = signed_in(manager).get(reverse(PAGE)).content.decode()
    assert "1 of 2 charters in force." in page
    assert "nobody on the roster" in page
    assert str(fine.owner) in page


def test_change_time_on_point_and_access_stand_beside_the_rate(manager, service):
    page = BrandAccountFactory(handle="page", network="facebook", connected_at=NOW - 200 * DAY)
    page.promised_hours = [[day, 8 * 60, 18 * 60] for day in range(5)]
    page.save()
    BrandAccountFactory(handle="gone", health="permission", health_since=NOW - 2 * DAY)
    for weekday in range(2):
        Shift.objects.create(
            brand_account=page, weekday=weekday, starts_at=dt.time(8), ends_at=dt.time(18), primary=manager
        )
    for days, answered in ((3, True), (4, True), (5, False), (40, True), (41, False), (42, False)):
        for hours in (0, 2):
            exchange(page, service, days * DAY + hours * HOUR, HOUR if answered else None)
    Credential.objects.create(brand_account=page, envelope=b"-", updated_at=NOW - 90 * DAY)
    four_weeks = {"period": "last-4-weeks"}
    rows, context = rows_of(manager, **four_weeks), board(manager, compare="none")
    row = rows["page"]
    shown = (row["rate"], row["change"], row["access"], row["point"])
    assert shown == ("67%", "▲ 33 points", "no end", "46%")
    assert row["is_point_bad"] and rows["gone"]["change"] == "–"
    assert (rows["gone"]["access"], rows["gone"]["access_tone"]) == ("withdrawn 16 Nov", "late")
    assert not context["is_compared"]
    strip, total = board(manager, **four_weeks)["figures"], board(manager, **four_weeks)["total"]
    assert {figure["label"]: figure["value"] for figure in strip} == {
        "Needed an answer": "6", "Answered": "67%", "On point": total["point"], "Access needs care": "1", "Charters in force": "2",
    }  # fmt: skip
    for figure in strip:
        assert signed_in(manager).get(figure["href"]).status_code == 200
    (table,) = read_tables(signed_in(manager).get(reverse(PAGE), four_weeks).content.decode())
    kettle = dict(zip(table.header, table.rows[0], strict=True))
    assert (kettle["Rate (%)"], kettle["Change (points)"], kettle["On point (%)"]) == (67, 33, 46)
    assert kettle["Promised (s)"] == page.promised_response.total_seconds()


def test_at_most_three_sentences_each_with_its_list(manager, service):
    poor = BrandAccountFactory(handle="poor")
    for n in range(12):
        exchange(poor, service, (30 + n) * HOUR, HOUR if n < 5 else None)
    browser = signed_in(manager)
    sentences = board(manager)["sentences"]
    assert [sentence.link for sentence in sentences] == ["12 exchanges", "7 unanswered"]
    assert [browser.get(sentence.href).context["total"] for sentence in sentences] == [12, 7]


def test_more_accounts_take_no_more_statements(manager, service):
    exchange(BrandAccountFactory(), service, DAY, HOUR)
    browser = signed_in(manager)
    few = count_statements(browser, reverse(PAGE))
    for _ in range(20):
        exchange(BrandAccountFactory(), service, DAY, HOUR)
    assert count_statements(browser, reverse(PAGE)) == few


def test_nothing_at_all(manager):
    assert "No brand account fits" in signed_in(manager).get(reverse(PAGE)).content.decode()
    BrandAccountFactory(handle="first")
    assert rows_of(manager)["first"]["rate"] == "–"
    assert not BrandAccount.objects.filter(figures__isnull=False).exists()


def test_facts_and_rows_say_the_same(manager, service):
    draw, accounts = random.Random(7), [BrandAccountFactory() for _ in range(3)]
    for _ in range(60):
        visibility = Visibility.DIRECT if draw.random() < 0.3 else Visibility.PUBLIC
        span = draw.choice([None, dt.timedelta(minutes=draw.randrange(1, 500))])
        department = service if draw.random() < 0.8 else DepartmentFactory()
        exchange(
            draw.choice(accounts), department, draw.randrange(12, 24 * 60) * HOUR, span, visibility=visibility
        )
    readers = [
        manager,
        UserFactory(role=Role.ANALYST, departments=[service]),
        UserFactory(role=Role.ADMINISTRATOR),
    ]
    for reader in readers:
        for query in (
            {},
            {"period": "last-13-weeks"},
            {"period": "2026-11-01..2026-11-17"},
            {"account": str(accounts[0].pk)},
        ):
            parameters = QueryDict(mutable=True)
            parameters.update(query)
            chosen = read_selection(parameters, reader, now=NOW, zone=company_zone())
            from_rows, from_facts = (
                count(reader, chosen.period, chosen.filters, now=NOW) for count in (by_rows, by_facts)
            )
            assert from_facts == {key: row for key, row in from_rows.items() if row.needing}
