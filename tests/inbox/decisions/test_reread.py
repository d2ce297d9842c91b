"""Stored messages are read again: what was read changes; what people and rules said, and the cases, do not."""

from __future__ import annotations

import datetime as dt
import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inbox.cases import readings
from inbox.decisions import reread
from inbox.models import Case, CaseEvent, Custody, Message, Notice
from routing.rules import editing
from routing.rules.editing import RuleContent
from tests.factories import NOW, UserFactory
from tests.inbox.fake_connector import message

pytestmark = pytest.mark.django_db
COMPLAINT = "This is terrible, my parcel is broken again. When will you send a new one?"
THANKS = "Thank you so much, great service!"


@pytest.fixture
def stored(feed):
    """A complaint and thanks, stored as something else read them."""
    feed.store(*[message("1", COMPLAINT), message("2", THANKS, by="1002")])
    right = values()
    Message.objects.update(sentiment="neutral", language="xx", urgency=2, is_spam=True, needs_answer=False)
    return right


def values():
    return list(Message.objects.order_by("id").values(*reread.REREAD_FIELDS))


def run(*arguments):
    out = StringIO()
    call_command("reread", "--json", *arguments, stdout=out)
    return json.loads(out.getvalue())


def world():
    """Return all rows, but for the last message's reading on the case, which follows the message."""
    reading = {"sentiment": "", "language": "", "urgency": 0}
    cases = [row | reading for row in Case.objects.order_by("pk").values()]
    return [cases, *(list(table.objects.order_by("pk").values()) for table in (Custody, CaseEvent, Notice))]


def test_what_was_read_is_read_as_it_comes_in_and_is_counted(stored):
    before = world()
    told = run()
    assert values() == stored
    assert world() == before
    assert (told["read"], told["changed"], told["dry_run"]) == (2, 2, False)
    assert told["fields"]["is_spam"] == told["fields"]["language"] == 2
    assert told["fields"]["needs_answer"] == 1  # thanks want none
    assert run()["changed"] == 0


def test_a_dry_run_counts_and_changes_nothing(stored):
    before = values()
    told = run("--dry-run")
    assert values() == before
    assert told == run() | {"dry_run": True}


def test_what_a_person_said_stays(stored):
    first = Message.objects.earliest("id")
    agent = UserFactory(departments=[first.case.department], role="manager", publishes=[first.brand_account])
    readings.correct_reading(first.pk, agent, {"sentiment": "positive", "is_spam": False}, now=NOW)
    Message.objects.filter(pk=first.pk).update(language="xx")
    told = run()
    first.refresh_from_db()
    assert (first.sentiment, first.is_spam, first.needs_answer) == ("positive", False, True)
    assert first.language == "en"
    assert told["fields"]["sentiment"] == 1


def test_what_a_rule_said_of_answering_stays(feed):
    editing.add_rule(
        RuleContent("No answer", {"any": [{"field": "words", "any": ["parcel"]}]}, feed.departments["service"], needs_answer=False),
        None, "", NOW,
    )  # fmt: skip
    feed.store(*[message("1", COMPLAINT)])
    Message.objects.update(sentiment="positive")
    told = run()
    assert (told["fields"]["needs_answer"], told["fields"]["sentiment"]) == (0, 1)
    assert Message.objects.get().needs_answer is False


def test_a_correction_or_an_edit_that_comes_meanwhile_wins(stored, monkeypatch):
    store = reread._update_untouched

    def late(rows):
        first, second = Message.objects.order_by("id")
        Message.objects.filter(pk=first.pk).update(corrected=["sentiment"], sentiment="positive")
        Message.objects.filter(pk=second.pk).update(edited_at=NOW)
        return store(rows)

    monkeypatch.setattr(reread, "_update_untouched", late)
    assert run()["changed"] == 0
    assert [one["sentiment"] for one in values()] == ["positive", "neutral"]


def test_only_from_a_day_on(stored):
    first, second = Message.objects.order_by("id")
    Message.objects.filter(pk=first.pk).update(received_at=NOW - dt.timedelta(days=9))
    assert run("--since", (NOW - dt.timedelta(days=1)).date().isoformat())["read"] == 1
    assert values()[0]["language"] == "xx"
    with pytest.raises(CommandError, match="no day or time"):
        run("--since", "yesterday")


def test_it_goes_on_where_it_was_stopped(stored, monkeypatch):
    monkeypatch.setattr(reread, "REREAD_BATCH_SIZE", 1)
    store = reread._update_untouched
    given = []

    def dies(rows):
        given.append(rows)
        if len(given) == 2:
            raise KeyboardInterrupt
        return store(rows)

    monkeypatch.setattr(reread, "_update_untouched", dies)
    said = StringIO()
    with pytest.raises(KeyboardInterrupt):
        call_command("reread", stderr=said)
    first = Message.objects.earliest("id")
    assert f"go on with --after {first.pk}." in said.getvalue()
    assert values()[0] == stored[0]
    assert run("--after", str(first.pk))["read"] == 1
    assert values() == stored


def test_statements_grow_with_batches_not_with_messages(feed):
    def counted():
        Message.objects.update(language="xx")
        with CaptureQueriesContext(connection) as captured:
            run()
        return len(captured)

    feed.store(*[message("1", COMPLAINT)])
    one = counted()
    feed.store(*[message(str(n), COMPLAINT, by=str(n)) for n in range(2, 40)])
    assert counted() == one <= 4
