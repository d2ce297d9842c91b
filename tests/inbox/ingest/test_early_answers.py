"""Answers written in the network's own app that come before the question which they answer."""

import datetime as dt
from itertools import permutations

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from inbox.ingest import early_answers
from inbox.ingest.page import place_early_answers_of
from inbox.models import Case, CaseEvent, EarlyAnswer, Message, Reply, ReplyState, Status, Verb
from inbox.tasks import run_housekeeping
from networks.base import Author, UnreadableItem
from tests.factories import NOW, BrandAccountFactory, ReplyFactory
from tests.inbox.fake_connector import message
from tests.inbox.leased_streams import leased_stream

pytestmark = pytest.mark.django_db
US = Author("9000", handle="brand", is_self=True)
LATER = NOW + early_answers.PARENT_WAIT


def ours(remote_id="a", text="We will look into it", **about):
    return message(remote_id, text, **{"author": US, "stream": "comments", "minute": 6, **about})


def answer(**about):
    return ours(**{"parent_id": "q", "thread_id": "q", **about})


QUESTION = message("q", minute=9)
FOLLOW_UP = message("f", "And when?", parent_id="a", thread_id="q", minute=3, stream="comments")
ANOTHER = message("o", "I wait, too", by="2", parent_id="q", thread_id="q", minute=7, stream="comments")
PUBLIC = (QUESTION, answer(), FOLLOW_UP)
#: Where a network files answers to answers under the first message.
FLAT = (QUESTION, answer(), message("f", "And when?", parent_id="q", thread_id="q", minute=3))
#: One that wants no answer came last.
THANKED = (QUESTION, answer(), message("f", "thanks", parent_id="a", thread_id="q", minute=3))
TWICE_ANSWERED = (QUESTION, answer(), ours("b", "Found", parent_id="a", thread_id="q", minute=4))
DM = {"visibility": "direct", "stream": "direct", "thread_id": "dm-1"}
DIRECT = (message("q", minute=9, **DM), ours(**DM), message("f", "And when?", minute=3, **DM))


@pytest.fixture
def streams(feed):
    """A stream of each kind, of one brand account."""
    kinds = {feed.stream.kind: feed.stream}
    for kind in {"mentions", "comments", "direct"} - set(kinds):
        kinds[kind] = leased_stream(brand_account=feed.brand_account, kind=kind)
    return kinds


def pages_of(items):
    """Every way to cut the items into pages in any order."""
    for order in permutations(items):
        for cuts in range(2 ** (len(items) - 1)):
            pages = [[order[0]]]
            for place, item in enumerate(order[1:]):
                if cuts >> place & 1:
                    pages.append([item])
                else:
                    pages[-1].append(item)
            yield pages


def state():
    """All cases with their messages and what happened to them, but for keys and how often they were written."""
    kept = [field.attname for field in Case._meta.concrete_fields if field.attname not in _KEYS]
    return [
        (
            {name: str(getattr(case, name)) for name in kept},
            sorted(case.messages.values_list("canonical_id", "direction", "text")),
            sorted(case.events.values_list("verb", flat=True)),
        )
        for case in Case.objects.order_by("opened_at")
    ]


_KEYS = {"id", "customer_id", "identity_id", "version"}


def reached(feed, streams, pages):
    with transaction.atomic():
        for items in pages:
            feed.store(*items, stream=streams[items[0].stream])
        found = state(), EarlyAnswer.objects.count()
        transaction.set_rollback(True)
    return found


CONVERSATIONS = {
    "public": PUBLIC,
    "flat": FLAT,
    "thanked": THANKED,
    "twice answered": TWICE_ANSWERED,
    "direct": DIRECT,
    "with another customer": (QUESTION, ANOTHER, answer()),
}


@pytest.mark.slow
@pytest.mark.parametrize("items", CONVERSATIONS.values(), ids=CONVERSATIONS)
def test_whichever_comes_first_the_case_is_the_same(feed, streams, items):
    as_written = reached(feed, streams, [[one] for one in items])
    for pages in pages_of(items):
        assert reached(feed, streams, pages) == as_written, [
            [one.remote_id for one in page] for page in pages
        ]


@pytest.mark.slow
@pytest.mark.parametrize("items", CONVERSATIONS.values(), ids=CONVERSATIONS)
def test_what_comes_twice_counts_once(feed, streams, items):
    as_written = reached(feed, streams, [[one] for one in items])
    for order in permutations(items):
        pages = [[one] for one in order]
        assert reached(feed, streams, [*pages, *pages]) == as_written
        assert reached(feed, streams, [page for page in pages for _ in "12"]) == as_written


def test_an_early_answer_answers_the_question_when_that_comes(feed, streams):
    outcome = feed.store(answer(), stream=streams["comments"])
    assert (outcome.echoes, outcome.stored) == (1, 0)
    assert not Case.objects.exists()

    outcome = feed.store(QUESTION)

    assert (outcome.echoes, outcome.stored) == (0, 2)
    case = Case.objects.get()
    stored = Message.objects.get(canonical_id="a")
    assert (stored.case, stored.direction, stored.stream, stored.user) == (case, "out", "comments", None)
    assert (stored.text, stored.permalink, stored.raw) == (
        "We will look into it",
        "https://example.org/a",
        {"id": "a", "text": "We will look into it"},
    )
    assert (case.status, case.waiting_since, case.first_response_at) == (
        Status.WAITING,
        None,
        stored.network_time,
    )
    assert CaseEvent.objects.get(verb=Verb.ANSWERED_NATIVELY).data["message"] == stored.pk
    assert not EarlyAnswer.objects.exists()


def test_the_first_answer_is_the_earlier_one_though_it_is_heard_of_later(feed, streams):
    feed.store(QUESTION, now=NOW - dt.timedelta(minutes=8))
    feed.store(ours("b", parent_id="q", thread_id="q", minute=4))
    assert Case.objects.get().first_response_at == NOW - dt.timedelta(minutes=4)
    feed.store(answer())
    assert Case.objects.get().first_response_at == NOW - dt.timedelta(minutes=6)


@pytest.mark.parametrize(
    "own",
    [
        ours(thread_id="a"),
        ours(parent_id="elsewhere", thread_id="elsewhere"),
        ours(**{**DM, "thread_id": "dm-9"}),
    ],
)
def test_what_answers_no_customer_never_becomes_a_case(feed, streams, own):
    for again in range(3):
        feed.store(own, now=NOW + again * early_answers.FORGOTTEN_AFTER)
        feed.store(QUESTION, DIRECT[0])
        place_early_answers_of(feed.stream, NOW + again * early_answers.FORGOTTEN_AFTER)
    assert not Message.objects.filter(direction="out").exists()
    assert set(Case.objects.values_list("status", flat=True)) == {Status.NEW}


def test_what_we_wrote_to_a_person_first_is_no_answer(feed, streams):
    feed.store(ours(**{**DM, "minute": 20}), DIRECT[0], stream=streams["direct"])
    case = Case.objects.get()
    assert (case.status, case.first_response_at) == (Status.NEW, None)


def test_the_latest_state_of_an_early_answer_counts(feed, streams):
    about = {"edited_at": NOW - dt.timedelta(minutes=1)}
    feed.store(answer())
    feed.store(answer(text="We looked into it", remote_id="a2", canonical_id="a", **about))
    feed.store(answer(), QUESTION)
    assert Message.objects.get(canonical_id="a").text == "We looked into it"


EDITED = {"canonical_id": "q", "thread_id": "q", "edited_at": NOW - dt.timedelta(minutes=8)}
#: Edited twice, and answered in between.
TWICE = message("q3", "Where is it?", minute=9, versions=("q", "q2", "q3"), **EDITED)


@pytest.mark.parametrize("before", [(), (ANOTHER,)], ids=["alone", "beside another"])
@pytest.mark.parametrize(
    "pages",
    [
        [[message("q2", minute=9, **EDITED)], [answer(parent_id="q2")]],
        [[answer(parent_id="q2")], [message("q2", minute=9, **EDITED)]],
        [[message("q2", minute=9, **EDITED), answer(parent_id="q2")]],
        [[QUESTION], [message("q2", minute=9, **EDITED)], [answer(parent_id="q2")]],
        [[QUESTION], [answer(parent_id="q2")], [message("q2", minute=9, **EDITED)]],
        [[QUESTION], [answer(parent_id="q2")], [TWICE]],
        [[answer(parent_id="q2")], [TWICE]],
        [[answer(parent_id="q2"), TWICE]],
        [[ours("b", "Found", parent_id="a2", thread_id="q", minute=4)], [QUESTION],
         [answer(remote_id="a2", canonical_id="a", edited_at=NOW - dt.timedelta(minutes=5))]],
    ],
)  # fmt: skip
def test_an_answer_to_what_was_edited_counts_at_once(feed, streams, before, pages):
    feed.store(*before)
    for items in pages:
        feed.store(*items)
    case = Case.objects.get(messages__canonical_id="q")
    assert case.status == Status.WAITING
    assert case.first_response_at is not None
    assert not EarlyAnswer.objects.exists()
    assert Message.objects.filter(direction="out").values("case").distinct().get()["case"] == case.pk


def test_the_id_of_a_direct_message_is_no_id_of_a_post(feed, streams):
    feed.store(message("7", canonical_id="dm-7", by="5", **DM), stream=streams["direct"])
    feed.store(answer(parent_id="7", thread_id="t"))
    assert EarlyAnswer.objects.count() == 1
    assert Case.objects.get().status == Status.NEW


def test_an_early_answer_that_was_deleted_answers_nothing(feed, streams):
    feed.store(answer())
    feed.store(answer(deleted=True))
    feed.store(QUESTION)
    assert Case.objects.get().status == Status.NEW
    assert not EarlyAnswer.objects.exists()


def test_an_answer_sent_from_here_meanwhile_is_no_early_one_as_well(feed, streams):
    feed.store(answer())
    feed.store(message("1", minute=20))
    Message.objects.filter(canonical_id="1").update(canonical_id="a", direction="out")
    outcome = feed.store(QUESTION)
    assert outcome.stored == 1
    assert not EarlyAnswer.objects.exists()


def test_an_echo_of_the_outbox_is_matched_though_its_parent_is_unknown(feed, streams):
    feed.store(message("n", parent_id="q", thread_id="q", minute=9))
    reply = ReplyFactory(
        parent=Message.objects.get(), text="Sorry!", state=ReplyState.SENDING, created_at=NOW
    )
    feed.store(answer(text="Sorry!", minute=0), stream=streams["comments"])
    assert Reply.objects.get(pk=reply.pk).state == ReplyState.SENT
    assert not EarlyAnswer.objects.exists()


def test_a_parent_that_never_comes_is_waited_for_and_then_the_thread_has_to_do(feed, streams):
    feed.store(message("n", parent_id="q", thread_id="q", minute=9))
    feed.store(answer(), stream=streams["comments"])
    assert early_answers.streams_with_due_early_answers(LATER - dt.timedelta(seconds=1)) == []
    assert Case.objects.get().status == Status.NEW

    (stream,) = early_answers.streams_with_due_early_answers(LATER)
    outcome = place_early_answers_of(stream, LATER)

    assert outcome.stored == 1
    assert Case.objects.get().status == Status.WAITING
    assert early_answers.streams_with_due_early_answers(LATER) == []
    assert place_early_answers_of(stream, LATER).stored == 0


def test_what_is_looked_at_in_vain_is_looked_at_ever_later_and_at_last_forgotten(feed, streams):
    feed.store(answer())
    looks, now = [], LATER
    while EarlyAnswer.objects.exists() and len(looks) < 30:
        looks.append(now)
        place_early_answers_of(feed.stream, now)
        now = max(EarlyAnswer.objects.values_list("look_at", flat=True), default=now)
    assert [one - NOW for one in looks[:3]] == [
        early_answers.PARENT_WAIT,
        2 * early_answers.PARENT_WAIT,
        4 * early_answers.PARENT_WAIT,
    ]
    assert early_answers.FORGOTTEN_AFTER <= looks[-1] - NOW < 2 * early_answers.FORGOTTEN_AFTER


def test_housekeeping_looks_and_one_accounts_trouble_is_not_the_others(feed, monkeypatch, caplog):
    first = feed.stream
    other = leased_stream(brand_account=BrandAccountFactory())
    feed.store(answer())
    feed.store(message("n", parent_id="q", thread_id="q", minute=9), stream=other)
    feed.store(answer(), stream=other)
    EarlyAnswer.objects.update(look_at=NOW - dt.timedelta(days=1000))
    look_again = place_early_answers_of

    def troubled(stream, now):
        if stream == first:
            raise OperationalError("the disk is full")
        return look_again(stream, now)

    monkeypatch.setattr("inbox.ingest.page.place_early_answers_of", troubled)
    run_housekeeping()
    assert Message.objects.filter(direction="out").exists()
    assert "were not looked at" in caplog.text


def test_a_page_that_settles_many_costs_as_many_statements_as_one_that_settles_one(feed, streams):
    def pair(n):
        return message(f"q{n}", by=str(n)), answer(
            remote_id=f"a{n}", canonical_id=f"a{n}", parent_id=f"q{n}", thread_id=f"q{n}"
        )

    pairs = [pair(n) for n in range(100)]
    feed.store(*(own for _, own in pairs))

    def count(*items, **about):
        with CaptureQueriesContext(connection) as captured:
            feed.store(*items, **about)
        return len(captured)

    one = count(pairs[0][0])
    many = count(*(question for question, _ in pairs[1:60]))
    assert Message.objects.filter(direction="out").count() == 60
    everything = count(
        *(question for question, _ in pairs[60:90]),
        message("q1", "edited", by="1"),
        ours("late", parent_id="q2", thread_id="q2"),
        ours("early", parent_id="q2000", thread_id="q2000"),
        unreadable=(UnreadableItem(raw="{", error="not JSON"),),
    )
    assert one == many
    assert everything <= 12
