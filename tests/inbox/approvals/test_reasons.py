"""Which answers need approval, and that the composer says so before."""

from __future__ import annotations

import pytest

from inbox.models import Case, Ramp, ReplyState
from routing.models import RuleSetVersion
from routing.rules.versions import clear_rules_cache
from tests.factories import NOW, BrandAccountFactory, DepartmentFactory, MessageFactory
from tests.inbox.approvals.conftest import ask, make_rule
from tests.inbox.reply_fixtures import shown_composer

pytestmark = pytest.mark.django_db
THREATS = {"name": "Legal threats", "words": {"en": ["lawyer", "sue you"]}}


@pytest.fixture
def word_lists(db):
    snapshot = {"rules": [], "default": {"department": "x"}, "word_lists": {"threats": THREATS}}
    RuleSetVersion.objects.create(number=1, snapshot=snapshot, created_at=NOW)
    clear_rules_cache()


def reasons(question, by):
    """What the page says, which is what happens."""
    case = Case.objects.get(pk=question.case_id)
    shown = list(shown_composer(case, by, NOW).approval)
    reply = ask(question, by)
    assert (reply.state == ReplyState.PENDING) == bool(shown)
    assert (list(reply.approval.reasons) if shown else []) == shown
    return shown


def test_without_rules_nobody_asks(question, agent):
    assert reasons(question, agent) == []


@pytest.mark.parametrize(
    ("followers", "needs"), [(None, False), (9_999, False), (10_000, True), (2_000_000, True)]
)
def test_customers_with_many_followers(question, agent, followers, needs):
    make_rule(min_followers=10_000)
    identity = question.case.identity
    identity.followers = followers
    identity.save()
    assert reasons(question, agent) == ([f"The customer has {followers:,} followers"] if needs else [])


def test_customers_with_a_tag(question, agent):
    make_rule(customer_tag="Influencer")
    question.case.customer.tags = ["vip", "influencer"]
    question.case.customer.save()
    assert reasons(question, agent) == ["The customer is tagged “Influencer”"]


def test_cases_with_a_tag(question, agent):
    make_rule(case_tag="legal")
    Case.objects.update(tags=["Legal"])
    assert reasons(question, agent) == ["The case is tagged “legal”"]


@pytest.mark.parametrize(("text", "needs"), [("My lawyer will call.", True), ("I am lawyerly.", False)])
def test_what_customers_write_about(question, agent, word_lists, text, needs):
    make_rule(word_list="threats")
    type(question).objects.filter(pk=question.pk).update(text=text)
    assert reasons(question, agent) == (["The customer writes about “Legal threats”"] if needs else [])


def test_an_earlier_message_counts_and_our_own_do_not(question, agent, word_lists):
    make_rule(word_list="threats")
    MessageFactory(case=question.case, outbound=True, text="Our lawyer says hello.")
    assert reasons(question, agent) == []


def test_a_word_list_that_is_gone_asks_rather_than_lets_pass(question, agent, word_lists):
    make_rule(word_list="gone")
    assert reasons(question, agent) == ["The customer writes about “gone”"]


@pytest.mark.parametrize("where", ["here", "elsewhere"])
def test_departments_and_accounts(question, agent, brand, service, where):
    here = where == "here"
    make_rule(department=service if here else DepartmentFactory())
    make_rule(brand_account=brand if here else BrandAccountFactory(), public_only=True)
    words = ["All answers of Service need approval", "All public answers as acme need approval"]
    assert reasons(question, agent) == (words if here else [])


@pytest.mark.parametrize("visibility", ["public", "direct"])
def test_public_answers_only(case, agent, service, visibility):
    make_rule(department=service, public_only=True)
    Case.objects.update(visibility=visibility)
    case.refresh_from_db()
    assert bool(reasons(MessageFactory(case=case), agent)) == (visibility == "public")


def test_all_conditions_of_a_rule_have_to_be_met(question, agent, service):
    make_rule(department=service, min_followers=100, customer_tag="vip")
    identity = question.case.identity
    identity.followers = 500
    identity.save()
    assert reasons(question, agent) == []


def test_a_rule_that_is_off_asks_nobody(question, agent, service):
    make_rule(department=service, is_on=False)
    assert reasons(question, agent) == []


def test_new_people_see_how_far_they_are(question, agent):
    Ramp.objects.create(user=agent, needed=10, approved=3, started_at=NOW)
    assert reasons(question, agent) == ["New colleague: 3 of 10 answers approved"]


def test_a_new_colleague_does_not_make_others_ask(question, new_agent, colleague):
    assert reasons(question, colleague) == []
