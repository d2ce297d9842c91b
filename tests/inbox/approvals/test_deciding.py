"""Who decides about an answer, once, and what each decision does."""

from __future__ import annotations

import datetime as dt

import pytest

from accounts.models import BrandAccount, Lifecycle, Role
from inbox.approval_rules.approvers import pending_replies
from inbox.approvals import deciding
from inbox.approvals.overtaking import give_back_overtaken_answers, read_settled_notices
from inbox.case_page.event_lines import event_line
from inbox.cases.verbs import hand_over_case, resolve_case
from inbox.changes.refusals import Conflict, Invalid, NotAllowed
from inbox.models import (
    Approval,
    ApprovalState,
    Approver,
    Case,
    CaseEvent,
    Notice,
    NoticeKind,
    Ramp,
    Reply,
    ReplyState,
    Verb,
)
from inbox.replies.drafts import save_draft
from tests.factories import NOW, DepartmentFactory, MessageFactory, UserFactory
from tests.inbox.approvals.conftest import ask, make_rule
from tests.inbox.replies.test_outbox import run
from tests.inbox.reply_fixtures import draft_text

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)
TEXT = "It is on its way. ^AB"


@pytest.fixture
def reply(question, new_agent):
    return ask(question, new_agent)


def version_of(reply):
    return Case.objects.get(pk=reply.case_id).version


def approve(reply, by, now=NOW + HOUR, **options):
    return deciding.approve(reply.pk, by, seen_version=version_of(reply), now=now, **options)


def test_who_may_decide(reply, question, new_agent, manager, colleague, brand, service):
    given = UserFactory(departments=[service])
    Approver.objects.create(user=given, department=service, given_at=NOW)
    elsewhere = DepartmentFactory()
    other_manager = UserFactory(role=Role.MANAGER, departments=[elsewhere])
    # The right without sight of the case, for another department, of a person who is gone, and of an analyst.
    blind = UserFactory(departments=[elsewhere])
    Approver.objects.create(user=blind, department=service, given_at=NOW)
    Approver.objects.create(user=colleague, department=elsewhere, given_at=NOW)
    gone = UserFactory(role=Role.MANAGER, departments=[service], is_active=False)
    community = UserFactory(role=Role.COMMUNITY, publishes=[brand])
    admin = UserFactory(role=Role.ADMINISTRATOR)
    analyst = UserFactory(role=Role.ANALYST, departments=[service])
    everybody = [new_agent, manager, colleague, given, other_manager, blind, gone, community, admin, analyst]
    assert {user for user in everybody if pending_replies(user).exists()} == {manager, given}
    for user in set(everybody) - {manager, given}:
        with pytest.raises((NotAllowed, Reply.DoesNotExist)):
            approve(reply, user)
    assert Reply.objects.get(pk=reply.pk).state == ReplyState.PENDING
    assert approve(reply, given).approved_by == given
    # Whoever may is told.
    later = MessageFactory(case__brand_account=brand, case__department=service)
    ask(later, new_agent)
    assert {notice.user for notice in Notice.objects.filter(kind=NoticeKind.TO_APPROVE)} == {manager, given}


def test_never_ones_own_nor_a_text_of_ones_own(question, manager, boss, service):
    make_rule(department=service)
    reply = ask(question, manager)
    with pytest.raises(NotAllowed, match="Somebody else"):
        approve(reply, manager)
    Approval.objects.update(text_by=boss)
    with pytest.raises(NotAllowed, match="Somebody else"):
        approve(reply, boss)
    assert not pending_replies(manager).exists() and not pending_replies(boss).exists()


def test_approving_counts_for_the_ramp_until_it_is_over(question, new_agent, manager, brand, service):
    for _ in range(2):
        message = MessageFactory(case__brand_account=brand, case__department=service)
        approve(ask(message, new_agent), manager)
    assert Ramp.objects.get().is_over
    assert ask(question, new_agent).state == ReplyState.QUEUED


def test_approving_with_an_edit_keeps_both_texts(reply, manager, new_agent):
    approve(reply, manager, text="It left this morning.")
    reply.refresh_from_db()
    assert (reply.text, reply.approval.asked_text) == ("It left this morning. ^AB", TEXT)
    assert reply.author == new_agent and reply.approval.is_edited
    line = event_line(CaseEvent.objects.get(verb=Verb.APPROVED))
    edit = "“is on its way.” became “left this morning.”"
    assert line == f"Mia Dorn approved the answer of Ann Bell with changes: {edit}"
    assert f"with changes: {edit}" in Notice.objects.get(kind=NoticeKind.DECIDED).text


def test_an_edit_is_checked_as_every_answer(reply, manager):
    for text, words in ((" ", "Write an answer"), ("x" * 400, "Shorten it"), ("Hi {customer}", "customer")):
        with pytest.raises(Invalid, match=words):
            approve(reply, manager, text=text)
    assert Reply.objects.get(pk=reply.pk).state == ReplyState.PENDING


def test_changes_asked_for_give_the_text_back(reply, manager, new_agent, question):
    deciding.ask_for_changes(reply.pk, manager, "Say when.", now=NOW + HOUR)
    reply.refresh_from_db()
    assert (reply.state, reply.approval.state, reply.approval.words) == ("cancelled", "changes", "Say when.")
    assert draft_text(reply.case_id, new_agent) == TEXT
    assert "Say when." in Notice.objects.get(kind=NoticeKind.DECIDED).text
    assert event_line(CaseEvent.objects.get(verb=Verb.CHANGES_ASKED)).endswith("to the answer: Say when.")
    # The author writes it anew and asks again.
    again = ask(question, new_agent, text="It is on its way, until Friday.", now=NOW + 2 * HOUR)
    assert (again.state, again.approval.state) == ("pending", "pending")


def test_declining_keeps_the_text_and_what_was_written_meanwhile(reply, manager, new_agent):
    save_draft(reply.case_id, new_agent, "Another thought", NOW)
    deciding.decline(reply.pk, manager, "We do not answer this.", now=NOW + HOUR)
    assert draft_text(reply.case_id, new_agent) == f"Another thought\n\n{TEXT}"
    assert Approval.objects.get().state == ApprovalState.DECLINED


@pytest.mark.parametrize("verb", [deciding.ask_for_changes, deciding.decline])
def test_words_are_needed(reply, manager, verb):
    for words in ("", "  ", "x" * 501):
        with pytest.raises(Invalid):
            verb(reply.pk, manager, words, now=NOW)


def test_the_second_decision_is_told_of_the_first(reply, manager, boss):
    deciding.decline(reply.pk, boss, "Too long", now=NOW)
    with pytest.raises(Conflict, match="Bea Ito declined this answer at .*: Too long"):
        approve(reply, manager)
    with pytest.raises(Conflict, match="You declined"):
        deciding.ask_for_changes(reply.pk, boss, "Shorter", now=NOW)


def customer_writes(reply, by):
    at = NOW + HOUR / 2
    MessageFactory(case=reply.case, received_at=at, network_time=at)


def case_is_handed_over(reply, by):
    there = DepartmentFactory()
    by.memberships.create(department=there)
    reply.author.memberships.create(department=there)
    hand_over_case(reply.case_id, by, there, "Theirs", now=NOW + HOUR / 2)


def case_is_closed(reply, by):
    resolve_case(reply.case_id, by, now=NOW + HOUR / 2)


def message_is_deleted(reply, by):
    type(reply.parent).objects.filter(pk=reply.parent_id).update(deleted_at=NOW)


def account_is_closed(reply, by):
    BrandAccount.objects.update(lifecycle=Lifecycle.CLOSED)


def charter_ends(reply, by):
    BrandAccount.objects.update(charter_until=NOW - 48 * HOUR, answers_until=NOW - HOUR)


def author_leaves(reply, by):
    type(reply.author).objects.filter(pk=reply.author_id).update(is_active=False)


OVERTAKEN = [
    (customer_writes, "The customer wrote again"),
    (case_is_handed_over, "The case was handed over"),
    (case_is_closed, "The case was closed"),
    (message_is_deleted, "deleted"),
    (account_is_closed, "no longer connected"),
    (charter_ends, "charter"),
    (author_leaves, "no longer works here"),
]


@pytest.mark.parametrize("looked", [True, False], ids=["by the task", "by whoever approves"])
@pytest.mark.parametrize(("happens", "words"), OVERTAKEN)
def test_what_overtakes_an_answer_gives_it_back(reply, manager, new_agent, happens, words, looked):
    happens(reply, manager)
    if looked:
        assert [give_back_overtaken_answers(NOW + HOUR) for _ in range(2)] == [1, 0]
    with pytest.raises(Conflict, match=words):
        approve(reply, manager)
    reply.refresh_from_db()
    assert (reply.state, reply.approval.state) == (ReplyState.CANCELLED, ApprovalState.OVERTAKEN)
    assert words in reply.approval.words and draft_text(reply.case_id, new_agent) == TEXT
    notice = Notice.objects.get(kind=NoticeKind.DECIDED)
    assert notice.user == new_agent and words in notice.text and "not sent" in notice.text
    assert CaseEvent.objects.filter(verb=Verb.APPROVAL_OVERTAKEN).count() == 1
    assert Case.objects.get(pk=reply.case_id).unsent == ""


def test_nothing_happened_so_it_waits_on(reply):
    assert give_back_overtaken_answers(NOW + 72 * HOUR) == 0


def test_whoever_looked_at_an_older_case_does_not_approve(reply, manager, colleague):
    seen = version_of(reply)
    MessageFactory(case=reply.case, received_at=NOW - HOUR, network_time=NOW - HOUR)
    Case.objects.filter(pk=reply.case_id).update(version=seen + 1)
    with pytest.raises(Conflict):
        deciding.approve(reply.pk, manager, seen_version=seen, now=NOW + HOUR)
    assert Reply.objects.get(pk=reply.pk).state == ReplyState.PENDING


def test_a_customer_cannot_be_answered_twice_while_one_waits(reply, question, colleague):
    with pytest.raises(Conflict, match="Ann Bell's answer of .* waits for approval"):
        ask(question, colleague)
    assert draft_text(question.case_id, colleague) == "It is on its way."


def test_notices_to_approvers_are_bundled(new_agent, manager, brand, service):
    for _ in range(4):
        ask(MessageFactory(case__brand_account=brand, case__department=service), new_agent)
    notice = Notice.objects.get(kind=NoticeKind.TO_APPROVE, user=manager)
    assert notice.current_text == "4 cases of Service have an answer that waits for approval."


class TestTakingAnApprovalBack:
    def test_the_answer_waits_again_with_its_authors_text(self, reply, manager, new_agent, network, clock):
        approve(reply, manager, text="It left this morning.")
        deciding.take_approval_back(reply.pk, manager, now=NOW + HOUR)
        reply.refresh_from_db()
        assert (reply.state, reply.text, reply.approved_by) == ("pending", TEXT, None)
        assert (reply.approval.state, reply.approval.asked_text, Ramp.objects.get().approved) == (
            "pending",
            "",
            0,
        )
        clock.at = NOW + 2 * HOUR
        run(clock, 120)
        assert network.sends == 0
        approve(reply, manager, now=NOW + 2 * HOUR)
        run(clock, 120)
        assert network.sends == 1

    def test_not_once_it_was_sent_and_not_by_others(self, reply, manager, boss, network, clock):
        approve(reply, manager)
        with pytest.raises(NotAllowed):
            deciding.take_approval_back(reply.pk, boss, now=NOW + HOUR)
        clock.at = NOW + HOUR
        run(clock, 120)
        with pytest.raises(Conflict, match="not on its way"):
            deciding.take_approval_back(reply.pk, manager, now=NOW + 2 * HOUR)
        assert Reply.objects.get(pk=reply.pk).state == ReplyState.SENT


def test_notices_are_read_once_nothing_waits(new_agent, manager, boss, brand, service):
    replies = [
        ask(MessageFactory(case__brand_account=brand, case__department=service), new_agent) for _ in range(2)
    ]
    unread = Notice.objects.filter(kind=NoticeKind.TO_APPROVE, read_at__isnull=True)
    approve(replies[0], manager)
    assert (read_settled_notices(NOW + HOUR), unread.count()) == (0, 2)
    deciding.decline(replies[1].pk, boss, "Not this.", now=NOW + HOUR)
    assert (read_settled_notices(NOW + HOUR), unread.count()) == (2, 0)
