"""A decision is made again from what is stored, to the same result: after edits, in older versions, for joined messages."""

from __future__ import annotations

import dataclasses
import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from inbox.models import Customer, Decision, Message
from networks.base import Author
from postgres.history import open_history
from routing.models import Rule, RuleSetVersion
from routing.rules import editing, versions
from routing.rules.editing import RuleContent
from tests.factories import NOW
from tests.inbox.fake_connector import message


def replayed(*arguments):
    out = StringIO()
    status = 0
    try:
        call_command("replay", "--json", *arguments, stdout=out)
    except SystemExit as error:
        status = error.code
    return json.loads(out.getvalue()) | {"status": status}


@pytest.fixture
def rich(feed):
    """A rule for everything there is to ask about a customer and a message, in front of the others."""
    conditions = [
        {"field": "customer_tags", "is": ["vip"]},
        {"field": "previous_department", "is": ["billing"]},
        {"field": "open_cases", "gte": 3},
        {"field": "followers", "gte": 5_000},
        {"all": [{"field": "is_retweet", "is": True}, {"field": "verified", "is": True}]},
        {"field": "is_under_own_post", "is": True},
    ]
    editing.add_rule(
        RuleContent("Important", {"any": conditions}, feed.departments["billing"], tags=("important",), priority=2),
        None, "", NOW,
    )  # fmt: skip
    return feed


def test_what_was_decided_comes_out_again(rich):
    rich.store(
        message("1", "A refund please", by="1", minute=9),
        message("2", "thanks", by="2", minute=8),
        message("3", "Well?", by="1", minute=7),
        message("4", "look", by="4", is_repost=True, author=Author("4", verified=True), minute=6),
        message("5", "nice picture", by="5", is_under_own_post=True, minute=5),
        message("6", "hello", by="6", minute=4),
    )
    assert set(Decision.objects.values_list("decided_by", flat=True)) == {"rule", "default", "thread"}
    assert Message.objects.get(canonical_id="4").case.tags == ["important"]
    assert replayed() == {"replayed": 6, "differences": 0, "without_trace": 0, "found": [], "status": 0}


def test_an_edited_message_is_decided_upon_the_text_of_then(feed):
    first = message("1", "A refund please")
    feed.store(first)
    edited = dataclasses.replace(first, text="Never mind, thanks", edited_at=NOW)
    feed.store(edited)
    feed.store(dataclasses.replace(edited, text="Thanks again", edited_at=NOW.replace(minute=5)))
    stored = Message.objects.get()
    assert stored.text == "Thanks again"
    assert [one["text"] for one in stored.history] == ["A refund please", "Never mind, thanks"]
    assert replayed()["differences"] == 0


def test_an_older_version_decides_as_it_did(rich):
    rich.store(
        message("1", "A refund please"), message("2", "x", by="2", author=Author("2", followers=9_000))
    )
    rule = Rule.objects.get(name="Refunds")
    editing.delete_rule(rule.key, None, NOW)
    versions.clear_rules_cache()
    rich.store(message("3", "Another refund", by="3"))
    assert sorted(set(Decision.objects.values_list("version", flat=True))) == [2, 3]
    assert replayed() == {"replayed": 3, "differences": 0, "without_trace": 0, "found": [], "status": 0}


def test_what_changed_about_the_customer_since_changes_nothing(rich):
    Customer.objects.create(name="someone else", created_at=NOW)
    rich.store(message("1", by="7", author=Author("7", followers=10)))
    customer = Message.objects.get().identity.customer
    customer.tags = ["vip"]
    customer.save()
    customer.identities.update(followers=99_000, verified=True)
    assert replayed()["differences"] == 0


def test_a_decision_that_would_come_out_otherwise_is_named(feed):
    feed.store(message("1", "A refund please"))
    version = RuleSetVersion.objects.first()
    version.snapshot["rules"][0]["department"] = "service"
    version.save()
    versions.clear_rules_cache()
    found = replayed()
    assert (found["differences"], found["status"]) == (1, 1)
    assert "department: 'billing' then, 'service' now" in found["found"][0]["why"]


def test_a_reason_that_would_read_otherwise_is_named(feed):
    feed.store(message("1", "A refund please"))
    with open_history():
        Decision.objects.update(reasons=["Because"])
    assert "reason: ['Because'] then" in replayed()["found"][0]["why"]


def test_a_version_that_is_gone_is_named(feed):
    feed.store(message("1"))
    RuleSetVersion.objects.all().delete()
    versions.clear_rules_cache()
    assert replayed()["found"][0]["why"] == "Version 1 is gone."


def test_since_leaves_out_what_is_older(feed):
    feed.store(message("1"))
    assert replayed("--since", "2026-11-18T10:00")["replayed"] == 1
    assert replayed("--since", "2026-11-19")["replayed"] == 0
    with pytest.raises(CommandError, match="is no day or time"):
        call_command("replay", "--since", "yesterday")


def test_decisions_without_a_record_are_counted_apart(feed):
    feed.store(message("1"))
    with open_history():
        Decision.objects.update(trace={})
    assert replayed() == {"replayed": 0, "differences": 0, "without_trace": 1, "found": [], "status": 0}


def test_decisions_that_did_not_keep_their_words_come_out_again(feed):
    feed.store(message("1", "A refund please"))
    decision = Decision.objects.get()
    kept = decision.trace["decided"].pop("words")
    with open_history():
        Decision.objects.update(trace=decision.trace)
    assert kept is not None
    assert replayed()["differences"] == 0
