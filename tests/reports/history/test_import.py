"""What a past conversation becomes, what is not taken, and that nothing is brought twice."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.core.management import CommandError

from accounts.models import BrandAccount, Lifecycle, Stream
from inbox.models import Case, CaseCount, CaseEvent, Custody, Decision, Identity, Message, Notice
from reports.history import runs
from reports.models import HistoryImport, ImportedConversation
from routing.models import RoutingExample
from tests.factories import BrandAccountFactory, CaseFactory, IdentityFactory, MessageFactory
from tests.reports.history.files import BEGIN, answered, conversation, counts, import_file, said, write_lines

pytestmark = pytest.mark.django_db


def test_a_conversation_becomes_one_closed_case_that_starts_nothing(departments, file):
    other = said("c", minutes=50, text="Same here, I was charged twice!", author="omar")
    thanks = said("d", "brand", 90, "Both of you: fixed.")
    lines = conversation("t1", said("a"), said("b", "brand", 30, "Looking."), other, thanks)
    assert counts(import_file(write_lines(file, lines))) == (1, 4, 0, 0)
    case = Case.objects.get()
    assert (case.historical, case.status, case.message_count, case.version) == (True, "resolved", 4, 1)
    assert (case.created_at, case.opened_at, case.closed_at) == (
        BEGIN,
        BEGIN,
        BEGIN + dt.timedelta(minutes=90),
    )
    assert case.first_response_at == BEGIN + dt.timedelta(minutes=30)
    assert (
        case.waiting_since,
        case.next_due_at,
        case.next_clock_at,
        case.sla_version,
        case.first_resolved_at,
    ) == (None,) * 5
    assert {message.received_at for message in case.messages.all()} == {
        m.network_time for m in case.messages.all()
    }
    assert [message.identity and message.identity.remote_id for message in case.messages.order_by("id")] == [
        "tilda", None, "omar", None,
    ]  # fmt: skip
    assert (
        not Notice.objects.exists() and not CaseCount.objects.exists() and not RoutingExample.objects.exists()
    )
    assert not Case.objects.open().exists() and not Stream.objects.exists()
    custody = Custody.objects.get()
    assert (custody.sent_at, custody.left_at, custody.accepted_at) == (BEGIN, case.closed_at, None)


def test_tone_language_and_topic_are_those_of_routing(departments, file):
    bill = said("a", text="You charged my card twice for order KF-20811. I want my money back!")
    german = said("b", text="Der Wasserkocher ist nach drei Wochen kaputt, was nun?", author="uwe")
    import_file(write_lines(file, conversation("t1", bill), conversation("t2", german)))
    first, second = Message.objects.order_by("id")
    assert (first.language, first.sentiment, second.language) == ("en", "negative", "de")
    assert first.case.department.slug == "billing"
    decision = first.decision
    assert decision.decided_by == "rule" and decision.trace["decided"]["department"] == "billing"
    assert decision.weighed_at is not None  # the learned router has no say in what is over


def test_running_it_again_brings_nothing(departments, file):
    write_lines(file, answered("t1"), answered("t2"))
    assert counts(import_file(file)) == (2, 4, 0, 0)
    before = list(Message.objects.order_by("id").values_list("id", "canonical_id"))
    assert counts(import_file(file)) == (0, 0, 2, 0)
    other = write_lines(file.with_name("other.jsonl"), answered("t2"), answered("t3"))
    assert counts(import_file(other)) == (1, 2, 1, 0)
    assert list(Message.objects.order_by("id").values_list("id", "canonical_id"))[:4] == before
    assert HistoryImport.objects.count() == 2


def test_what_is_wrong_is_listed_by_line_and_the_rest_is_taken(departments, file):
    lines = [
        answered("t1"),
        b"",
        b"not json",
        b'{"thread": "caf\xe9"}',
        conversation("t5", said("a", at="2026-03-02T09:00:00")),
        conversation("t6", said("b", "brand")),
        conversation("t7", said("c"), said("c")),
        answered("t1"),
        conversation("t9", said("d", role="bot")),
        conversation("t10", said("e", at="2199-01-01T00:00:00Z")),
        conversation("", said("f")),
        conversation("t12", said("g"), brand=""),
        [1],
        conversation("t14"),
        conversation("t15", said("h", at="yesterday")),
        conversation("t16", said("i", text=7)),
        conversation("t17", said("j\x00")),
        answered("t18"),
    ]
    result = import_file(write_lines(file, *lines))
    assert counts(result) == (2, 4, 0, 15)
    reasons = {reject["line"]: reject["reason"] for reject in result["rejects"]}
    for line, words in {
        3: "not JSON", 4: "not in UTF-8", 5: "has no zone", 6: "no message of a customer", 7: "the same id",
        8: "on line 1 already", 9: "role", 10: "in the future", 11: "“thread” is missing", 12: "names no brand",
        13: "not a JSON object", 14: "no messages", 15: "not written like", 16: "“text” is not a text", 17: "characters",
    }.items():  # fmt: skip
        assert words in reasons[line], line
    assert set(Case.objects.values_list("thread_id", flat=True)) == {"t1", "t18"}


def test_a_check_finds_the_same_and_stores_nothing(departments, file):
    write_lines(file, answered("t1"), b"x", answered("t1"), answered("t2", brand="other"))
    checked = import_file(file, "--dry-run")
    assert counts(checked) == (2, 4, 0, 2) and checked["archived_accounts"] == ["fernhelp", "other"]
    assert (
        not HistoryImport.objects.exists() and not BrandAccount.objects.exists() and not Case.objects.exists()
    )
    imported = import_file(file)
    assert counts(imported) == counts(checked) and imported["rejects"] == checked["rejects"]


def test_times_without_a_zone_are_read_in_the_zone_that_is_named(departments, file):
    write_lines(file, conversation("t1", said("a", at="2026-07-01T12:00:00")))
    assert import_file(file, "--time-zone", "Europe/Berlin")["conversations"] == 1
    assert Message.objects.get().network_time == dt.datetime(2026, 7, 1, 10, tzinfo=dt.UTC)


def test_messages_stand_in_the_order_in_which_they_were_written(departments, file):
    """Also where the file has an answer before its question and both bear the same second."""
    answer = said("b", "brand", text="Here.", in_reply_to="a")
    write_lines(
        file, conversation("t1", said("c", minutes=5, in_reply_to="b"), answer, said("a", in_reply_to="c"))
    )
    import_file(file)
    assert list(Message.objects.order_by("id").values_list("canonical_id", flat=True)) == ["a", "b", "c"]
    assert Case.objects.get().first_response_at == BEGIN


def test_a_brand_that_speaks_first_has_not_answered(departments, file):
    write_lines(file, conversation("t1", said("a", "brand"), said("b", minutes=5), said("c", "brand", 15)))
    import_file(file)
    case = Case.objects.get()
    assert case.created_at == BEGIN + dt.timedelta(minutes=5)
    assert case.first_response_at == BEGIN + dt.timedelta(minutes=15)


def test_a_message_in_two_conversations_is_in_both(departments, file):
    write_lines(file, answered("t1"), conversation("t2", said("t1-1"), said("x", "brand", 9)))
    assert counts(import_file(file)) == (2, 4, 0, 0)
    assert set(Message.objects.values_list("canonical_id", flat=True)) == {"t1-1", "t1-2", "t1-1~t2", "x"}


def test_what_the_network_brought_is_not_brought_again(departments, file):
    """And no live case gets a message, or becomes older."""
    brand = BrandAccountFactory(handle="fernhelp")
    live = CaseFactory(
        brand_account=brand, department=departments["service"], identity=IdentityFactory(remote_id="tilda")
    )
    MessageFactory(case=live, brand_account=brand, canonical_id="t1-1", thread_id="t1")
    before = Case.objects.values().get()
    result = import_file(write_lines(file, answered("t1"), answered("t2")))
    assert counts(result) == (1, 2, 0, 1) and "fetched" in result["rejects"][0]["reason"]
    assert Case.objects.filter(pk=live.pk).values().get() == before
    assert Identity.objects.get(remote_id="tilda").customer.cases.count() == 2


def test_an_unknown_brand_gets_an_archived_account_that_fetches_and_sends_nothing(departments, file):
    result = import_file(
        write_lines(file, answered("t1", brand="@FernHelp"), answered("t2")), network="forum"
    )
    assert result["archived_accounts"] == ["FernHelp"]
    account = BrandAccount.objects.get()
    assert (account.network, account.handle, account.lifecycle) == ("forum", "FernHelp", Lifecycle.CLOSED)
    assert not account.streams.exists() and not hasattr(account, "credential")


def test_one_brand_for_the_whole_file(departments, file):
    account = BrandAccountFactory(handle="KettleFern")
    import_file(
        write_lines(file, answered("t1", brand="a"), answered("t2", brand="b")), "--brand", "@kettlefern"
    )
    assert set(Case.objects.values_list("brand_account", flat=True)) == {account.pk}


def test_people_whom_the_file_does_not_name_stay_apart(departments, file):
    write_lines(file, conversation("t1", said("a", author=None), said("b", author=None, minutes=1)))
    import_file(file)
    assert Identity.objects.count() == 2


def test_broken_text_is_repaired_like_that_of_incoming_messages(departments, file):
    line = json.dumps(conversation("t1", said("a", text="Half an emoji \ud83d and a NUL \x00")))
    import_file(write_lines(file, b"\xef\xbb\xbf" + line.encode()))
    message = Message.objects.get()
    assert message.text == "Half an emoji \ufffd and a NUL \ufffd" and set(message.flags) == {
        "nul",
        "surrogate",
    }


def test_a_run_that_was_cut_goes_on_at_its_line(departments, file, monkeypatch):
    monkeypatch.setattr(runs, "BATCH_LINES", 2)
    write_lines(file, *(answered(f"t{n}") for n in range(5)))
    lock, locked = runs._lock, []

    def lose_the_third(history_import):
        locked.append(1)
        if len(locked) == 3:
            raise runs.Stopped("Another process goes on with the same file.")
        lock(history_import)

    monkeypatch.setattr(runs, "_lock", lose_the_third)
    with pytest.raises(CommandError, match="Another process"):
        import_file(file)
    assert HistoryImport.objects.get().line == 4
    assert counts(import_file(file)) == (1, 2, 0, 0)
    assert ImportedConversation.objects.count() == Case.objects.count() == 5


def test_events_and_decisions_are_few_and_dated_then(departments, file):
    import_file(write_lines(file, answered("t1")))
    assert list(CaseEvent.objects.order_by("id").values_list("verb", flat=True)) == [
        "opened",
        "routed",
        "resolved",
    ]
    assert CaseEvent.objects.filter(at__gt=BEGIN + dt.timedelta(hours=1)).count() == 0
    assert Decision.objects.count() == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--network", "X!"), "short name"),
        (("--time-zone", "Mars/Base"), "no time zone"),
        (("--brand", "b" * 121), "longer"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(departments, file, options, words):
    with pytest.raises(CommandError, match=words):
        import_file(write_lines(file, answered("t1")), *options)
    assert not HistoryImport.objects.exists()
