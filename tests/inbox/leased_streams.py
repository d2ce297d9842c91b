"""A brand account with rules and a leased stream, and short ways to feed it."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest

from accounts.models import Department, Stream
from inbox.ingest.page import PageOutcome, store_page
from routing.models import RoutingDefault, Rule
from routing.rules import versions
from tests.factories import NOW, BrandAccountFactory, DepartmentFactory, StreamFactory
from tests.inbox.fake_connector import page
from tests.prepared_rows import PreparedRows


def build_departments_with_rules() -> dict[str, Department]:
    """Create two departments and publish rules for them. Return them by slug.

    "billing" gets messages with "refund", "service" the rest; "thanks" needs no answer.
    """
    billing = DepartmentFactory(slug="billing", name="Billing")
    service = DepartmentFactory(slug="service", name="Service")
    conditions = [
        ("Refunds", billing, {"field": "words", "any": ["refund"]}, 1, ["money"], True),
        ("Thanks", service, {"field": "words", "any": ["thanks"]}, 0, [], False),
    ]
    for position, (name, department, condition, priority, tags, needs_answer) in enumerate(conditions, 1):
        Rule.objects.create(
            key=uuid.uuid4(),
            position=position,
            name=name,
            condition={"any": [condition]},
            department=department,
            priority=priority,
            tags=tags,
            needs_answer=needs_answer,
        )
    RoutingDefault.objects.create(department=service)
    versions.publish_rules(None, "tests", NOW)
    return {"billing": billing, "service": service}


DEPARTMENTS_WITH_RULES = PreparedRows(build_departments_with_rules)


def publish_rules() -> dict[str, Department]:
    """Insert the departments and live rules of `build_departments_with_rules`. Return the departments by slug."""
    departments = DEPARTMENTS_WITH_RULES.insert()
    versions.clear_rules_cache()
    return departments


def leased_stream(**changes: object) -> Stream:
    """Create a stream that is leased under its `lease_token`."""
    values = {"lease_token": uuid.uuid4(), "lease_until": NOW + dt.timedelta(minutes=5)}
    return StreamFactory(**{**values, **changes})


class Feed:
    """A brand account with rules that stores pages into one stream; `outcome` is the last page's."""

    def __init__(self, **changes: object) -> None:
        self.departments = publish_rules()
        self.brand_account = BrandAccountFactory(remote_id="9000", handle="brand")
        self.stream = leased_stream(brand_account=self.brand_account, **changes)
        self.outcome = PageOutcome()

    def store(self, *messages, now=NOW, stream=None, **about):
        stream = stream or self.stream
        self.outcome = store_page(stream, stream.lease_token, page(messages, **about), now)
        return self.outcome


@pytest.fixture
def feed(db) -> Feed:
    return Feed()
