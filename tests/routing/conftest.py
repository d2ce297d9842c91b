"""A small company with rules, for the tests that need a database."""

from __future__ import annotations

import types

import pytest

from accounts.models import Role
from routing.rules import versions
from routing.rules.editing import RuleContent, add_rule, set_default_department
from tests.factories import NOW, DepartmentFactory, UserFactory
from tests.prepared_rows import PreparedRows


@pytest.fixture(autouse=True)
def _no_memory_between_tests():
    versions.clear_rules_cache()
    yield
    versions.clear_rules_cache()


def build_company():
    """Service, billing and a closed department; a manager who may edit, an agent who may not; two rules."""
    service = DepartmentFactory(slug="service", name="Service")
    billing = DepartmentFactory(slug="billing", name="Billing")
    closed = DepartmentFactory(slug="museum", name="Museum", is_open=False)
    manager = UserFactory(
        role=Role.MANAGER, first_name="Maria", last_name="Berg", departments=[service, billing, closed]
    )
    agent = UserFactory(role=Role.AGENT, departments=[service])
    set_default_department(service, manager, NOW)
    refunds = add_rule(
        RuleContent("Refunds", {"any": [{"field": "words", "any": ["refund", "charged twice"]}]}, billing),
        manager,
        "",
        NOW,
    )
    faults = add_rule(
        RuleContent("Faults", {"any": [{"field": "words", "any": ["broken"]}]}, service, priority=1),
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


COMPANY = PreparedRows(build_company)


@pytest.fixture()
def company(db):
    """The company of `build_company`."""
    return COMPANY.insert()
