"""Numbers by person: their own and their manager's only, noted when somebody else looks, never in an order of merit."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.urls import reverse

from accounts.models import AuditEntry, AuditVerb, BrandAccount, Role, Shift
from inbox.models import Case, CaseEvent, Direction, Verb
from reports.exports.page_tables import read_tables
from tests.factories import (
    NOW,
    BrandAccountFactory,
    CaseFactory,
    DepartmentFactory,
    MessageFactory,
    UserFactory,
)
from tests.inbox.page_requests import count_statements, signed_in

pytestmark = pytest.mark.django_db
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def service():
    return DepartmentFactory(name="Customer service")


@pytest.fixture
def manager(service):
    return UserFactory(role=Role.MANAGER, departments=[service], first_name="Mara", last_name="Berg")


@pytest.fixture
def agent(service):
    return UserFactory(departments=[service], first_name="Bram", last_name="Tolliver")


def answered(person, department, asked, after, *, met=None, **fields):
    case = CaseFactory(
        brand_account=BrandAccountFactory(), department=department, created_at=NOW - asked, **fields
    )
    MessageFactory(case=case, network_time=NOW - asked, received_at=NOW - asked)
    at = NOW - asked + after
    MessageFactory(case=case, network_time=at, received_at=at, direction=Direction.OUTBOUND, user=person)
    if met is not None:
        clocks = [{"clock": "first_response", "from": (NOW - asked).isoformat(), "met": met}]
        CaseEvent.objects.create(case=case, at=at, verb=Verb.ANSWERED, actor=person, data={"clocks": clocks})
    return case


def page_of(reader, person, **query):
    return signed_in(reader).get(reverse("reports:person", args=[person.pk]), query)


def numbers(response):
    return {figure["label"]: (figure["value"], figure["basis"]) for figure in response.context["numbers"]}


def test_answers_first_responses_and_promises(agent, manager, service):
    answered(agent, service, 3 * DAY, HOUR, met=True, assignee=agent)
    answered(agent, service, 4 * DAY, 3 * HOUR, met=False)
    answered(agent, service, 5 * DAY, 2 * HOUR, met=True)
    answered(UserFactory(departments=[service]), service, 5 * DAY, 9 * HOUR, met=False)
    answered(agent, DepartmentFactory(), 5 * DAY, 9 * HOUR, met=False)
    for reader in (agent, manager):
        page = page_of(reader, agent)
        assert numbers(page) == {
            "Answers": ("3", "sent in this period"),
            "First response, median": ("2 h 00", "of 3 first responses"),
            "Opened again": ("–", "0 of 0 resolved cases"),
            "Promises kept": ("2 of 3", "response targets"),
        }
        assert page.context["load"]["open"] == "1"
        totals = [
            signed_in(reader).get(figure["href"]).context["total"] for figure in page.context["numbers"]
        ]
        assert totals == [3, 3, 0, 3]
        steps = page.context["steps"]
        assert sum(int(step["answers"]) for step in steps) == 3
        busy = next(step for step in steps if step["answers"] != "0")
        assert signed_in(reader).get(busy["href"]).context["total"] == int(busy["answers"])


def test_a_look_is_noted_once_and_seen_by_the_person(agent, manager):
    page_of(manager, agent)
    page_of(manager, agent)
    signed_in(manager).get(reverse("reports:people"))
    page_of(agent, agent)
    entry = AuditEntry.objects.get(verb=AuditVerb.FIGURES_READ)
    assert (entry.actor_name, entry.person_id) == ("Mara Berg", agent.pk)
    page = signed_in(agent).get(reverse("reports:people"))
    assert [look["who"] for look in page.context["looks"]] == ["Mara Berg"]
    assert signed_in(manager).get(reverse("reports:people")).context["looks"] == []
    with time_machine.travel(NOW + 13 * HOUR, tick=False):
        page_of(manager, agent)
    assert AuditEntry.objects.filter(verb=AuditVerb.FIGURES_READ).count() == 2


def test_who_sees_whom(agent, manager, service):
    colleague = UserFactory(departments=[service])
    stranger = UserFactory(departments=[DepartmentFactory()])
    other = UserFactory(role=Role.MANAGER, departments=[DepartmentFactory()])
    admin, analyst = (
        UserFactory(role=Role.ADMINISTRATOR),
        UserFactory(role=Role.ANALYST, departments=[service]),
    )
    answered(agent, service, 3 * DAY, HOUR)
    seen = {
        reader: page_of(reader, agent).status_code
        for reader in (agent, manager, colleague, stranger, other, admin, analyst)
    }
    assert list(seen.values()) == [200, 200, 404, 404, 404, 404, 404]
    for of in ("answers", "first_answers", "promises", "worked"):
        query = {"of": of, "by": agent.pk}
        assert signed_in(manager).get(reverse("reports:cases"), query).status_code == 200
        for reader in (colleague, admin, analyst, other):
            assert signed_in(reader).get(reverse("reports:cases"), query).status_code == 404
    assert not AuditEntry.objects.filter(verb=AuditVerb.FIGURES_READ).exclude(actor_id=manager.pk).exists()


def test_people_stand_by_name(agent, manager, service):
    for first, last in (("Wren", "Castell"), ("Ada", "Holm"), ("ilse", "Marchetti")):
        person = UserFactory(departments=[service], first_name=first, last_name=last)
        for _ in range(len(first)):
            CaseFactory(assignee=person, department=service)
    page = signed_in(manager).get(reverse("reports:people"))
    names = [row["name"] for row in page.context["rows"]]
    assert names == ["Ada Holm", "Bram Tolliver", "ilse Marchetti", "Mara Berg", "Wren Castell"]
    assert [row["open"] for row in page.context["rows"]] == ["3", "0", "4", "0", "4"]
    own = signed_in(agent).get(reverse("reports:people"))
    assert [row["pk"] for row in own.context["rows"]] == [agent.pk]
    assert "My numbers" in own.content.decode() and "never ranked" not in own.content.decode()


def resolve(case, by, ago, *, again=None, undone=False):
    CaseEvent.objects.create(case=case, at=NOW - ago, verb=Verb.RESOLVED, actor=by)
    if undone:
        data = {"what": Verb.RESOLVED}
        CaseEvent.objects.create(case=case, at=NOW - ago, verb=Verb.UNDONE, actor=by, data=data)
    if again is not None:
        CaseEvent.objects.create(case=case, at=NOW - ago + again, verb=Verb.REOPENED)
    Case.objects.filter(pk=case.pk).update(reopen_count=0 if again is None else 1)


def board_of(reader, **query):
    return signed_in(reader).get(reverse("reports:people"), {"period": "last-4-weeks"} | query)


def test_each_number_of_the_board_opens_its_list_and_the_total_is_the_sum(agent, manager, service):
    other = UserFactory(departments=[service], first_name="Ada", last_name="Holm")
    for n in range(6):
        case = answered(agent if n < 4 else other, service, (n + 2) * DAY, (n + 1) * HOUR, met=n % 2 == 0)
        if n == 0:
            resolve(case, other, DAY, undone=True)
        else:
            resolve(case, other, (n + 1) * DAY, again=HOUR if n in (1, 4) else None)
    answered(agent, service, 32 * DAY, HOUR)
    answered(agent, DepartmentFactory(), 3 * DAY, HOUR)
    account = BrandAccount.objects.first()
    Shift.objects.create(
        brand_account=account, weekday=0, starts_at=dt.time(9), ends_at=dt.time(17), primary=agent
    )
    MessageFactory(case=case, direction=Direction.OUTBOUND, network_time=NOW - HOUR, received_at=NOW - HOUR)
    page = board_of(manager)
    rows = {row["name"]: row for row in page.context["rows"]}
    total, names = page.context["total"], ("answers", "reopened", "promises")
    assert {name: [rows[name][each] for each in names] for name in ("Ada Holm", "Bram Tolliver")} == {
        "Ada Holm": ["2", "40%", "1 of 2"], "Bram Tolliver": ["4", '<data value="33%">1 of 3</data>', "2 of 4"],
    }  # fmt: skip
    assert [total[each] for each in names] == ["6", "38%", "3 of 6"]
    assert "PT32" not in rows["Bram Tolliver"]["point"] and ">32 h<" in rows["Bram Tolliver"]["point"]
    assert rows["Ada Holm"]["point"] == "–" and total["point"] == rows["Bram Tolliver"]["point"]
    assert rows["Bram Tolliver"]["bar_words"].endswith("; before: 0, 0, 1, 0")
    assert (page.context["native"]["count"], page.context["all_answers"]) == ("1", "7")
    assert page.context["finding"] == "6 answers in this period, 1 answer before."
    browser = signed_in(manager)
    for row, counts in ((rows["Ada Holm"], (2, 2, 2, 2)), (total, (6, 6, 3, 6))):
        for name, count in zip(("answers", "median", "reopened", "promises"), counts, strict=True):
            assert browser.get(row[f"{name}_href"]).context["total"] == count, name
    assert browser.get(page.context["native"]["href"]).context["total"] == 1
    (table,) = read_tables(page.content.decode())
    assert table.header[2:4] == ["Open now", "Open now, of"] and table.header[-3:-1] == [
        "Promises kept",
        "Promises kept, of",
    ]
    assert table.rows[-1][-4:] == [38, 3, 6, 32 * 3600]


def test_opening_the_board_is_a_look_at_every_row_of_it(agent, manager, service):
    for _ in range(3):
        UserFactory(departments=[service])
    UserFactory(departments=[service], is_active=False)
    browser = signed_in(manager)
    address = reverse("reports:people")
    browser.get(address)
    looked_at = AuditEntry.objects.filter(verb=AuditVerb.FIGURES_READ)
    assert looked_at.count() == 4 and agent.pk in looked_at.values_list("person_id", flat=True)
    again = count_statements(browser, address)
    assert looked_at.count() == 4, "once in twelve hours"
    for _ in range(9):
        UserFactory(departments=[service])
    browser.get(address)
    assert count_statements(browser, address) == again, "more people take no more statements"
    signed_in(agent).get(address)
    assert not looked_at.filter(actor_id=agent.pk).exists()
