"""A person's word on a message: it counts, it is kept beside the machine's, and it can be taken back by another."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.models import Role
from inbox.cases.readings import correct_reading, parse_reading_value
from inbox.changes.refusals import Invalid, NotAllowed
from inbox.models import Case, CaseEvent, Message, MessageCorrection, Status, Verb
from tests.factories import (
    NOW,
    BrandAccountFactory,
    CaseFactory,
    DepartmentFactory,
    MessageFactory,
    UserFactory,
)
from tests.inbox.page_requests import HTMX, count_statements, signed_in

pytestmark = pytest.mark.django_db
LATER = NOW + dt.timedelta(minutes=5)


@pytest.fixture
def department():
    return DepartmentFactory()


@pytest.fixture
def agent(department):
    return UserFactory(role=Role.AGENT, departments=[department])


@pytest.fixture
def message(department):
    case = CaseFactory(department=department, status=Status.OPEN)
    return MessageFactory(case=case, sentiment="negative", language="en", text="Where <b>is</b> it?")


def address(message):
    return reverse("inbox:reading", args=[message.pk])


def form(message, **said):
    shown = {
        "sentiment": message.sentiment,
        "language": message.language,
        "urgency": str(message.urgency),
        "needs_answer": "yes" if message.needs_answer else "no",
        "is_spam": "yes" if message.is_spam else "no",
    }
    return {**shown, **{f"was_{name}": value for name, value in shown.items()}, **said}


def rows(message):
    return list(message.corrections.order_by("id").values_list("field", "machine", "value"))


def test_a_persons_word_counts_and_stands_beside_the_machines(agent, message):
    correct_reading(message.pk, agent, {"sentiment": "positive"}, now=LATER)
    message.refresh_from_db()
    assert (message.sentiment, message.corrected) == ("positive", ["sentiment"])
    one = message.corrections.get()
    assert (one.machine, one.value, one.by, one.at) == ("negative", "positive", agent, LATER)
    event = CaseEvent.objects.get(verb=Verb.MESSAGE_CORRECTED)
    assert (event.actor, event.data["message"], event.data["to"]) == (agent, message.pk, "positive tone")


def test_correcting_back_keeps_both_and_what_the_machine_read(agent, message):
    correct_reading(message.pk, agent, {"sentiment": "positive"}, now=LATER)
    correct_reading(message.pk, agent, {"sentiment": "negative"}, now=LATER)
    assert rows(message) == [("sentiment", "negative", "positive"), ("sentiment", "negative", "negative")]


def test_saying_what_it_is_already_changes_nothing(agent, message):
    version = message.case.version
    correct_reading(message.pk, agent, {"sentiment": "negative", "urgency": 0}, now=LATER)
    assert not MessageCorrection.objects.exists()
    assert Case.objects.get().version == version


def test_a_correction_cannot_be_rewritten(agent, message):
    correct_reading(message.pk, agent, {"urgency": 2}, now=LATER)
    with pytest.raises(IntegrityError), transaction.atomic():
        MessageCorrection.objects.update(value=0)


def test_a_message_that_needs_no_answer_lets_its_case_wait_no_more(agent, message):
    case = correct_reading(message.pk, agent, {"needs_answer": False}, now=LATER)
    case.refresh_from_db()
    assert (case.needs_answer, case.waiting_since) == (False, None)
    correct_reading(message.pk, agent, {"needs_answer": True}, now=LATER)
    case.refresh_from_db()
    assert (case.needs_answer, case.waiting_since) == (True, message.network_time)


def test_the_case_waits_since_the_first_message_that_still_needs_an_answer(agent, message):
    second = MessageFactory(case=message.case, network_time=LATER)
    correct_reading(message.pk, agent, {"needs_answer": False}, now=LATER)
    assert Case.objects.get().waiting_since == second.network_time


def test_what_we_have_answered_waits_no_more_whatever_is_said(agent, message):
    Case.objects.update(status=Status.WAITING, last_outbound_at=LATER, waiting_since=None)
    correct_reading(message.pk, agent, {"needs_answer": False}, now=LATER)
    correct_reading(message.pk, agent, {"needs_answer": True}, now=LATER)
    case = Case.objects.get()
    assert (case.status, case.waiting_since) == (Status.WAITING, None)


def test_a_case_that_waits_for_the_customer_is_ours_again_when_one_needs_an_answer(agent, message):
    Message.objects.update(needs_answer=False)
    Case.objects.update(status=Status.WAITING, waiting_since=None, needs_answer=False)
    correct_reading(message.pk, agent, {"needs_answer": True}, now=LATER)
    case = Case.objects.get()
    assert (case.status, case.waiting_since) == (Status.OPEN, message.network_time)


def test_a_closed_case_stays_closed(agent, message):
    Case.objects.update(status=Status.RESOLVED, closed_at=NOW, waiting_since=None)
    correct_reading(message.pk, agent, {"needs_answer": False}, now=LATER)
    correct_reading(message.pk, agent, {"needs_answer": True}, now=LATER)
    case = Case.objects.get()
    assert (case.status, case.waiting_since, case.needs_answer) == (Status.RESOLVED, None, True)


def test_spam_needs_no_answer_and_what_is_none_does(agent, message):
    correct_reading(message.pk, agent, {"is_spam": True}, now=LATER)
    message.refresh_from_db()
    assert (message.is_spam, message.needs_answer) == (True, False)
    correct_reading(message.pk, agent, {"is_spam": False}, now=LATER)
    message.refresh_from_db()
    assert (message.is_spam, message.needs_answer) == (False, True)
    correct_reading(message.pk, agent, {"is_spam": True, "needs_answer": True}, now=LATER)
    message.refresh_from_db()
    assert (message.is_spam, message.needs_answer) == (True, True)


def test_what_we_wrote_is_not_corrected(agent, message):
    ours = MessageFactory(case=message.case, outbound=True)
    with pytest.raises(Case.DoesNotExist):
        correct_reading(ours.pk, agent, {"sentiment": "positive"}, now=LATER)


def test_whoever_may_not_work_on_cases_may_not_correct(department, message):
    analyst = UserFactory(role=Role.ANALYST, departments=[department])
    with pytest.raises(NotAllowed):
        correct_reading(message.pk, analyst, {"sentiment": "positive"}, now=LATER)


@pytest.mark.parametrize(
    ("field", "given"),
    [("sentiment", "furious"), ("sentiment", ""), ("urgency", "3"), ("urgency", "x"), ("needs_answer", ""),
     ("is_spam", "on"), ("language", "<b>"), ("language", "x" * 9), ("language", "en\x00")],
)  # fmt: skip
def test_a_value_that_makes_no_sense_is_refused(field, given):
    with pytest.raises(Invalid, match="Choose one from the list"):
        parse_reading_value(field, given)


class TestPages:
    def test_a_message_says_in_small_print_how_it_was_read(self, agent, message):
        Message.objects.update(urgency=2, needs_answer=False, is_spam=True)
        html = signed_in(agent).get(f"/cases/{message.case_id}/").content.decode()
        for words in ("− negative", "English", "▲ serious", "needs no answer", "spam"):
            assert words in html
        assert f'href="{address(message)}"' in html

    def test_who_may_not_correct_sees_no_link(self, department, message):
        analyst = UserFactory(role=Role.ANALYST, departments=[department])
        client = signed_in(analyst)
        assert address(message) not in client.get(f"/cases/{message.case_id}/").content.decode()
        assert "<button" not in client.get(address(message), **HTMX).content.decode()

    def test_the_form_without_javascript_is_a_page_and_leads_back(self, agent, message):
        client = signed_in(agent)
        html = client.get(address(message)).content.decode()
        assert "<html" in html
        assert "Where &lt;b&gt;is&lt;/b&gt; it?" in html
        response = client.post(address(message), form(message, sentiment="neutral"))
        assert (response.status_code, response.url) == (302, f"/cases/{message.case_id}/")
        message.refresh_from_db()
        assert (message.sentiment, message.corrected) == ("neutral", ["sentiment"])
        html = client.get(f"/cases/{message.case_id}/").content.decode()
        assert "✎ neutral" in html
        assert "corrected how a message was read: neutral tone" in html

    def test_with_htmx_the_form_opens_in_place_and_the_thread_comes_back(self, agent, message):
        client = signed_in(agent)
        html = client.get(address(message), **HTMX).content.decode()
        assert html.lstrip().startswith("<form")
        response = client.post(address(message), form(message, needs_answer="no"), **HTMX)
        assert response.status_code == 200
        assert 'id="thread-newest"' in response.content.decode()
        assert "needs no answer" in response.content.decode()

    def test_a_colleagues_correction_meanwhile_is_not_taken_back_by_the_way(self, agent, message):
        stale = form(message, urgency="1")
        correct_reading(message.pk, agent, {"sentiment": "positive"}, now=LATER)
        signed_in(agent).post(address(message), stale)
        message.refresh_from_db()
        assert (message.sentiment, message.urgency) == ("positive", 1)

    def test_nonsense_is_refused_with_a_sentence_and_changes_nothing(self, agent, message):
        response = signed_in(agent).post(address(message), form(message, sentiment="furious"), **HTMX)
        assert response.status_code == 422
        assert "Choose one from the list" in response.content.decode()
        assert not MessageCorrection.objects.exists()

    def test_the_form_shows_who_said_what_and_what_was_read(self, agent, message):
        correct_reading(message.pk, agent, {"sentiment": "positive"}, now=LATER)
        html = signed_in(agent).get(address(message)).content.decode()
        assert "said positive tone; it was read as negative tone" in html
        assert "Negative (as read)" in html

    def test_a_person_of_another_brand_finds_nothing(self, message):
        other = UserFactory(role=Role.COMMUNITY, publishes=[BrandAccountFactory()])
        assert signed_in(other).get(address(message)).status_code == 404
        assert signed_in(other).post(address(message), form(message)).status_code == 404

    def test_the_small_print_costs_no_statement_of_its_own(self, agent, message):
        client = signed_in(agent)
        few = count_statements(client, f"/cases/{message.case_id}/")
        for minute in range(20):
            one = MessageFactory(case=message.case, network_time=NOW + dt.timedelta(minutes=minute))
            correct_reading(one.pk, agent, {"urgency": 1}, now=LATER)
        assert count_statements(client, f"/cases/{message.case_id}/") == few <= 12
