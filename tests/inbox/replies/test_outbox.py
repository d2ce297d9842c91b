import datetime as dt
import math

import pytest

from accounts.models import BrandAccount, BrandAccountGrant, Credential, Health, Lifecycle
from inbox.models import Case, CaseEvent, Message, Reply, ReplyState, Status, Verb, Visibility
from inbox.replies import outbox, outcomes
from inbox.replies.verbs import cancel_reply, settle_reply
from networks.base import RetryLater, SentMessage
from tests.factories import NOW, BrandAccountFactory, CaseFactory, MessageFactory, ReplyFactory
from tests.inbox.reply_fixtures import *  # noqa: F403
from tests.inbox.reply_fixtures import draft_text

pytestmark = pytest.mark.django_db


@pytest.fixture
def reply(question, agent, network):
    return ReplyFactory(parent=question, author=agent)


def state(reply):
    return Reply.objects.get(pk=reply.pk)


def verbs(reply):
    events = CaseEvent.objects.filter(case_id=reply.case_id).order_by("at", "id")
    return list(events.values_list("verb", flat=True))


#: When an answer is looked at next, by its state.
_NEXT_LOOK = {
    ReplyState.QUEUED: "send_after",
    ReplyState.SENDING: "lease_until",
    ReplyState.UNCONFIRMED: "check_after",
}


def run(clock, seconds=400.0, step=1.0):
    """What beat and the send workers do for a while."""
    end = clock.at + dt.timedelta(seconds=seconds)
    while clock.at < end:
        outbox.expire_reply_leases(clock.at)
        for reply_id in outbox.due_reply_ids(clock.at):
            outbox.send_queued_reply(reply_id, clock=clock)
        for reply_id in outbox.due_check_ids(clock.at):
            outbox.look_for_reply(reply_id, clock=clock)
        clock.forward(seconds=step)
        _skip_steps_without_work(clock, end, step)


def _skip_steps_without_work(clock, end, step):
    """Move on by whole steps to the first in which an answer is due, or past the end."""
    times = [
        at
        for state, field in _NEXT_LOOK.items()
        for at in Reply.objects.filter(state=state).values_list(field, flat=True)
    ]
    first = min((at for at in times if at is not None), default=end)
    steps = math.ceil((min(first, end) - clock.at).total_seconds() / step)
    clock.forward(seconds=max(0, steps) * step)


class TestSending:
    def test_a_sent_answer_has_its_id_and_stands_in_the_thread(self, reply, network, clock):
        clock.forward(minutes=2)
        outbox.send_queued_reply(reply.pk, clock=clock)
        found = state(reply)
        [(remote_id, ref, text, own_id)] = network.published
        assert (found.state, found.remote_id, found.sent_at) == (ReplyState.SENT, remote_id, clock.at)
        assert (ref, text, own_id) == (reply.parent.reply_ref, reply.text, reply.brand_account.remote_id)
        message = Message.objects.get(canonical_id=remote_id)
        assert (message.direction, message.user, message.case) == ("out", reply.author, reply.case)
        assert (message.permalink, message.parent_remote_id) == (found.permalink, reply.parent.remote_id)

    def test_the_case_is_answered(self, reply, clock):
        clock.forward(minutes=2)
        outbox.send_queued_reply(reply.pk, clock=clock)
        case = Case.objects.get(pk=reply.case_id)
        assert (case.status, case.waiting_since) == (Status.WAITING, None)
        assert (case.first_response_at, case.last_outbound_at) == (clock.at, clock.at)
        assert (case.version, case.message_count) == (2, 2)
        assert verbs(reply) == [Verb.ANSWERED, Verb.ASSIGNED]
        assert CaseEvent.objects.get(verb=Verb.ANSWERED).actor == reply.author

    def test_the_first_response_is_the_first(self, reply, agent, clock):
        first = NOW + dt.timedelta(seconds=1)
        Case.objects.update(first_response_at=first)
        outbox.send_queued_reply(reply.pk, clock=clock)
        assert Case.objects.get().first_response_at == first

    def test_a_closed_case_stays_closed(self, reply, clock):
        Case.objects.update(status=Status.RESOLVED, closed_at=NOW)
        outbox.send_queued_reply(reply.pk, clock=clock)
        assert Case.objects.get().status == Status.RESOLVED
        assert state(reply).state == ReplyState.SENT

    def test_direct_messages_are_answered_directly(self, brand, service, agent, network, clock):
        direct = MessageFactory(
            case=CaseFactory(brand_account=brand, department=service, visibility=Visibility.DIRECT)
        )
        outbox.send_queued_reply(ReplyFactory(parent=direct, author=agent).pk, clock=clock)
        assert Message.objects.get(direction="out").visibility == Visibility.DIRECT

    def test_not_before_the_undo_window_has_ended(self, reply, network, clock):
        Reply.objects.update(send_after=NOW + dt.timedelta(seconds=10))
        assert outbox.due_reply_ids(clock.at) == []
        outbox.send_queued_reply(reply.pk, clock=clock)
        assert network.sends == 0
        clock.forward(seconds=10)
        assert outbox.due_reply_ids(clock.at) == [reply.pk]

    def test_what_is_due_goes_in_the_order_of_times_and_then_of_writing(self, reply, agent, clock):
        def queued(seconds):
            return ReplyFactory(author=agent, send_after=NOW - dt.timedelta(seconds=seconds)).pk

        late, first, also_first = queued(1), queued(9), queued(9)
        assert outbox.due_reply_ids(clock.at) == [first, also_first, late, reply.pk]

    def test_twice_is_once(self, reply, network, clock):
        outbox.send_queued_reply(reply.pk, clock=clock)
        outbox.send_queued_reply(reply.pk, clock=clock)
        assert network.sends == 1

    def test_what_was_taken_back_is_not_sent(self, reply, agent, network, clock):
        cancel_reply(reply.pk, agent, now=NOW)
        outbox.send_queued_reply(reply.pk, clock=clock)
        assert network.sends == 0

    def test_an_answer_that_does_not_exist_is_nobodys_problem(self, db, clock):
        outbox.send_queued_reply(10**9, clock=clock)
        outbox.look_for_reply(10**9, clock=clock)


class TestAuthority:
    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (lambda r: type(r.author).objects.update(is_active=False), "no longer works here"),
            (lambda r: BrandAccountGrant.objects.all().delete(), "may no longer answer as @acme"),
            (lambda r: type(r.author).objects.update(role="analyst"), "may no longer answer"),
            (lambda r: BrandAccount.objects.update(lifecycle=Lifecycle.CLOSED), "no longer connected"),
            (lambda r: Message.objects.update(deleted_at=NOW), "was deleted"),
        ],
    )
    def test_it_is_asked_again_before_sending(self, reply, network, clock, change, words):
        change(reply)
        outbox.send_queued_reply(reply.pk, clock=clock)
        found = state(reply)
        assert found.state == ReplyState.FAILED
        assert words in found.error
        assert network.sends == 0
        assert draft_text(reply.case_id, reply.author) == reply.text

    def test_swapped_secrets_are_refused(self, reply, network, clock):
        """The envelope of another account, moved into this one's row: nothing leaves, nothing is lost."""
        from accounts.credentials.store import store_credential

        other = BrandAccountFactory()
        store_credential(other, {"access_token": "other"}, now=NOW)
        theirs = Credential.objects.get(brand_account=other).envelope
        mine = Credential.objects.get(brand_account=reply.brand_account)
        Credential.objects.filter(brand_account=other).update(envelope=mine.envelope)
        Credential.objects.filter(pk=mine.pk).update(envelope=theirs)
        outbox.send_queued_reply(reply.pk, clock=clock)
        assert network.sends == 0
        assert state(reply).state == ReplyState.QUEUED
        assert "belongs to another account" in state(reply).error_detail
        assert BrandAccount.objects.get(pk=reply.brand_account_id).health == Health.REAUTHORISE

    def test_a_reply_that_names_another_account_than_its_message_is_refused(self, reply, network, clock):
        Reply.objects.update(brand_account=BrandAccountFactory())
        BrandAccountGrant.objects.create(
            user=reply.author, brand_account=state(reply).brand_account, can_publish=True
        )
        outbox.send_queued_reply(reply.pk, clock=clock)
        assert (network.sends, state(reply).state) == (0, ReplyState.FAILED)


class TestRefusals:
    @pytest.mark.parametrize(
        ("fate", "words"),
        [
            ("rejected", ("X refused it.", "too rude")),
            ("gone", ("was deleted, or X no longer shows it to us", "no longer exists")),
            ("permission", ("The connection of @acme lacks a permission", "permission is missing")),
        ],
    )
    def test_a_refusal_is_told_and_not_tried_again(self, reply, network, clock, fate, words):
        """In our words, with those of the network beside them."""
        network.fates = [fate]
        run(clock, 60)
        found = state(reply)
        assert (found.state, network.sends) == (ReplyState.FAILED, 1)
        assert words[0] in found.error
        assert words[1] in found.error_detail
        assert verbs(reply) == [Verb.REPLY_FAILED, *([Verb.MESSAGE_DELETED] if fate == "gone" else [])]
        assert draft_text(reply.case_id, reply.author) == reply.text
        assert Case.objects.get().first_response_at is None

    def test_a_missing_permission_is_shown_at_the_account(self, reply, network, clock):
        network.fates = ["permission"]
        outbox.send_queued_reply(reply.pk, clock=clock)
        assert BrandAccount.objects.get().health == Health.PERMISSION

    def test_slow_down_is_obeyed_to_the_second(self, reply, network, clock):
        network.fates = ["later"]
        run(clock, 179)
        assert (network.sends, state(reply).state) == (1, ReplyState.QUEUED)
        run(clock, 3)
        assert (network.sends, state(reply).state) == (2, ReplyState.SENT)

    def test_an_unreachable_network_is_tried_again_ever_more_slowly_then_given_up(
        self, reply, network, clock
    ):
        network.fates = ["unreachable"] * 99
        at = []
        while state(reply).state == ReplyState.QUEUED:
            clock.at = state(reply).send_after
            at.append(clock.at)
            outbox.send_queued_reply(reply.pk, clock=clock)
        waits = [(b - a).total_seconds() for a, b in zip(at, at[1:], strict=False)]
        assert waits == [5, 10, 20, 40, 80, 160, 320, 640, 900]
        assert "Tried 10 times" in state(reply).error
        assert draft_text(reply.case_id, reply.author) == reply.text

    def test_a_spent_budget_waits_until_it_is_back(self, reply, network, clock):
        network.fates = ["budget"]
        outbox.send_queued_reply(reply.pk, clock=clock)
        found = state(reply)
        assert (found.state, found.send_after) == (ReplyState.QUEUED, NOW + dt.timedelta(days=3))
        assert BrandAccount.objects.get().health == Health.BUDGET

    def test_a_revoked_token_holds_all_answers_of_the_account(self, reply, network, agent, clock):
        second = ReplyFactory(parent=MessageFactory(case=reply.case), author=agent)
        network.fates = ["reauthorise"]
        run(clock, 120)
        assert network.sends == 1
        assert BrandAccount.objects.get().health == Health.REAUTHORISE
        assert {state(reply).state, state(second).state} == {ReplyState.QUEUED}
        assert "Held until @acme is connected again" in state(reply).error
        outbox.send_queued_reply(second.pk, clock=clock)
        assert network.sends == 1
        BrandAccount.objects.update(health=Health.OK)
        run(clock, 3)
        assert {state(reply).state, state(second).state} == {ReplyState.SENT}


@pytest.mark.slow
class TestUnknownOutcomes:
    @pytest.mark.parametrize("fate", ["accepted_cut", "accepted_crash"])
    def test_what_was_published_silently_is_found(self, reply, network, clock, fate):
        network.fates = [fate]
        outbox.send_queued_reply(reply.pk, clock=clock)
        assert state(reply).state == ReplyState.UNCONFIRMED
        run(clock, 10)
        found = state(reply)
        assert (found.state, found.remote_id) == (ReplyState.SENT, network.published[0][0])
        assert found.sent_at == NOW
        assert (network.sends, len(network.published)) == (1, 1)
        assert verbs(reply) == [Verb.REPLY_UNCONFIRMED, Verb.ANSWERED, Verb.ASSIGNED]

    @pytest.mark.parametrize("fate", ["refused_cut", "server_error", "refused_crash"])
    def test_what_was_not_is_never_sent_again_by_itself(self, reply, network, clock, fate):
        network.fates = [fate]
        run(clock, 300)
        found = state(reply)
        assert (found.state, found.needs_person) == (ReplyState.UNCONFIRMED, True)
        assert (network.sends, network.looks) == (1, 4)
        assert "checked and did not find it" in found.error

    def test_nothing_is_undecided_after_five_minutes(self, reply, network, clock):
        """The worst case: the worker dies in the last moment of its lease, and nothing is found."""
        outcomes.claim_reply(reply.pk, now=NOW, lease=reply.composer_id, until=NOW + outbox.SEND_LEASE)
        network.blind = True
        run(clock, 299)
        assert state(reply).needs_person

    def test_a_network_that_cannot_be_asked_is_decided_by_a_person_too(self, reply, network, clock):
        network.fates, network.look_error = ["refused_cut"], RetryLater("Unwell.")
        run(clock, 300)
        found = state(reply)
        assert found.needs_person
        assert "could not check whether it is there" in found.error

    def test_a_look_that_breaks_is_a_look(self, reply, network, clock):
        network.fates, network.look_error = ["refused_cut"], KeyError("id")
        run(clock, 300)
        assert state(reply).needs_person

    def test_two_checks_look_once(self, reply, network, clock):
        network.fates = ["refused_cut"]
        outbox.send_queued_reply(reply.pk, clock=clock)
        clock.forward(seconds=5)
        outbox.look_for_reply(reply.pk, clock=clock)
        outbox.look_for_reply(reply.pk, clock=clock)
        assert network.looks == 1

    def test_a_message_that_another_answer_has_is_not_this_one(self, reply, network, clock, agent):
        network.fates = ["ok", "refused_cut"]
        outbox.send_queued_reply(reply.pk, clock=clock)
        twin = ReplyFactory(parent=reply.parent, author=agent, text=reply.text)
        outbox.send_queued_reply(twin.pk, clock=clock)
        run(clock, 300)
        assert state(twin).needs_person


class TestLeases:
    def test_an_interrupted_send_becomes_unconfirmed_never_queued(self, reply, network, clock):
        outcomes.claim_reply(reply.pk, now=NOW, lease=reply.composer_id, until=NOW + outbox.SEND_LEASE)
        assert outbox.expire_reply_leases(clock.forward(seconds=89)) == 0
        assert outbox.expire_reply_leases(clock.forward(seconds=1)) == 1
        assert outbox.expire_reply_leases(clock.at) == 0
        assert state(reply).state == ReplyState.UNCONFIRMED
        assert outbox.due_reply_ids(clock.forward(hours=1)) == []
        assert verbs(reply) == [Verb.REPLY_UNCONFIRMED]

    def test_who_lost_the_lease_may_still_say_that_it_was_sent(self, reply, clock):
        outcomes.claim_reply(reply.pk, now=NOW, lease=reply.composer_id, until=NOW + outbox.SEND_LEASE)
        outbox.expire_reply_leases(clock.forward(seconds=100))
        assert outcomes.record_reply_sent(
            reply.pk, SentMessage("77"), now=clock.at, sent_at=clock.at, lease=reply.composer_id
        )
        assert (state(reply).state, state(reply).remote_id) == (ReplyState.SENT, "77")

    def test_who_lost_the_lease_may_not_put_it_back(self, reply, clock):
        outcomes.claim_reply(reply.pk, now=NOW, lease=reply.composer_id, until=NOW + outbox.SEND_LEASE)
        outbox.expire_reply_leases(clock.forward(seconds=100))
        assert not outcomes.requeue_reply(reply.pk, "", lease=reply.composer_id, send_after=clock.at)
        assert not outcomes.record_reply_failed(reply.pk, "No.", now=clock.at, lease=reply.composer_id)
        assert state(reply).state == ReplyState.UNCONFIRMED

    def test_a_worker_that_was_held_up_too_long_does_not_send(self, reply, network, clock, monkeypatch):
        def slow(brand_account, *, now):
            clock.forward(seconds=60)
            return network.connector("x")(None)

        monkeypatch.setattr(outbox, "connect_renewed", slow)
        outbox.send_queued_reply(reply.pk, clock=clock)
        assert network.sends == 0
        assert state(reply).state == ReplyState.QUEUED


class TestEchoes:
    def test_an_echo_that_came_first_is_not_doubled(self, reply, network, clock):
        """Ingest stored our message before the POST's answer arrived, without knowing whose it is."""
        remote_id = f"{reply.brand_account.remote_id}000000"
        MessageFactory(case=reply.case, outbound=True, canonical_id=remote_id)
        outbox.send_queued_reply(reply.pk, clock=clock)
        assert Message.objects.get(canonical_id=remote_id).user == reply.author
        assert Case.objects.get().message_count == 1

    def test_an_adopted_answer_is_left_alone(self, reply, network, clock):
        outcomes.claim_reply(reply.pk, now=NOW, lease=reply.composer_id, until=NOW + outbox.SEND_LEASE)
        Reply.objects.update(state=ReplyState.SENT, remote_id="5", lease_until=None)
        assert not outcomes.record_reply_sent(
            reply.pk, SentMessage("5"), now=NOW, sent_at=NOW, lease=reply.composer_id
        )
        assert not outcomes.record_reply_unconfirmed(reply.pk, "cut", now=NOW, lease=reply.composer_id)
        outbox.look_for_reply(reply.pk, clock=clock)
        assert (verbs(reply), network.looks) == ([], 0)

    def test_a_customer_who_wrote_after_our_answer_still_waits(self, reply, clock):
        outcomes.claim_reply(reply.pk, now=NOW, lease=reply.composer_id, until=NOW + outbox.SEND_LEASE)
        wrote = NOW + dt.timedelta(seconds=30)
        Case.objects.update(last_inbound_at=wrote, waiting_since=wrote, status=Status.OPEN)
        outcomes.record_reply_sent(
            reply.pk, SentMessage("5"), now=wrote, sent_at=NOW, lease=reply.composer_id
        )
        case = Case.objects.get()
        assert (case.waiting_since, case.status) == (wrote, Status.OPEN)


@pytest.mark.slow
class TestSettlingAndSending:
    def test_send_again_looks_first(self, reply, network, manager, clock):
        """It was published after all, only the looks did not see it: nothing goes out twice."""
        network.fates, network.blind = ["accepted_cut"], True
        run(clock, 300)
        network.blind = False
        settle_reply(reply.pk, manager, "again", now=clock.at)
        run(clock, 5)
        assert state(reply).state == ReplyState.SENT
        assert (network.sends, len(network.published)) == (1, 1)

    def test_send_again_sends_when_it_is_not_there(self, reply, network, manager, clock):
        network.fates = ["refused_cut"]
        run(clock, 300)
        settle_reply(reply.pk, manager, "again", now=clock.at)
        run(clock, 5)
        assert (state(reply).state, network.sends, len(network.published)) == (ReplyState.SENT, 2, 1)

    def test_send_again_waits_while_the_network_cannot_be_asked(self, reply, network, manager, clock):
        network.fates = ["refused_cut"]
        run(clock, 300)
        network.look_error = RetryLater("Unwell.")
        settle_reply(reply.pk, manager, "again", now=clock.at)
        run(clock, 30)
        assert (state(reply).state, network.sends) == (ReplyState.QUEUED, 1)

    def test_it_is_there_finds_the_id(self, reply, network, manager, clock):
        network.fates, network.blind = ["accepted_cut"], True
        run(clock, 300)
        network.blind = False
        settle_reply(reply.pk, manager, "sent", now=clock.at)
        run(clock, 3)
        assert state(reply).remote_id == network.published[0][0]

    def test_it_is_there_but_is_not_found(self, reply, network, manager, clock):
        network.fates = ["refused_cut"]
        run(clock, 300)
        settle_reply(reply.pk, manager, "sent", now=clock.at)
        run(clock, 3)
        assert (state(reply).state, state(reply).needs_person) == (ReplyState.UNCONFIRMED, True)
        assert state(reply).check_after is None
