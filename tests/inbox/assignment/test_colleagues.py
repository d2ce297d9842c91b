"""The case page says where colleagues are to whom it could go, and why nobody has it who should."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from accounts.models import Leave, Role, Skill
from accounts.working_time import presence
from inbox.assignment.colleagues import assignable_colleagues, explain_unassigned
from inbox.models import Decision
from tests.factories import (
    NOW,
    BrandAccountFactory,
    CaseFactory,
    DepartmentFactory,
    MessageFactory,
    UserFactory,
)
from tests.inbox.page_requests import count_statements, signed_in
from tests.markup import squeezed
from wording.times import short_date

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def billing():
    return DepartmentFactory(name="Billing", assignment_mode="round_robin")


@pytest.fixture
def case(billing):
    return CaseFactory(department=billing)


def agent(name, department, **about):
    return UserFactory(
        first_name=name, last_name="Ek", departments=[department], **{"last_seen_at": NOW, **about}
    )


def asks_for(case, skill):
    message = MessageFactory(case=case)
    Decision.objects.create(
        message=message,
        case=case,
        department=case.department,
        decided_by="rule",
        version=1,
        at=NOW,
        trace={"decided": {"skill": skill}},
    )


class TestWhyNobody:
    def test_it_names_who_has_to_come(self, case, billing):
        assert explain_unassigned(case, NOW) == "Nobody here is given cases: take it, or hand it over."
        for name in ("Ada", "Bo", "Cy", "Di", "Ed"):
            agent(name, billing, last_seen_at=None)
        UserFactory(role=Role.MANAGER, departments=[billing], last_seen_at=NOW)
        assert (
            explain_unassigned(case, NOW)
            == "Waits until somebody is available: Ada Ek, Bo Ek, Cy Ek and 2 more."
        )

    def test_or_who_has_to_get_room(self, case, billing):
        ada = agent("Ada", billing, capacity=1)
        assert explain_unassigned(case, NOW) == "It will be assigned in a moment."
        CaseFactory(assignee=ada)
        assert explain_unassigned(case, NOW) == "Waits until somebody has room: Ada Ek."
        ada.capacity = billing.max_per_person = 2
        ada.save()
        billing.save()
        assert explain_unassigned(case, NOW) == "It will be assigned in a moment."
        CaseFactory(assignee=ada, department=billing)
        billing.max_per_person = 1
        case.department = billing
        assert explain_unassigned(case, NOW) == "Waits until somebody has room: Ada Ek."

    def test_or_who_has_the_skill(self, case, billing):
        agent("Ada", billing)
        asks_for(case, "refunds")
        assert explain_unassigned(case, NOW) == "Nobody here can do refunds: take it, or hand it over."
        bo = agent("Bo", billing, last_seen_at=NOW - HOUR)
        bo.skills.add(Skill.objects.create(slug="refunds", name="Refunds"))
        assert explain_unassigned(case, NOW) == "Waits until somebody who can do Refunds is available: Bo Ek."

    def test_a_community_manager_counts_for_their_brand_accounts(self, case, billing):
        juno = UserFactory(
            first_name="Juno", last_name="Ek", role=Role.COMMUNITY, departments=[billing], last_seen_at=NOW
        )
        assert explain_unassigned(case, NOW).startswith("Nobody here")
        juno.grants.create(brand_account=case.brand_account)
        assert explain_unassigned(case, NOW) == "It will be assigned in a moment."

    def test_of_other_cases_nothing_is_said(self, case, billing):
        assigned = CaseFactory(department=billing, assignee=agent("Ada", billing))
        answered = CaseFactory(department=billing, waiting_since=None)
        by_hand = CaseFactory(department=DepartmentFactory())
        assert [explain_unassigned(one, NOW) for one in (assigned, answered, by_hand)] == ["", "", ""]

    def test_the_page_says_it_within_its_statements(self, case, billing):
        asks_for(case, "refunds")
        client = signed_in(
            UserFactory(role=Role.MANAGER, departments=[billing], publishes=[case.brand_account])
        )
        assert "Nobody here can do refunds" in client.get(f"/cases/{case.pk}/").content.decode()
        assert count_statements(client, f"/cases/{case.pk}/") <= 13


def test_colleagues_are_offered_with_where_they_are(case, billing):
    now = timezone.now()
    today = presence.local_date(now)
    agent("Ada", billing, last_seen_at=now)
    agent("Bo", billing, last_seen_at=now, away_since=now)
    agent("Cy", billing, last_seen_at=now - HOUR)
    di = agent("Di", billing, last_seen_at=now)
    Leave.objects.create(user=di, starts_on=today, ends_on=today)
    UserFactory(departments=[BrandAccountFactory().owner_department or DepartmentFactory()])
    until = f"on leave until {short_date(today)}"
    offered = [(one.name, one.where) for one in assignable_colleagues(case, now)]
    assert offered == [("Ada Ek", ""), ("Bo Ek", "away"), ("Cy Ek", "signed out"), ("Di Ek", until)]
    client = signed_in(UserFactory(first_name="Mara", role=Role.MANAGER, departments=[billing]))
    page = squeezed(client.get(f"/cases/{case.pk}/"))
    assert "Bo Ek (away)</option>" in page
    assert f"Di Ek ({until})</option>" in page
