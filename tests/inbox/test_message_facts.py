"""The facts of a stored message, rebuilt, are those that routing decided upon: wherever they are read again."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Department, Role
from inbox.cases import lessons
from inbox.changes.change import change_case
from inbox.ingest import message_decision
from inbox.message_facts import FACTS_OF_DECISIONS, FACTS_OF_MESSAGES
from inbox.models import Customer, Decision, Message
from inbox.previews.messages import load_past_messages
from networks.base import Author
from postgres.history import open_history
from routing.facts import Facts
from routing.learning.example_facts import facts_of_example
from routing.letters import MAX_TEXT_READ
from routing.models import RoutingExample
from tests.factories import NOW, UserFactory
from tests.inbox.fake_connector import message

pytestmark = pytest.mark.django_db

AUTHORS = st.builds(
    Author,
    remote_id=st.sampled_from(["1", "2", "3"]),
    followers=st.none() | st.integers(0, 10**7),
    verified=st.booleans(),
)
TEXTS = st.one_of(
    st.text(max_size=80),
    st.sampled_from(
        [
            "A refund please",
            "thanks",
            "Das ist eine Unverschämtheit!!",
            "win $$$ now http://x.co",
            "a " * 15_000,
        ]
    ),
)


@st.composite
def arriving(draw):
    """A few messages with everything that facts are made of."""
    messages = []
    for number in range(draw(st.integers(1, 4))):
        parent = draw(st.sampled_from(["", "77"]))
        messages.append(
            message(
                f"m{number}",
                draw(TEXTS),
                author=draw(AUTHORS),
                parent_id=parent,
                thread_id=parent or f"m{number}",
                stream=draw(st.sampled_from(["mentions", "comments"])),
                is_repost=draw(st.booleans()),
                is_under_own_post=draw(st.booleans()),
                created_at=NOW - dt.timedelta(seconds=draw(st.integers(0, 10**6)), microseconds=number),
            )
        )
    return messages


@pytest.fixture
def decided_upon(monkeypatch):
    """The facts that ingest decided upon, by time: no two messages have the same."""
    seen: dict[dt.datetime, Facts] = {}
    decide = message_decision.decide

    def note(facts, rules):
        seen.setdefault(facts.at, facts)
        return decide(facts, rules)

    monkeypatch.setattr(message_decision, "decide", note)
    return seen


def as_read(facts):
    """Routing looks at the beginning of an immense text only."""
    return dataclasses.replace(facts, text=facts.text[:MAX_TEXT_READ])


def rebuilt_from_messages():
    rows = FACTS_OF_MESSAGES.select(Message.objects.filter(direction="in"), "id")
    return {row["id"]: FACTS_OF_MESSAGES.restore(row) for row in rows}


def rebuilt_from_decisions():
    rows = FACTS_OF_DECISIONS.select(Decision.objects.all(), "message_id")
    return {row["message_id"]: FACTS_OF_DECISIONS.restore(row) for row in rows}


def _reader():
    """Somebody who may read every message of these tests."""
    return UserFactory(role=Role.MANAGER, departments=Department.objects.all())


def rebuilt_for_previews():
    past = load_past_messages(_reader(), NOW - dt.timedelta(days=30), NOW + dt.timedelta(days=1), 0, 100)
    return {each.id: each.facts for each in past}


@given(messages=arriving(), tags=st.lists(st.sampled_from(["vip", "press"]), unique=True))
@settings(
    max_examples=40,
    suppress_health_check=[*settings().suppress_health_check, HealthCheck.function_scoped_fixture],
)
def test_the_facts_of_a_message_that_just_came_in_are_rebuilt(feed, decided_upon, messages, tags):
    decided_upon.clear()
    with transaction.atomic():
        feed.store(message("first", by="1", minute=60 * 24 * 20))
        Customer.objects.update(tags=tags)
        feed.store(*messages)
        expected = {
            stored.pk: as_read(decided_upon[stored.network_time])
            for stored in Message.objects.filter(direction="in")
        }
        assert len(expected) == len(messages) + 1
        assert rebuilt_from_messages() == expected
        assert rebuilt_from_decisions() == expected
        assert rebuilt_for_previews() == expected
        transaction.set_rollback(True)


def test_what_happens_afterwards_changes_nothing(feed, decided_upon):
    first = message("1", "A refund please", author=Author("1", followers=10), is_under_own_post=True)
    feed.store(first)
    (expected,) = decided_upon.values()
    feed.store(dataclasses.replace(first, text="Never mind, thanks", edited_at=NOW))
    stored = Message.objects.get()
    assert stored.text == "Never mind, thanks"
    Message.objects.update(sentiment="positive", language="fr", urgency=2, is_spam=True)
    stored.identity.customer.identities.update(followers=99_000, verified=True)
    Customer.objects.update(tags=["vip"])
    for rebuilt in (rebuilt_from_messages(), rebuilt_from_decisions(), rebuilt_for_previews()):
        assert rebuilt == {stored.pk: expected}


def test_an_example_has_the_facts_of_its_message(feed, decided_upon):
    author = Author("1", followers=5_000, verified=True)
    feed.store(message("1", "Wo bleibt mein Geld?", author=author, is_under_own_post=True, minute=700))
    (expected,) = decided_upon.values()
    with change_case(Message.objects.get().case_id, now=NOW) as change:
        lessons.teach_router(change, feed.departments["billing"])
    example = RoutingExample.objects.get()
    assert (example.at, expected.at) == (NOW, NOW - dt.timedelta(minutes=700))
    assert facts_of_example(example) == expected


def test_without_a_record_the_columns_stand_in(feed, decided_upon):
    feed.store(
        message(
            "1",
            "Das ist eine Unverschämtheit! Wo bleibt mein Geld?",
            author=Author("1", followers=7, verified=True),
            parent_id="77",
            thread_id="77",
        )
    )
    (expected,) = decided_upon.values()
    with open_history():
        Decision.objects.update(trace={})
    assert list(rebuilt_from_messages().values()) == [expected]
    with open_history():
        Decision.objects.all().delete()
    assert list(rebuilt_from_messages().values()) == [expected]
    assert list(rebuilt_for_previews().values()) == [expected]
