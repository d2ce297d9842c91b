"""Canned answers in answers: noted with them, counted once they are sent, and never sent with a placeholder."""

import datetime as dt
import uuid

import pytest

from inbox.changes.refusals import Invalid
from inbox.models import CannedUse, CaseEvent, Draft, Reply, Verb
from inbox.replies import outcomes, verbs
from inbox.replies.canned_uses import parse_ids, used_in_text
from networks.base import SentMessage
from tests.factories import NOW, CannedAnswerFactory, MessageFactory, UserFactory
from tests.inbox.reply_fixtures import agent, brand, case, colleague, question, service

pytestmark = pytest.mark.django_db
__all__ = ["agent", "brand", "case", "colleague", "question", "service"]


def answer(question, by, text, ids=(), now=NOW):
    version = question.case.version
    return verbs.queue_reply(
        question.case_id, by, question.pk, text, uuid.uuid4(), version, now=now, canned_ids=ids
    )


def test_a_placeholder_is_never_sent_and_the_text_stays_as_the_draft(question, agent):
    with pytest.raises(Invalid, match=r"{order} is still in your answer"):
        answer(question, agent, "Your order {order} left today.")
    assert not Reply.objects.exists()
    assert Draft.objects.get(user=agent).text == "Your order {order} left today."


def test_an_answer_notes_the_canned_answers_that_are_still_in_it(question, agent, colleague, service):
    texts = {
        "en": "Sorry for the wait. Your parcel leaves today.",
        "de": "Dein Paket geht heute raus, {customer}.",
    }
    parcel = CannedAnswerFactory(texts=texts, department=service)
    thanks = CannedAnswerFactory(texts={"en": "Thank you for your patience with us."})
    foreign = CannedAnswerFactory(owner=colleague, texts={"en": "Sorry for the wait."})
    ids = [parcel.pk, thanks.pk, foreign.pk, 987654321]
    text = "Hallo Lena, dein Paket geht heute noch raus."
    assert used_in_text(ids, text, agent) == [parcel.pk]
    assert used_in_text(ids, f"{text} Thank you for your patience.", agent) == [parcel.pk, thanks.pk]
    assert used_in_text(ids, "We will look into it.", agent) == []
    assert used_in_text(ids, text, UserFactory()) == []
    assert parse_ids(f"{parcel.pk}, x,{parcel.pk},-3,{'9' * 30},٣") == [parcel.pk]


def test_uses_are_counted_by_month_when_the_answer_is_sent(question, agent):
    thanks = CannedAnswerFactory(texts={"en": "Thank you for telling us."})
    reply = answer(question, agent, "Thank you for telling us.", [thanks.pk])
    assert reply.canned_answer_ids == [thanks.pk]
    assert not CannedUse.objects.exists()
    for _ in range(2):  # its outcome may be recorded twice
        outcomes.record_reply_sent(reply.pk, SentMessage("1"), now=NOW, sent_at=NOW)
    again = MessageFactory(case=question.case)
    question.case.refresh_from_db()
    again.case = question.case
    other = answer(again, agent, "Thank you for telling us!", [thanks.pk], now=NOW + dt.timedelta(hours=1))
    outcomes.record_reply_sent(other.pk, SentMessage("2"), now=NOW, sent_at=NOW + dt.timedelta(hours=1))
    use = CannedUse.objects.get()
    assert (use.answer, use.user, use.month, use.count) == (thanks, agent, dt.date(2026, 11, 1), 2)
    assert use.last_used_at == NOW + dt.timedelta(hours=1)
    events = CaseEvent.objects.filter(verb=Verb.ANSWERED)
    assert [event.data["canned"] for event in events] == [[thanks.pk], [thanks.pk]]


def test_an_answer_taken_back_keeps_its_canned_answers_for_the_draft(question, agent):
    thanks = CannedAnswerFactory(texts={"en": "Thank you for telling us."})
    reply = answer(question, agent, "Thank you for telling us.", [thanks.pk])
    verbs.cancel_reply(reply.pk, agent, now=NOW)
    assert Draft.objects.get(user=agent).canned_answer_ids == [thanks.pk]
    assert not CannedUse.objects.exists()
