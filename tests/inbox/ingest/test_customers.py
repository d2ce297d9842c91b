"""What rules may ask about a customer is filled in at ingest: tags, the department that helped last, open cases."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inbox.models import Case, CaseEvent, Custody, Decision, Message, Status, Verb
from networks.base import Author
from routing.models import Rule
from routing.rules import editing, versions
from routing.rules.editing import RuleContent
from tests.factories import NOW, CaseFactory, IdentityFactory
from tests.inbox.fake_connector import message


def facts(canonical_id):
    return Decision.objects.get(message__canonical_id=canonical_id).trace["facts"]


@pytest.fixture
def known_customer(feed):
    """A customer with a case that billing closed, one that service closed before, and one that is open."""
    identity = IdentityFactory(remote_id="77")
    closed = {"identity": identity, "brand_account": feed.brand_account, "status": Status.RESOLVED}
    CaseFactory(**closed, department=feed.departments["service"], closed_at=NOW.replace(month=9))
    CaseFactory(**closed, department=feed.departments["billing"], closed_at=NOW.replace(month=10))
    CaseFactory(identity=identity, department=feed.departments["service"], created_at=NOW.replace(month=8))
    identity.customer.tags = ["vip", "press"]
    identity.customer.save()
    return identity


def test_a_known_customer_brings_tags_open_cases_and_the_department_of_before(feed, known_customer):
    feed.store(message("1", by="77", thread_id="new"))
    found = facts("1")
    assert found["customer_tags"] == ["vip", "press"]
    assert found["previous_department"] == "billing"
    assert found["open_cases"] == 1


def test_a_case_of_the_past_was_closed_by_no_department_until_a_person_resolves_it(feed, known_customer):
    case = CaseFactory(
        identity=known_customer, brand_account=feed.brand_account, status=Status.RESOLVED, historical=True,
        department=feed.departments["service"], closed_at=NOW.replace(month=11, day=1),
    )  # fmt: skip
    feed.store(message("1", by="77", thread_id="new"))
    Case.objects.filter(pk=case.pk).update(first_resolved_at=case.closed_at)
    feed.store(message("2", by="77", thread_id="newer"))
    assert [facts(n)["previous_department"] for n in "12"] == ["billing", "service"]


def test_a_stranger_brings_none(feed):
    feed.store(message("1", by="5"))
    assert not {"customer_tags", "previous_department", "open_cases"} & facts("1").keys()


@pytest.mark.parametrize("pages", [1, 2])
def test_open_cases_count_those_before_the_message_in_one_page_as_in_two(feed, pages):
    first = message("1", by="5", minute=9)
    second = message("2", by="5", minute=8, visibility="direct", thread_id="dm")
    third = message("3", by="5", minute=7, visibility="direct", thread_id="dm")
    if pages == 1:
        feed.store(first, second, third)
    else:
        feed.store(first)
        feed.store(second)
        feed.store(third)
    assert ["open_cases" in facts("1"), facts("2")["open_cases"], facts("3")["open_cases"]] == [False, 1, 2]


def test_two_names_of_one_customer_share_their_standing(feed):
    one = IdentityFactory(remote_id="8")
    IdentityFactory(remote_id="9", customer=one.customer)
    feed.store(message("1", by="8", minute=9), message("2", by="9", minute=8, visibility="direct"))
    assert facts("2")["open_cases"] == 1


def test_a_page_costs_as_many_statements_for_one_customer_as_for_thirty(feed, known_customer):
    def count(*messages):
        with CaptureQueriesContext(connection) as captured:
            feed.store(*messages)
        return len(captured)

    count(message("0"))
    one = count(message("1", by="77"))
    assert count(*(message(f"a{n}", by=str(n)) for n in range(30))) == one


# Noise


@pytest.fixture
def noisy(feed):
    rule = {"field": "emoji_only", "is": True}
    editing.add_rule(
        RuleContent("Only emoji", rule, feed.departments["service"], dismiss=True), None, "", NOW
    )
    versions.clear_rules_cache()
    return feed


def test_noise_opens_a_case_that_is_dismissed_at_once_for_a_reason(noisy):
    noisy.store(message("1", "🔥🔥"))
    case = Case.objects.get()
    assert (case.status, case.closed_at, case.needs_answer, case.waiting_since) == (
        "dismissed",
        NOW,
        False,
        None,
    )
    assert case.close_reason == "Noise (rule “Only emoji”)"
    assert [event.verb for event in case.events.order_by("id")] == ["opened", "routed", "dismissed"]
    assert CaseEvent.objects.get(verb=Verb.DISMISSED).data["reason"] == case.close_reason
    custody = Custody.objects.get()
    assert (custody.sent_at, custody.left_at) == (NOW, NOW)
    assert Message.objects.get().needs_answer is False


@pytest.mark.parametrize("pages", [1, 2])
def test_more_noise_joins_and_wakes_nobody(noisy, pages):
    one, two = message("1", "🔥", minute=9), message("2", "😍", minute=8)
    if pages == 1:
        noisy.store(one, two)
    else:
        noisy.store(one)
        noisy.store(two)
    case = Case.objects.get()
    assert (case.status, case.message_count, case.reopen_count) == ("dismissed", 2, 0)


def test_a_real_question_after_noise_gets_a_case_of_its_own(noisy):
    noisy.store(message("1", "🔥", minute=9))
    noisy.store(message("2", "I want a refund", minute=8))
    assert list(Case.objects.order_by("id").values_list("status", "department__slug")) == [
        ("dismissed", "service"),
        ("new", "billing"),
    ]
    assert facts("2")["previous_department"] == "service"


def test_noise_within_an_open_case_joins_it(noisy):
    noisy.store(message("1", "I want a refund", minute=9), message("2", "😡", minute=8))
    case = Case.objects.get()
    assert (case.status, case.closed_at, case.needs_answer) == ("new", None, True)


def test_noise_after_a_resolved_case_does_not_reopen_it(noisy):
    noisy.store(message("1", "I want a refund", minute=9))
    Case.objects.update(status=Status.RESOLVED, closed_at=NOW)
    noisy.store(message("2", "😍", minute=0), now=NOW)
    assert Case.objects.get().status == "resolved"
    noisy.store(message("3", "still nothing", minute=0), now=NOW)
    assert Case.objects.get().status == "open"


def test_a_rule_can_ask_for_everything_about_a_message(feed):
    rule = {"all": [{"field": "is_retweet", "is": True}, {"field": "followers", "gte": 100}]}
    editing.add_rule(RuleContent("Loud", rule, feed.departments["billing"]), None, "", NOW)
    versions.clear_rules_cache()
    loud = Author("5", handle="loud", followers=500)
    feed.store(message("1", "look at this", author=loud, is_repost=True), message("2", "hm", by="6"))
    assert Message.objects.get(canonical_id="1").case.department.slug == "billing"
    assert Message.objects.get(canonical_id="2").case.department.slug == "service"
    assert Rule.objects.count() == 3
