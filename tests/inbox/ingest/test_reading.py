"""Ingest reads every message of a customer and stores what it read; edits are read anew."""

from __future__ import annotations

import pytest

from inbox.cases.readings import correct_reading
from inbox.models import Case, Message
from routing.models import Rule
from routing.rules import versions
from tests.factories import NOW, UserFactory
from tests.inbox.fake_connector import message

pytestmark = pytest.mark.django_db
PRAISE = "I love your shop, you are the best!"


def rules(**changes):
    Rule.objects.update(**changes)
    versions.publish_rules(None, "tests", NOW)
    versions.clear_rules_cache()


def test_what_was_read_is_stored_with_the_message(feed):
    feed.store(
        message("1", "This is the worst service, my card was hacked today, please help!"),
        message("2", "Subscribe to my channel and claim your prize"),
    )
    angry, spam = Message.objects.order_by("canonical_id")
    assert (angry.sentiment, angry.urgency, angry.is_spam, angry.needs_answer) == ("negative", 1, False, True)
    assert (spam.is_spam, spam.needs_answer) == (True, False)


def test_praise_waits_for_nobody(feed):
    feed.store(message("1", PRAISE))
    case = Case.objects.get()
    assert (case.needs_answer, case.waiting_since) == (False, None)


def test_a_rules_explicit_word_wins_over_the_reading(feed):
    rules(needs_answer=True, condition={"any": [{"field": "words", "any": ["shop"]}]})
    feed.store(message("1", PRAISE))
    case = Case.objects.get()
    assert (case.needs_answer, case.waiting_since) == (True, case.last_inbound_at)
    rules(needs_answer=False)
    feed.store(message("2", "Where is the shop?", by="2"))
    assert Case.objects.order_by("-pk")[0].needs_answer is False


def test_a_rule_that_says_nothing_leaves_it_to_the_reading(feed):
    rules(needs_answer=None, condition={"any": [{"field": "words", "any": ["shop"]}]})
    feed.store(message("1", PRAISE), message("2", "Where is the shop?", by="2"))
    assert list(Message.objects.order_by("canonical_id").values_list("needs_answer", flat=True)) == [
        False,
        True,
    ]


def test_an_edit_is_read_anew_and_may_make_a_case_wait(feed):
    feed.store(message("1", PRAISE))
    feed.store(message("1", "You are the worst, where is my parcel?", edited_at=NOW))
    stored, case = Message.objects.get(), Case.objects.get()
    assert (stored.sentiment, stored.needs_answer) == ("negative", True)
    assert (case.needs_answer, case.waiting_since) == (True, stored.network_time)


def test_an_edit_ends_no_waiting(feed):
    feed.store(message("1", "Where is my parcel?"))
    feed.store(message("1", PRAISE, edited_at=NOW))
    assert Message.objects.get().needs_answer is False
    assert Case.objects.get().waiting_since is not None


def test_an_edit_never_overwrites_what_a_person_said(feed):
    feed.store(message("1", PRAISE))
    agent = UserFactory(departments=[Case.objects.get().department])
    said = {"sentiment": "neutral", "needs_answer": True}
    correct_reading(Message.objects.get().pk, agent, said, now=NOW)
    correct_reading(Message.objects.get().pk, agent, {"needs_answer": False}, now=NOW)
    feed.store(message("1", "Your service is terrible, please help", edited_at=NOW))
    stored = Message.objects.get()
    assert (stored.sentiment, stored.needs_answer, stored.text[:4]) == ("neutral", False, "Your")
    assert Case.objects.get().waiting_since is None


def test_a_deletion_and_hiding_keep_what_was_read(feed):
    feed.store(message("1", "This is terrible"))
    feed.store(message("1", "This is terrible", hidden=True))
    feed.store(message("1", "", deleted=True))
    assert Message.objects.get().sentiment == "negative"


def test_what_we_wrote_is_not_judged(feed):
    feed.store(message("1", "Where is my parcel?"))
    feed.store(message("2", "We love to help!", by="9000", thread_id="1", parent_id="1", minute=0))
    ours = Message.objects.get(canonical_id="2")
    assert (ours.sentiment, ours.needs_answer) == ("", False)


def test_what_a_customer_says_is_stored_and_an_edit_changes_it(feed):
    feed.store(message("1", "It works again, thank you!"), message("2", "Thank you so much", by="2"))
    assert list(Message.objects.order_by("canonical_id").values_list("said", flat=True)) == [
        "fixed",
        "thanks",
    ]
    feed.store(message("1", "Your service is terrible, it still does not work", edited_at=NOW))
    assert Message.objects.get(canonical_id="1").said == "complains"
