"""One department whose answers need approval, its people, and answers that wait."""

from __future__ import annotations

import uuid

import pytest

from accounts.models import Role
from inbox.models import ApprovalRule, Case, Ramp
from inbox.replies import verbs
from tests.factories import NOW, UserFactory
from tests.inbox.reply_fixtures import *  # noqa: F403

__all__ = ["ask", "boss", "make_rule", "new_agent"]


@pytest.fixture(autouse=True)
def _on_a_fake_network(network):
    pass


def make_rule(**conditions):
    """A rule that is on; without conditions of its own the test gives one."""
    return ApprovalRule.objects.create(created_at=NOW, changed_at=NOW, **conditions)


def ask(question, by, text="It is on its way.", now=NOW, **options):
    """Answer a message as the composer does, with the case as it is now."""
    version = Case.objects.get(pk=question.case_id).version
    return verbs.queue_reply(
        question.case_id, by, question.pk, text, uuid.uuid4(), version, now=now, **options
    )


@pytest.fixture
def new_agent(agent):
    Ramp.objects.create(user=agent, needed=2, started_at=NOW)
    return agent


@pytest.fixture
def boss(brand, service):
    """A second manager."""
    return UserFactory(
        departments=[service], publishes=[brand], role=Role.MANAGER, first_name="Bea", last_name="Ito"
    )
