"""A refusal after an attempt whose outcome is unknown says nothing about that attempt: it is looked for first."""

import pytest
from django.urls import reverse

from accounts.models import BrandAccountGrant
from inbox.models import Reply, ReplyState
from inbox.replies import outbox
from inbox.replies.verbs import cancel_reply, settle_reply
from networks.base import RetryLater
from tests.factories import ReplyFactory
from tests.inbox.page_requests import signed_in
from tests.inbox.replies.test_outbox import run
from tests.inbox.reply_fixtures import *  # noqa: F403
from tests.inbox.reply_fixtures import draft_text

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
REFUSALS = ["duplicate", "rejected", "gone", "permission"]


@pytest.fixture
def reply(question, agent, network):
    return ReplyFactory(parent=question, author=agent)


@pytest.fixture
def again(reply, network, clock, manager):
    """The first attempt was cut off and not found; a manager had it sent again."""
    network.fates, network.blind = ["accepted_cut"], True
    run(clock, 300)
    settle_reply(reply.pk, manager, "again", now=clock.at)
    return reply


def state(reply):
    return Reply.objects.get(pk=reply.pk)


def page_of(reply, user):
    return signed_in(user).get(reverse("inbox:case", args=[reply.case_id])).content.decode()


class TestAfterAnUnknownAttempt:
    @pytest.mark.parametrize("fate", REFUSALS)
    def test_a_refusal_is_never_called_not_sent(self, again, network, clock, agent, manager, fate):
        network.fates = [fate]
        run(clock, 300)
        found = state(again)
        assert (found.state, found.needs_person) == (ReplyState.UNCONFIRMED, True)
        assert draft_text(again.case_id, agent) == ""
        assert "▲ not sent" not in page_of(again, manager)

    def test_a_duplicate_is_told_as_the_hint_that_it_is(self, again, network, clock, manager):
        network.fates = ["duplicate"]
        run(clock, 300)
        assert "X says that the same text was just posted" in state(again).error
        page = page_of(again, manager)
        assert "an earlier attempt may be there already" in page
        assert "No twins." in page

    @pytest.mark.parametrize("fate", REFUSALS)
    def test_it_is_looked_for_once_more_and_found(self, again, network, clock, fate):
        """The timeline shows it only after the second attempt."""
        looks = network.looks

        def only_after_the_refusal(ref, text):
            network.looks += 1
            if network.looks - looks < 2:
                return None
            return type(network).look(network, ref, text)

        network.fates, network.blind, network.look = [fate], False, only_after_the_refusal
        run(clock, 3)
        found = state(again)
        assert (found.state, found.remote_id) == (ReplyState.SENT, network.published[0][0])
        assert (found.error, len(network.published)) == ("", 1)

    def test_who_may_no_longer_send_does_not_make_it_unsent(self, again, network, clock):
        BrandAccountGrant.objects.all().delete()
        run(clock, 300)
        assert (state(again).state, state(again).needs_person) == (ReplyState.UNCONFIRMED, True)

    def test_giving_up_after_ten_postponements_does_not_make_it_unsent(self, again, network, clock):
        network.fates = ["unreachable"] * 99
        while state(again).state == ReplyState.QUEUED:
            clock.at = max(clock.at, state(again).send_after)
            outbox.send_queued_reply(again.pk, clock=clock)
        assert state(again).state == ReplyState.UNCONFIRMED

    def test_taking_it_back_does_not_make_it_unsent(self, again, clock, agent):
        cancel_reply(again.pk, agent, now=clock.at)
        assert (state(again).state, state(again).needs_person) == (ReplyState.UNCONFIRMED, True)

    def test_what_is_given_up_is_not_called_unsent(self, reply, network, clock, manager):
        network.fates, network.blind = ["accepted_cut"], True
        run(clock, 300)
        settle_reply(reply.pk, manager, "give_up", now=clock.at)
        assert "given up, not confirmed" in page_of(reply, manager)


class TestFirstAttempt:
    def test_a_duplicate_is_refused_at_once_and_says_what_to_do(self, reply, network, clock, agent):
        network.fates = ["duplicate"]
        run(clock, 60)
        found = state(reply)
        assert (found.state, network.sends) == (ReplyState.FAILED, 1)
        assert "Change a word and send it again." in found.error
        assert draft_text(reply.case_id, agent) == reply.text
        page = page_of(reply, agent)
        assert "What X said" in page
        assert "Your text is back in the answer box." in page
        assert reverse("inbox:reply_try_again", args=[reply.pk]) not in page

    @pytest.mark.parametrize("stands", [True, False])
    def test_a_duplicate_that_cannot_be_looked_for_is_not_called_unsent(
        self, reply, network, clock, agent, stands
    ):
        """The network took the first of two copies and refused the second, which is all that we hear of."""
        network.fates, network.look_error = (
            ["accepted_duplicate" if stands else "duplicate"],
            RetryLater("Not now.", code="503"),
        )
        run(clock, 3)
        found = state(reply)
        assert found.state == ReplyState.UNCONFIRMED
        assert "an earlier attempt may be there already" in found.error
        assert draft_text(reply.case_id, agent) == ""
        network.look_error = None
        run(clock, 300)
        found = state(reply)
        outcome = (ReplyState.SENT, False) if stands else (ReplyState.UNCONFIRMED, True)
        assert (found.state, found.needs_person, network.sends) == (*outcome, 1)
