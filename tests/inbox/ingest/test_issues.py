"""One issue, one case: what joins, what opens a case of its own, and what is decided again."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inbox.case_page.event_lines import event_line
from inbox.models import Case, CaseEvent, Custody, Decision, Message, Status, Verb
from routing.rules import editing, versions
from routing.rules.editing import RuleContent
from tests.factories import NOW, UserFactory
from tests.inbox.fake_connector import message
from tests.inbox.page_requests import signed_in

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def shop(feed):
    """Besides the feed's rules: "fire" is urgent for billing, "followers" is noise without an answer in service."""
    billing, service = feed.departments["billing"], feed.departments["service"]
    fire, followers = ({"field": "words", "any": [word]} for word in ("fire", "followers"))
    editing.add_rule(RuleContent("Fire", fire, billing, priority=2), None, "", NOW)
    editing.add_rule(RuleContent("Followers", followers, service, needs_answer=False), None, "", NOW)
    versions.clear_rules_cache()
    return feed


def lines(case, *verbs):
    events = CaseEvent.objects.filter(case=case, verb__in=verbs).select_related("actor").order_by("id")
    return [event_line(event) for event in events]


@pytest.mark.parametrize("pages", [1, 2])
def test_what_belongs_to_another_department_gets_a_case_of_its_own(feed, pages):
    first, second = message("1", minute=9), message("2", "I want a refund for the kettle", minute=5)
    if pages == 1:
        feed.store(first, second)
    else:
        feed.store(first)
        feed.store(second)
    parcel, refund = Case.objects.order_by("id")
    assert (parcel.department.slug, refund.department.slug) == ("service", "billing")
    why = "it is about payments, not deliveries"
    assert lines(refund, Verb.RELATED) == [f"Opened as a separate case, related to case {parcel.pk}: {why}"]
    assert lines(parcel, Verb.RELATED) == [
        f"The customer wrote about something else: case {refund.pk}: {why}"
    ]
    decision = Decision.objects.get(case=refund)
    assert (decision.decided_by, decision.rule_name) == ("rule", "Refunds")
    assert decision.reasons[-1] == f"Opened as a separate case, related to case {parcel.pk}: {why}."
    assert (parcel.version, parcel.message_count) == (1, 1)  # whoever writes an answer there is not disturbed


def test_words_that_no_list_has_part_by_the_department_of_the_rule(feed):
    feed.store(message("1", "The tuba is out of tune since June", minute=9))
    feed.store(message("2", "Somewhere a refund lingers forever unseen", minute=5))
    assert Case.objects.count() == 2


def test_what_says_nothing_of_its_own_joins(feed):
    feed.store(message("1", minute=9))
    for n, text in enumerate(["Still nothing!", "Order number is 44821", "Hello?", "It is the blue one."], 2):
        feed.store(message(str(n), text, minute=9 - n))
    assert Case.objects.get().message_count == 5


def test_a_number_in_both_joins_whatever_the_words_say(feed):
    feed.store(message("1", "Where is parcel KH77123?", minute=9))
    feed.store(message("2", "Then I want a refund for KH77123", minute=5))
    assert Case.objects.get().priority == 1


def test_the_first_message_counts_however_long_the_case(feed):
    """It says what the case is about, and often is the only one with the number of the order."""
    feed.store(message("1", "Where is parcel KH77123?", minute=59))
    for n in range(2, 9):
        feed.store(message(str(n), "Any news from the depot?", thread_id="1", parent_id="1", minute=59 - n))
    feed.store(message("20", "Then I want a refund for KH77123", minute=5))
    assert Case.objects.get().message_count == 9


def test_a_handed_over_case_is_not_parted_by_the_words_it_came_with(feed):
    feed.store(message("1", "a refund, please", minute=9))
    case, service = Case.objects.get(), feed.departments["service"]
    Custody.objects.update(left_at=NOW)
    Custody.objects.create(case=case, department=service, sent_at=NOW)
    Case.objects.update(department=service)
    feed.store(message("2", "that refund is taking ages", minute=5))
    assert Case.objects.get().department == service


def test_what_is_more_urgent_never_waits_in_a_case_of_noise(shop):
    shop.store(message("1", "Get followers now", minute=9))
    shop.store(message("2", "My kettle caught fire", minute=5))
    noise, urgent = Case.objects.order_by("id")
    assert (noise.needs_answer, noise.message_count) == (False, 1)
    assert (urgent.priority, urgent.department.slug) == (2, "billing")


def test_a_question_after_noise_gets_a_case_of_its_own(shop):
    shop.store(message("1", "Get followers now", minute=9))
    shop.store(message("2", minute=5))
    assert lines(Case.objects.last(), Verb.RELATED)[0].endswith("nothing was asked there")


def test_a_dismissed_case_is_not_reopened_by_another_post(feed):
    feed.store(message("1", minute=90))
    Case.objects.update(status=Status.DISMISSED, closed_at=NOW - 60 * MINUTE, close_reason="Spam")
    feed.store(message("2", minute=0))
    assert list(Case.objects.order_by("id").values_list("status", flat=True)) == ["dismissed", "new"]


# Decided again


def test_a_more_urgent_reply_raises_the_priority_and_moves_what_nobody_touched(shop):
    shop.store(message("1", minute=9))
    shop.store(message("2", "Now the kettle is on fire", minute=5, thread_id="1"), now=NOW + MINUTE)
    case = Case.objects.get()
    assert (case.priority, case.department.slug, case.status) == (2, "billing", Status.NEW)
    raised, moved = lines(case, Verb.PRIORITISED), lines(case, Verb.ROUTED)[1:]
    assert raised == ["Priority raised from Normal to Urgent: rule “Fire”"]
    assert moved[0].startswith("Rerouted from Service to Billing: The word “fire”; rule “Fire”")
    first, second = Custody.objects.order_by("id")
    assert (first.department.slug, second.department.slug) == ("service", "billing")
    assert first.left_at == second.sent_at == NOW + MINUTE
    assert (second.from_department, second.routed, second.left_at) == (first.department, True, None)
    assert "fire" in Decision.objects.last().reasons[0]


def test_a_case_that_somebody_works_on_stays_and_is_raised(shop):
    shop.store(message("1", minute=9))
    ana = UserFactory()
    Case.objects.update(status=Status.OPEN, assignee=ana)
    shop.store(message("2", "Now the kettle is on fire", minute=5, thread_id="1"))
    case = Case.objects.get()
    assert (case.priority, case.department.slug, case.assignee) == (2, "service", ana)


def test_a_question_in_a_thread_of_noise_takes_the_case_where_it_belongs(shop):
    shop.store(message("1", "Get followers now", minute=9))
    ana = UserFactory()
    Case.objects.update(status=Status.OPEN, assignee=ana)
    shop.store(message("2", "And a refund?", minute=5, thread_id="1"))
    case = Case.objects.get()
    assert (case.department.slug, case.assignee, case.needs_answer) == ("billing", None, True)
    assert case.waiting_since == NOW - 5 * MINUTE


def test_a_reply_that_reopens_a_dismissed_case_takes_it_along_without_a_gap(feed):
    feed.store(message("1", minute=90))
    closed_at = NOW - 60 * MINUTE
    Case.objects.update(status=Status.DISMISSED, closed_at=closed_at, close_reason="Spam")
    Custody.objects.update(left_at=closed_at)
    feed.store(message("2", "I want a refund", minute=0, thread_id="1"))
    case = Case.objects.get()
    assert (case.status, case.department.slug, case.reopen_count) == (Status.OPEN, "billing", 1)
    first, second = Custody.objects.order_by("id")
    assert (first.left_at, second.left_at) == (second.sent_at, None)


def test_moves_cost_one_statement_however_many_they_are(shop):
    for n in range(12):
        shop.store(message(f"a{n}", by=str(n), minute=9))

    def count(*numbers):
        with CaptureQueriesContext(connection) as captured:
            shop.store(*(message(f"b{n}", "fire!", by=str(n), thread_id=f"a{n}") for n in numbers))
        return len(captured)

    assert count(0) == count(*range(1, 12))
    assert not Case.objects.exclude(department__slug="billing").exists()


# What is serious


@pytest.mark.parametrize(
    "text",
    [
        "The handle got so hot that my child burned his hand. This is dangerous!",
        "Der Griff wird so heiß, mein Kind ist verletzt. Das ist gefährlich!",
    ],
)
def test_what_is_read_as_serious_raises_the_priority_without_a_rule(feed, text):
    feed.store(message("1", text))
    case = Case.objects.get()
    assert (Message.objects.get().urgency, case.priority) == (2, 1)
    assert lines(case, Verb.PRIORITISED) == ["Priority raised from Normal to High: read as serious"]


# Thanks


def test_thanks_reopen_nothing(feed):
    feed.store(message("1", minute=120))
    Case.objects.update(status=Status.RESOLVED, closed_at=NOW - 60 * MINUTE)
    Custody.objects.update(left_at=NOW - 60 * MINUTE)
    feed.store(message("2", "thanks for sorting this out", minute=0))
    case = Case.objects.get()
    assert (case.status, case.reopen_count, case.message_count) == (Status.RESOLVED, 0, 2)
    assert Custody.objects.get().left_at is not None
    feed.store(message("3", "Sorry, the parcel is still not here", minute=0))
    case.refresh_from_db()
    assert (case.status, case.reopen_count) == (Status.OPEN, 1)


def test_thanks_after_our_answer_wait_for_nobody(feed):
    feed.store(message("1", minute=120))
    Case.objects.update(
        status=Status.WAITING, waiting_since=None, last_outbound_at=NOW - 60 * MINUTE, exchange_from=None,
        resolution_from=None, resolution_used=600,
    )  # fmt: skip
    feed.store(message("2", "thanks!", minute=0))
    case = Case.objects.get()
    assert (case.status, case.waiting_since, case.exchange_from) == (Status.WAITING, None, None)
    assert (case.resolution_from, case.resolution_used) == (None, 600)


def test_thanks_that_are_edited_into_a_question_make_the_case_open(feed):
    feed.store(message("1", minute=120))
    Case.objects.update(status=Status.WAITING, waiting_since=None, last_outbound_at=NOW - 60 * MINUTE)
    feed.store(message("2", "thanks!", minute=1))
    feed.store(message("2", "And where is the second parcel?", minute=1))
    case = Case.objects.get()
    assert (case.status, case.waiting_since) == (Status.OPEN, NOW - MINUTE)


def test_who_else_writes_in_the_thread_is_seen_from_the_case(feed):
    feed.store(message("1", "The lid does not close any more", by="1", minute=9))
    feed.store(message("2", "same here, and nobody answers my mails", by="2", minute=8, thread_id="1"))
    feed.store(message("3", "psst", by="3", minute=7, thread_id="1", visibility="direct", stream="direct"))
    feed.store(message("4", "another thread", by="4", minute=6))
    boss = UserFactory(role="manager", departments=list(feed.departments.values()))
    lid, other = Case.objects.order_by("id")[:2]
    page = signed_in(boss).get(f"/cases/{lid.pk}/").content.decode()
    seen = page.partition("Others in this thread")[2]
    assert seen.count("</li>") == 1
    assert f"/cases/{other.pk}/" in seen
    assert "@user2: same here" in seen
