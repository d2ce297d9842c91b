"""An answer that failed or that nobody knows was sent: its case is marked and listed, and people are told."""

import datetime as dt
import re

import pytest
from django.urls import reverse

from accounts.models import Role
from inbox.models import Case, Notice, NoticeKind, Reply, ReplyState, Unsent
from inbox.queue.counts import fold_case_counts, open_counts
from inbox.replies import outbox, outcomes
from inbox.replies.verbs import cancel_reply, settle_reply
from networks.base import SentMessage
from tests.factories import NOW, MessageFactory, ReplyFactory, UserFactory
from tests.inbox.page_requests import signed_in
from tests.inbox.reply_fixtures import *  # noqa: F403

pytestmark = pytest.mark.django_db


@pytest.fixture
def reply(question, agent, network):
    return ReplyFactory(parent=question, author=agent)


@pytest.fixture
def community(brand):
    return UserFactory(publishes=[brand], role=Role.COMMUNITY)


def fail(reply, network, clock, fate="rejected"):
    network.fates = [fate]
    outbox.send_queued_reply(reply.pk, clock=clock)


def leave_in_doubt(reply, network, clock):
    network.fates, network.blind = ["accepted_cut"], True
    outbox.send_queued_reply(reply.pk, clock=clock)
    for _ in range(len(outcomes.CHECK_DELAYS)):
        clock.at = Reply.objects.get(pk=reply.pk).check_after
        outbox.look_for_reply(reply.pk, clock=clock)
    network.blind = False


def mark(reply):
    return Case.objects.get(pk=reply.case_id).unsent


def told(user):
    return list(Notice.objects.filter(user=user).order_by("pk").values_list("kind", flat=True))


def listed(user):
    page = signed_in(user).get(reverse("inbox:queue_unsent")).content.decode()
    return [int(pk) for pk in re.findall(r'data-case="(\d+)"', page)], page


def assert_listed(user, *cases):
    """The list and the number in the navigation agree."""
    rows, page = listed(user)
    assert rows == [case.pk for case in cases]
    assert open_counts(user).unsent == len(cases)
    assert re.search(rf'Not sent <span class="n">{len(cases)}<', page)


class TestFailed:
    def test_its_case_is_marked_and_listed_with_a_chip(self, reply, network, clock, agent):
        assert_listed(agent)
        fail(reply, network, clock)
        assert mark(reply) == Unsent.FAILED
        assert_listed(agent, reply.case)
        assert "▲ not sent" in listed(agent)[1]
        assert "▲ not sent" in signed_in(agent).get(reverse("inbox:queue")).content.decode()

    def test_its_author_and_those_who_decide_are_told(
        self, reply, network, clock, agent, manager, community, colleague
    ):
        fail(reply, network, clock)
        for user in (agent, manager, community):
            assert told(user) == [NoticeKind.NOT_SENT]
        assert told(colleague) == []
        assert "Your answer to" in Notice.objects.get(user=agent).text
        assert f"The answer of {agent} to" in Notice.objects.get(user=manager).text

    def test_those_who_decide_get_one_notice_for_many(self, reply, network, clock, agent, manager, service):
        from tests.factories import CaseFactory

        fail(reply, network, clock)
        other = ReplyFactory(
            parent=MessageFactory(case=CaseFactory(brand_account=reply.brand_account, department=service)),
            author=agent,
        )
        fail(other, network, clock)
        assert told(agent) == [NoticeKind.NOT_SENT] * 2
        notice = Notice.objects.get(user=manager)
        assert notice.current_text == "2 cases of Service have an answer that was not sent."
        opened = signed_in(manager).post(reverse("inbox:notice_open", args=[notice.pk]))
        assert opened.url == reverse("inbox:queue_unsent")

    def test_it_is_listed_when_the_case_was_closed_before(self, reply, network, clock, agent):
        Case.objects.update(status="resolved", closed_at=NOW)
        fail(reply, network, clock)
        assert_listed(agent, reply.case)

    def test_the_count_stays_right_when_it_is_folded(self, reply, network, clock, agent):
        fail(reply, network, clock)
        fold_case_counts()
        assert_listed(agent, reply.case)

    def test_somebody_who_cannot_see_the_case_counts_nothing(self, reply, network, clock):
        fail(reply, network, clock)
        assert_listed(UserFactory())

    def test_a_newer_answer_takes_the_mark_away_and_taking_it_back_brings_it_again(
        self, reply, network, clock, agent, service
    ):
        fail(reply, network, clock)
        from inbox.replies.verbs import queue_reply
        from tests.inbox.reply_fixtures import shown_composer

        case = Case.objects.get()
        form = shown_composer(case, agent, clock.forward(minutes=1))
        again = queue_reply(
            case.pk, agent, reply.parent_id, "Once more.", form.composer_id, form.seen_version, now=clock.at
        )
        assert mark(reply) == ""
        cancel_reply(again.pk, agent, now=clock.at)
        assert mark(reply) == Unsent.FAILED

    def test_who_closes_the_case_has_seen_it(self, reply, network, clock, agent):
        from inbox.cases.verbs import resolve_case

        fail(reply, network, clock)
        resolve_case(reply.case_id, agent, now=clock.at)
        assert_listed(agent)


@pytest.mark.slow
class TestUnconfirmed:
    def test_while_it_is_looked_for_nobody_is_told(self, reply, network, clock, agent):
        network.fates = ["accepted_cut"]
        outbox.send_queued_reply(reply.pk, clock=clock)
        assert (mark(reply), told(agent)) == ("", [])

    def test_its_case_is_marked_and_people_are_told_once_a_person_is_needed(
        self, reply, network, clock, agent, manager, community
    ):
        leave_in_doubt(reply, network, clock)
        assert mark(reply) == Unsent.UNCONFIRMED
        assert_listed(agent, reply.case)
        assert "▲ unconfirmed" in listed(agent)[1]
        for user in (agent, manager, community):
            assert told(user) == [NoticeKind.UNCONFIRMED]

    @pytest.mark.parametrize("decision", ["again", "give_up"])
    def test_a_decision_takes_the_mark_away(self, reply, network, clock, manager, decision):
        leave_in_doubt(reply, network, clock)
        settle_reply(reply.pk, manager, decision, now=clock.at)
        assert_listed(manager)

    def test_closing_the_case_does_not_settle_it(self, reply, network, clock, manager):
        from inbox.cases.verbs import resolve_case

        leave_in_doubt(reply, network, clock)
        resolve_case(reply.case_id, manager, now=clock.at)
        assert_listed(manager, reply.case)

    def test_it_was_published_after_all(self, reply, network, clock, agent):
        leave_in_doubt(reply, network, clock)
        at = clock.at
        assert outcomes.record_reply_sent(reply.pk, SentMessage("77"), now=at, sent_at=at)
        assert Reply.objects.get().state == ReplyState.SENT
        assert_listed(agent)


def test_the_list_begins_with_the_latest_trouble(question, agent, network, clock, brand, service):
    from tests.factories import CaseFactory

    replies = [
        ReplyFactory(
            parent=MessageFactory(case=CaseFactory(brand_account=brand, department=service)), author=agent
        )
        for _ in range(3)
    ]
    for reply in replies:
        clock.at += dt.timedelta(minutes=1)
        fail(reply, network, clock)
    assert_listed(agent, *[reply.case for reply in reversed(replies)])
