"""From the customer's post to our answer and back: the real libraries, the simulated networks, polling and outbox."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from accounts.credentials.store import store_credential
from accounts.models import BrandAccount, Health, Role
from inbox.ingest import polling
from inbox.models import Case, CaseEvent, Direction, EarlyAnswer, Message, Reply, ReplyState, Status, Verb
from inbox.replies import outbox, verbs
from networks import registry
from tests.factories import BrandAccountFactory, StreamFactory, UserFactory
from tests.inbox.leased_streams import publish_rules
from tests.inbox.reply_fixtures import shown_composer
from tests.simulator.conftest import Simulator

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def simulator(settings):
    found = Simulator("--limits", "off", "--rate", "0", "--quiet")
    settings.NETWORK_API_URLS = {"x": f"{found.url}/x", "facebook": f"{found.url}/graph"}
    settings.UNDO_SECONDS = 0
    yield found
    found.stop()


@pytest.fixture
def company(db):
    publish_rules()


def connected(simulator: Simulator, network: str) -> BrandAccount:
    own = simulator.account(network)
    brand = BrandAccountFactory(network=network, remote_id=own["remote_id"], handle=own["handle"])
    store_credential(brand, own["secrets"], now=timezone.now())
    for kind in registry.network_capabilities(network).streams:
        StreamFactory(brand_account=brand, kind=kind)
    return brand


def poll_all(brand: BrandAccount) -> None:
    brand.streams.update(next_poll_at=timezone.now())
    # Not all streams of one account are leased at once.
    while leased := polling.lease_due_streams(timezone.now()):
        for stream_id, token in leased:
            report = polling.poll_leased_stream(stream_id, str(token))
            assert not report.error, report


@pytest.mark.parametrize(
    ("network", "kind"), [("x", "public"), ("x", "direct"), ("facebook", "comment"), ("facebook", "direct")]
)
@pytest.mark.parametrize("echo", ["after the answer", "before the answer"])
def test_our_own_answer_comes_back_and_is_recognised(simulator, company, network, kind, echo):
    brand = connected(simulator, network)
    simulator.say("Where is my parcel?", network, kind=kind)
    poll_all(brand)
    case = Case.objects.get()
    agent = UserFactory(departments=[case.department], publishes=[brand])
    question = case.messages.get()
    reply = verbs.queue_reply(
        case.pk, agent, question.pk, "On its way.", shown_composer(case, agent, timezone.now()).composer_id,
        case.version, now=timezone.now() - dt.timedelta(seconds=1),
    )  # fmt: skip
    if echo == "before the answer":
        simulator.faults(fault="accepted_silent", kind="write", times=1)
    outbox.send_queued_reply(reply.pk)
    expected = ReplyState.UNCONFIRMED if echo == "before the answer" else ReplyState.SENT
    assert Reply.objects.get().state == expected, Reply.objects.get().error
    poll_all(brand)
    outbox.look_for_reply(reply.pk, clock=lambda: timezone.now() + dt.timedelta(seconds=5))
    poll_all(brand)

    reply.refresh_from_db()
    ours = Message.objects.get(direction=Direction.OUTBOUND)
    assert (reply.state, reply.remote_id) == (ReplyState.SENT, ours.canonical_id)
    assert (ours.case, ours.user, ours.visibility) == (case, agent, case.visibility)
    case = Case.objects.get()
    assert (case.status, case.waiting_since, case.message_count) == (Status.WAITING, None, 2)
    answers = CaseEvent.objects.filter(verb__in=[Verb.ANSWERED, Verb.ANSWERED_NATIVELY])
    assert list(answers.values_list("verb", "actor")) == [(Verb.ANSWERED, agent.pk)]
    [there] = [one for one in simulator.get("/_sim/ledger.json")["messages"] if one["origin"] == "api"]
    assert reply.text in there["text"]


@pytest.mark.parametrize("first", ["mentions", "comments"])
def test_an_answer_written_in_the_networks_own_app_counts_whichever_stream_is_polled_first(
    simulator, company, first
):
    brand = connected(simulator, "x")
    asked = simulator.say("@kettleandfern Where is my parcel?", "x")
    simulator.x().create_tweet(text="On its way.", in_reply_to_tweet_id=asked["id"])
    for kind in sorted(brand.streams.values_list("kind", flat=True), key=lambda one: one != first):
        stream = brand.streams.get(kind=kind)
        [(_, token)] = polling.lease_due_streams(timezone.now(), stream_id=stream.pk)
        assert not polling.poll_leased_stream(stream.pk, str(token)).error
        if kind == "comments" and first == "comments":
            assert not Case.objects.exists()
            assert EarlyAnswer.objects.exists()

    case = Case.objects.get()
    assert (case.status, case.waiting_since, case.message_count) == (Status.WAITING, None, 2)
    assert CaseEvent.objects.filter(verb=Verb.ANSWERED_NATIVELY).count() == 1
    assert not EarlyAnswer.objects.exists()


@pytest.mark.parametrize(
    ("network", "kind"), [("x", "public"), ("facebook", "comment"), ("facebook", "direct")]
)
def test_a_refusal_of_the_second_attempt_does_not_make_the_first_unsent(simulator, company, network, kind):
    """The first was published and not confirmed, and is not found; X refuses the second as a duplicate by itself."""
    brand = connected(simulator, network)
    simulator.say("Where is my parcel?", network, kind=kind)
    poll_all(brand)
    case = Case.objects.get()
    agent = UserFactory(departments=[case.department], publishes=[brand])
    manager = UserFactory(departments=[case.department], role=Role.MANAGER)
    question = case.messages.get()
    reply = verbs.queue_reply(
        case.pk, agent, question.pk, "On its way.", shown_composer(case, agent, timezone.now()).composer_id,
        case.version, now=timezone.now() - dt.timedelta(seconds=1),
    )  # fmt: skip
    simulator.faults(fault="accepted_silent", kind="write", times=1)
    simulator.faults(fault="empty_page", kind="read")
    outbox.send_queued_reply(reply.pk)
    Reply.objects.update(check_after=None, needs_person=True)
    verbs.settle_reply(reply.pk, manager, "again", now=timezone.now())
    if network == "facebook":
        simulator.faults(fault="missing_permission", kind="write", times=1)
    outbox.send_queued_reply(reply.pk)
    reply.refresh_from_db()
    assert (reply.state, reply.attempts) == (ReplyState.UNCONFIRMED, 1), reply.error
    assert reply.error_detail
    assert not case.drafts.exists()

    simulator.clear_faults()
    BrandAccount.objects.update(health=Health.OK)
    poll_all(brand)
    reply.refresh_from_db()
    assert reply.state == ReplyState.SENT
    [there] = [one for one in simulator.get("/_sim/ledger.json")["messages"] if one["origin"] == "api"]
    assert reply.text in there["text"]
    assert Message.objects.get(direction=Direction.OUTBOUND).user == agent
