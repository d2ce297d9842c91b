"""Every case can say why it is where it is."""

from __future__ import annotations

import datetime as dt
import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import BrandAccount
from inbox.cases import hand_overs, playbook, verbs
from inbox.decisions.trace import cases_without_trace, trace_case
from inbox.models import Decision
from routing.models import Rule
from routing.playbook import versions
from routing.rules import editing
from routing.rules.editing import RuleContent
from tests.factories import NOW, CaseFactory, DepartmentFactory, MessageFactory, UserFactory
from tests.inbox.fake_connector import message

pytestmark = pytest.mark.django_db
LATER = NOW + dt.timedelta(hours=1)


def said(*arguments):
    out = StringIO()
    call_command("trace", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def case():
    service, billing = (
        DepartmentFactory(slug="service", name="Service"),
        DepartmentFactory(slug="billing", name="Accounts"),
    )
    ann = UserFactory(departments=[service], first_name="Ann", last_name="Bell")
    ben = UserFactory(departments=[billing], first_name="Ben", last_name="Cole")
    versions.install_starter_playbook(None, NOW)
    case = CaseFactory(department=service)
    Decision.objects.create(
        message=MessageFactory(case=case), case=case, department=service, decided_by="rule", rule_name="Parcels",
        version=3, reasons=["“parcel” → Service"], at=NOW,
    )  # fmt: skip
    for question, key in (("kind", "unhappy"), ("cause", "yes"), ("fix", "money")):
        playbook.answer_playbook(case.pk, ann, question, key, now=NOW + dt.timedelta(minutes=1))
    verbs.hand_over_case(case.pk, ann, billing, "A charge", now=NOW + dt.timedelta(minutes=2))
    hand_overs.accept_case(case.pk, ben, now=LATER)
    case.refresh_from_db()
    return case


def test_a_trace_tells_decisions_custody_and_answers(case):
    found = trace_case(case)
    assert [(one["rule"], one["rules_version"], one["department"]) for one in found["decisions"]] == [
        ("Parcels", 3, "service")
    ]
    assert [(one["department"], one["from"], one["accepted_by"]) for one in found["custody"]] == [
        ("service", "", "Ann Bell"),
        ("billing", "service", "Ben Cole"),
    ]
    assert found["playbook"]["outcome"] == "Hand over to billing"
    assert [one["answer"] for one in found["playbook"]["answers"]][
        -1
    ] == "Billing: a charge, a refund, a contract"


def test_the_command_prints_it_in_the_order_of_time_and_as_json(case):
    lines = said(str(case.pk)).splitlines()
    assert [line[21:] for line in lines[:2]] == [
        f"decided for message {case.messages.get().pk}: Service (rule): “parcel” → Service",
        "Service has it, first",
    ]
    assert lines[-2:] == [
        "2026-11-18T11:00:00  Accounts accepted it (Ben Cole)",
        "The playbook says: Hand over to billing",
    ]
    assert json.loads(said(str(case.pk), "--json")) == trace_case(case)


def test_a_case_that_is_not_there_is_refused():
    with pytest.raises(CommandError, match="There is no case 987654"):
        said("987654")
    with pytest.raises(CommandError, match="Say which case"):
        said()


def test_cases_without_a_trace_are_counted_and_named(case):
    assert "1 cases, 0 without a trace" in said("--missing")
    lost = CaseFactory(custody=False)
    with pytest.raises(SystemExit):
        said("--missing")
    assert list(cases_without_trace()) == [lost]


def test_every_case_that_comes_in_carries_one(feed):
    feed.store(*(message(str(n), by=str(1000 + n)) for n in range(5)))
    assert "5 cases, 0 without a trace" in said("--missing")


def test_the_reason_names_the_brand_account_as_people_know_it(feed):
    BrandAccount.objects.update(handle="kettle")
    condition = {"field": "brand_account", "is": [f"x:{feed.brand_account.remote_id}"]}
    editing.add_rule(RuleContent("Ours", condition, feed.departments["billing"]), None, "", NOW)
    editing.move_rule(Rule.objects.get(name="Ours").key, None, NOW, to=1)
    feed.store(message("1"))
    assert Decision.objects.get().reasons[0].startswith("Brand account “@kettle on X” → Billing")
