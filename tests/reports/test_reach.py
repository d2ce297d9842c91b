"""Beside every number stands whose cases it counts, and what no report counts."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import BrandAccountGrant, Role
from inbox.reach_words import describe_reach
from reports.dashboards import response
from tests.factories import BrandAccountFactory, DepartmentFactory, UserFactory
from tests.inbox.page_requests import count_statements
from tests.markup import squeezed

DIRECT = "Direct messages are counted for the people who answer them."


@pytest.fixture
def departments(db):
    names = ("Service", "Billing", "Sales")
    return [DepartmentFactory(name=name, slug=name.lower()) for name in names]


def person(role, departments=(), brand_accounts=()):
    user = UserFactory(role=role, departments=departments)
    for brand_account in brand_accounts:
        BrandAccountGrant.objects.create(user=user, brand_account=brand_account, can_publish=True)
    return user


def test_each_reader_is_told_whose_cases_count(departments):
    service, billing, _sales = departments
    kettle = BrandAccountFactory(handle="kettle", network="x")
    cases = [
        (Role.ADMINISTRATOR, [], [], f"Public cases of all departments. {DIRECT}"),
        (Role.ANALYST, [service], [], f"Public cases of Service. {DIRECT}"),
        (Role.MANAGER, [service, billing], [], "Cases of Service and Billing."),
        (Role.MANAGER, departments, [], "Cases of Service, Billing and Sales."),
        (Role.AGENT, [billing], [kettle], "Cases of Billing."),
        (Role.COMMUNITY, [service], [kettle], "Cases of @kettle on X."),
        (Role.AGENT, [], [], "You are in no department, so there is nothing to count. Ask an administrator to add you to one."),
        (Role.COMMUNITY, [service], [], "You work for no brand account, so there is nothing to count. Ask an administrator to add you."),
    ]  # fmt: skip
    for role, own, brand_accounts, words in cases:
        assert describe_reach(person(role, own, brand_accounts)) == words
    gone = person(Role.MANAGER, departments)
    gone.is_active = False
    assert describe_reach(gone) == "No cases."


def test_many_departments_are_a_number(db):
    many = [DepartmentFactory() for _ in range(9)]
    assert describe_reach(person(Role.MANAGER, many)) == "Cases of 9 departments."


def test_the_report_and_the_lists_behind_it_say_so(departments):
    DepartmentFactory(slug="spam", name="No reply needed")
    user = person(Role.ANALYST, departments[:1])
    client = Client()
    client.force_login(user)
    for address in (reverse("reports:dashboard"), reverse("reports:cases") + "?of=created"):
        page = squeezed(client.get(address).content.decode())
        assert f"Public cases of Service. {DIRECT}" in page
        left_out = "Left out: messages from before an account was connected, the queue “No reply needed”, and cases dismissed as noise or spam."
        assert left_out in page


def test_it_costs_no_statement_of_its_own(departments, monkeypatch):
    """The names of the departments are those that the navigation reads."""
    user = person(Role.MANAGER, departments)
    client = Client()
    client.force_login(user)
    address = reverse("reports:dashboard")
    count_statements(client, address)
    told = count_statements(client, address)
    for name in ("describe_reach", "describe_left_out"):
        monkeypatch.setattr(response, name, lambda _user: "")
    assert told == count_statements(client, address)
