"""Fixtures of the tests about answering: one X account with a case, an agent who may answer, a fake network."""

from __future__ import annotations

import pytest

from accounts.credentials.store import store_credential
from accounts.models import Role
from inbox.case_page.page import case_context, read_case
from inbox.models import Draft
from networks import registry
from tests.factories import (
    NOW,
    BrandAccountFactory,
    CaseFactory,
    DepartmentFactory,
    MessageFactory,
    UserFactory,
)
from tests.inbox.fake_network import Clock, FakeNetwork

__all__ = ["agent", "brand", "case", "clock", "colleague", "manager", "network", "question", "service"]


def shown_composer(case, user, now, **options):
    """Return the composer that the page of `case` shows to `user` at `now`."""
    return case_context(read_case(user, case.pk, now), user, now, **options)["composer"]


def draft_text(case_id, user):
    """Return the person's draft on a case, "" when there is none."""
    return Draft.objects.filter(case=case_id, user=user).values_list("text", flat=True).first() or ""


@pytest.fixture
def network(monkeypatch):
    fake = FakeNetwork()
    monkeypatch.setitem(registry.CONNECTORS, "x", fake.connector("x"))
    return fake


@pytest.fixture
def brand(db):
    brand = BrandAccountFactory(handle="acme")
    store_credential(brand, {"access_token": "secret"}, now=NOW)
    return brand


@pytest.fixture
def service(db):
    return DepartmentFactory(name="Service")


@pytest.fixture
def case(brand, service):
    return CaseFactory(brand_account=brand, department=service)


@pytest.fixture
def question(case):
    return MessageFactory(case=case)


@pytest.fixture
def agent(brand, service):
    return UserFactory(
        departments=[service], publishes=[brand], first_name="Ann", last_name="Bell", initials="AB"
    )


@pytest.fixture
def colleague(brand, service):
    return UserFactory(
        departments=[service], publishes=[brand], first_name="Ben", last_name="Cole", initials="BC"
    )


@pytest.fixture
def manager(brand, service):
    return UserFactory(
        departments=[service], publishes=[brand], role=Role.MANAGER, first_name="Mia", last_name="Dorn"
    )


@pytest.fixture
def clock():
    return Clock(NOW)
