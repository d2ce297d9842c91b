"""Answers that could not leave: they ask a person when they are old, or when their case has moved on."""

import pytest
from django.urls import reverse

from accounts.brand_accounts.connecting import disconnect_brand_account
from accounts.models import BrandAccount, Health, Lifecycle, Membership, Role
from inbox.cases.verbs import resolve_case
from inbox.models import Case, CaseEvent, Message, Notice, NoticeKind, Reply, ReplyState, Verb
from inbox.replies import outbox
from inbox.replies.second_tries import try_again
from inbox.replies.verbs import settle_reply
from tests.factories import NOW, DepartmentFactory, MessageFactory, ReplyFactory, UserFactory
from tests.inbox.page_requests import signed_in
from tests.inbox.replies.test_outbox import run
from tests.inbox.reply_fixtures import *  # noqa: F403
from tests.inbox.reply_fixtures import draft_text

pytestmark = pytest.mark.django_db


@pytest.fixture
def reply(question, agent, network):
    return ReplyFactory(parent=question, author=agent)


@pytest.fixture
def held(reply):
    """Its account has to be connected again."""
    BrandAccount.objects.update(health=Health.REAUTHORISE)
    return reply


def connect_again():
    BrandAccount.objects.update(health=Health.OK)


def state(reply):
    return Reply.objects.get(pk=reply.pk)


def assert_asked(reply, words, network, sends=0):
    found = state(reply)
    assert (found.state, network.sends) == (ReplyState.FAILED, sends), found.error
    assert words in found.error
    assert draft_text(reply.case_id, reply.author) == reply.text
    assert list(Notice.objects.filter(user=reply.author).values_list("kind", flat=True)) == [
        NoticeKind.NOT_SENT
    ]
    assert Case.objects.get(pk=reply.case_id).unsent == "failed"


def customer_writes(reply, at):
    MessageFactory(case=reply.case, received_at=at, network_time=at)


def colleague_answers(reply, at):
    MessageFactory(case=reply.case, outbound=True, user=UserFactory(), network_time=at, received_at=at)
    Case.objects.update(last_outbound_at=at)


def colleague_closes(reply, at):
    resolve_case(reply.case_id, UserFactory(departments=[reply.case.department]), now=at)


def author_moves_elsewhere(reply, at):
    Membership.objects.filter(user=reply.author).delete()


HAPPENED = [
    (customer_writes, "The customer wrote again before it could be sent."),
    (colleague_answers, "Somebody else answered before it could be sent."),
    (colleague_closes, "The case was closed before it could be sent."),
    (author_moves_elsewhere, "can no longer see this case."),
]


class TestHeld:
    def test_it_leaves_when_the_account_is_connected_again(self, held, network, clock):
        run(clock, 3)
        clock.forward(hours=3)
        connect_again()
        run(clock, 3)
        assert (state(held).state, network.sends) == (ReplyState.SENT, 1)

    @pytest.mark.parametrize("days", [1, 40])
    def test_after_a_day_it_asks_also_while_it_is_still_held(self, held, network, clock, days):
        clock.forward(days=days)
        run(clock, 3)
        assert_asked(held, f"It could not be sent for {days} d.", network)

    @pytest.mark.parametrize(("happen", "words"), HAPPENED)
    def test_it_asks_when_the_case_has_moved_on(self, held, network, clock, happen, words):
        happen(held, clock.forward(hours=1))
        clock.forward(hours=1)
        connect_again()
        run(clock, 3)
        assert_asked(held, words, network)

    def test_what_the_network_put_off_asks_as_well(self, reply, network, clock):
        network.fates = ["budget"]
        run(clock, 2)
        clock.forward(days=3)
        run(clock, 2)
        assert_asked(reply, "It could not be sent for 3 d.", network, sends=1)

    def test_two_answers_of_one_author_do_not_stop_each_other(self, held, network, clock, agent):
        ReplyFactory(parent=MessageFactory(case=held.case, received_at=NOW), author=agent)
        clock.forward(hours=3)
        connect_again()
        run(clock, 3)
        assert set(Reply.objects.values_list("state", flat=True)) == {ReplyState.SENT}

    @pytest.mark.slow
    def test_one_that_may_stand_on_the_network_is_not_called_unsent(self, reply, network, clock, manager):
        network.fates, network.blind = ["accepted_cut"], True
        run(clock, 300)
        settle_reply(reply.pk, manager, "again", now=clock.at)
        BrandAccount.objects.update(health=Health.REAUTHORISE)
        clock.forward(days=2)
        run(clock, 300)
        assert (state(reply).state, state(reply).needs_person) == (ReplyState.UNCONFIRMED, True)


class TestPrompt:
    """An answer that leaves in its time is sent whatever its author does next."""

    def test_who_answers_and_resolves_has_answered(self, reply, network, clock, agent):
        resolve_case(reply.case_id, agent, now=clock.forward(seconds=5))
        clock.forward(seconds=5)
        run(clock, 2)
        assert state(reply).state == ReplyState.SENT

    def test_also_when_it_was_held_then(self, held, network, clock, agent):
        resolve_case(held.case_id, agent, now=clock.forward(seconds=5))
        clock.forward(hours=1)
        connect_again()
        run(clock, 2)
        assert state(held).state == ReplyState.SENT

    def test_who_answers_and_hands_over_has_answered(self, reply, network, clock, agent):
        CaseEvent.objects.create(
            case=reply.case, at=clock.forward(seconds=5), verb=Verb.HANDED_OVER, actor=agent
        )
        Case.objects.update(department=DepartmentFactory())
        run(clock, 2)
        assert state(reply).state == ReplyState.SENT

    def test_who_lost_sight_of_the_case_is_asked_at_once(self, reply, network, clock):
        Case.objects.update(department=DepartmentFactory())
        run(clock, 2)
        assert_asked(reply, "can no longer see this case", network)


class TestDisconnecting:
    def disconnect(self, reply, clock):
        admin = UserFactory(role=Role.ADMINISTRATOR)
        return disconnect_brand_account(reply.brand_account, by=admin, now=clock.at)

    def test_queued_answers_become_drafts_and_their_authors_are_told(self, reply, network, clock):
        words = self.disconnect(reply, clock)
        assert words == "1 answer that had not been sent is back with their authors as drafts."
        assert_asked(reply, "@acme is no longer connected.", network)

    def test_connected_again_nothing_leaves_by_itself(self, reply, network, clock):
        self.disconnect(reply, clock)
        BrandAccount.objects.update(lifecycle=Lifecycle.ACTIVE, health=Health.OK)
        run(clock, 5)
        assert network.sends == 0

    def test_what_was_queued_at_the_same_moment_comes_back_too(self, held, network, clock):
        BrandAccount.objects.update(lifecycle=Lifecycle.CLOSED)
        run(clock, 2)
        assert_asked(held, "@acme is no longer connected.", network)

    def test_without_answers_there_is_nothing_to_say(self, brand, clock):
        admin = UserFactory(role=Role.ADMINISTRATOR)
        assert disconnect_brand_account(brand, by=admin, now=clock.at) == ""


class TestTryAgain:
    def page(self, reply, user):
        return signed_in(user).get(reverse("inbox:case", args=[reply.case_id])).content.decode()

    def press(self, reply, user):
        return signed_in(user).post(reverse("inbox:reply_try_again", args=[reply.pk]))

    @pytest.fixture
    def failed(self, reply, network, clock):
        network.fates = ["rejected"]
        run(clock, 2)
        return reply

    @pytest.mark.parametrize("who", ["agent", "manager"])
    def test_its_author_and_who_may_settle_send_it_again(self, failed, network, clock, who, request):
        user = request.getfixturevalue(who)
        assert reverse("inbox:reply_try_again", args=[failed.pk]) in self.page(failed, user)
        assert self.press(failed, user).status_code == 302
        assert draft_text(failed.case_id, failed.author) == ""
        assert Case.objects.get().unsent == ""
        clock.at = state(failed).send_after
        run(clock, 3)
        assert (state(failed).state, network.sends, len(network.published)) == (ReplyState.SENT, 2, 1)
        assert Message.objects.get(direction="out").user == failed.author

    def test_a_colleague_is_not_offered_it_and_may_not(self, failed, colleague):
        assert reverse("inbox:reply_try_again", args=[failed.pk]) not in self.page(failed, colleague)
        assert self.press(failed, colleague).status_code == 403

    def test_twice_is_once(self, failed, agent):
        self.press(failed, agent)
        assert self.press(failed, agent).status_code == 409

    def test_not_beside_another_answer(self, failed, agent):
        ReplyFactory(parent=failed.parent, author=agent)
        assert self.press(failed, agent).status_code == 409
        assert state(failed).state == ReplyState.FAILED

    def test_a_changed_draft_stays(self, failed, agent):
        from inbox.replies.drafts import save_draft

        save_draft(failed.case_id, agent, "In other words.", NOW)
        self.press(failed, agent)
        assert draft_text(failed.case_id, agent) == "In other words."

    def test_it_is_a_new_decision(self, held, network, clock, agent):
        """What happened before it was pressed is known, and its day begins again."""
        customer_writes(held, clock.forward(hours=20))
        clock.forward(hours=5)
        run(clock, 2)
        assert state(held).state == ReplyState.FAILED
        connect_again()
        try_again(held.pk, agent, now=clock.at)
        clock.forward(minutes=30)
        run(clock, 2)
        assert state(held).state == ReplyState.SENT

    def test_an_answer_of_a_disconnected_account_cannot_be_sent_again(self, failed, agent):
        BrandAccount.objects.update(lifecycle=Lifecycle.CLOSED)
        assert self.press(failed, agent).status_code == 403


def test_a_refused_token_of_before_does_not_hold_an_account_that_was_connected_meanwhile(
    reply, network, clock, brand
):
    from accounts.credentials.store import store_credential

    send = network.send

    def while_somebody_connects(*arguments):
        store_credential(brand, {"access_token": "new"}, now=clock.forward(seconds=1))
        return send(*arguments)

    network.send, network.fates = while_somebody_connects, ["reauthorise"]
    outbox.send_queued_reply(reply.pk, clock=clock)
    assert BrandAccount.objects.get().health == Health.OK
    clock.forward(seconds=1)
    network.send = send
    run(clock, 2)
    assert state(reply).state == ReplyState.SENT
