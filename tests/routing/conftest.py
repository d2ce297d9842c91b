"""A small company with rules, for the tests that need a database."""

from __future__ import annotations

import types

import pytest

from accounts.models import Role
from routing.rules import versions as rulesets
from tests.factories import NOW, DepartmentFactory, UserFactory


@pytest.fixture(autouse=True)
def _no_memory_between_tests():
    rulesets.forget()
    yield
    rulesets.forget()


@pytest.fixture()
def company(db):
    """Service, billing and a closed department; a manager who may edit, an agent who may not; two rules."""
    from routing.rules.editing import Content, add_rule, set_default

    service = DepartmentFactory(slug="service", name="Service")
    billing = DepartmentFactory(slug="billing", name="Billing")
    closed = DepartmentFactory(slug="museum", name="Museum", is_open=False)
    manager = UserFactory(
        role=Role.MANAGER, first_name="Maria", last_name="Berg", departments=[service, billing, closed]
    )
    agent = UserFactory(role=Role.AGENT, departments=[service])
    set_default(service, manager, NOW)
    refunds = add_rule(
        Content("Refunds", {"any": [{"field": "words", "any": ["refund", "charged twice"]}]}, billing),
        manager,
        "",
        NOW,
    )
    faults = add_rule(
        Content("Faults", {"any": [{"field": "words", "any": ["broken"]}]}, service, priority=1),
        manager,
        "",
        NOW,
    )
    return types.SimpleNamespace(
        service=service,
        billing=billing,
        closed=closed,
        manager=manager,
        agent=agent,
        refunds=refunds,
        faults=faults,
    )
