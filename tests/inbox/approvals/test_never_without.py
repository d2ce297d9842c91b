"""Whatever path an answer takes, it does not leave without the approval that it needs."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from inbox.approvals import deciding
from inbox.changes.refusals import Invalid, NotAllowed
from inbox.macros.running import Wanted, run_macro
from inbox.macros.undoing import undo_run
from inbox.models import (
    Approval,
    ApprovalState,
    Case,
    CaseEvent,
    MacroRun,
    Notice,
    NoticeKind,
    Reply,
    ReplyState,
    Verb,
)
from inbox.replies import outbox, outcomes, verbs
from inbox.replies.planned import plan_again
from inbox.replies.second_tries import try_again
from tests.factories import NOW, CannedAnswerFactory, MacroFactory, ReplyFactory
from tests.inbox.approvals.conftest import ask, make_rule
from tests.inbox.page_requests import HTMX, signed_in
from tests.inbox.replies.test_outbox import run
from tests.inbox.reply_fixtures import draft_text

pytestmark = pytest.mark.django_db
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


def composer_post(question, **fields):
    case = Case.objects.get(pk=question.case_id)
    return {
        "text": "It is on its way.",
        "parent": question.pk,
        "version": case.version,
        "composer_id": uuid.uuid4(),
        **fields,
    }


def send_now(question, by):
    signed_in(by).post(reverse("inbox:reply", args=[question.case_id]), composer_post(question), **HTMX)


def send_later(question, by):
    fields = composer_post(question, send_at="tomorrow")
    signed_in(by).post(reverse("inbox:reply", args=[question.case_id]), fields, **HTMX)


def send_canned(question, by):
    canned = CannedAnswerFactory(texts={"en": "It is on its way."})
    fields = composer_post(question, canned=str(canned.pk))
    signed_in(by).post(reverse("inbox:reply", args=[question.case_id]), fields, **HTMX)


def send_prepared(question, by):
    version = Case.objects.get(pk=question.case_id).version
    verbs.queue_prepared_reply(
        question.case_id, by, question.pk, "It is on its way.", uuid.uuid4(), version, now=NOW
    )


def take_back_and_send_again(question, by):
    first = ask(question, by)
    verbs.cancel_reply(first.pk, by, now=NOW)
    ask(question, by, now=NOW + HOUR)


def send_twice(question, by):
    composer_id, version = uuid.uuid4(), Case.objects.get(pk=question.case_id).version
    for _ in range(2):
        verbs.queue_reply(
            question.case_id, by, question.pk, "It is on its way.", composer_id, version, now=NOW
        )


def run_a_macro(question, by):
    macro = MacroFactory(does=[("answer", "", "It is on its way."), ("tag", "", "parcel")])
    run_macro(question.case_id, by, Wanted(macro.pk, uuid.uuid4(), None), now=NOW)


PATHS = [run_a_macro, send_now, send_later, send_canned, send_prepared, take_back_and_send_again, send_twice]


@pytest.mark.parametrize("path", PATHS)
def test_every_path_that_queues_an_answer_waits(question, new_agent, network, clock, path):
    path(question, new_agent)
    reply = Reply.objects.exclude(state=ReplyState.CANCELLED).get()
    assert (reply.state, reply.needs_approval) == (ReplyState.PENDING, True)
    assert reply.approval.state == ApprovalState.PENDING
    assert reply.approval.reasons == ["New colleague: 0 of 2 answers approved"]
    clock.at = NOW + 3 * DAY
    run(clock, 120)
    outbox.send_queued_reply(reply.pk, clock=clock)
    assert (network.sends, Reply.objects.get(pk=reply.pk).state) == (0, ReplyState.PENDING)
    assert not CaseEvent.objects.filter(verb__in=[Verb.REPLY_QUEUED, Verb.REPLY_PLANNED]).exists()


def test_undoing_a_macro_withdraws_its_answer(question, new_agent):
    run_a_macro(question, new_agent)
    undone = undo_run(MacroRun.objects.get().pk, new_agent, now=NOW + dt.timedelta(seconds=5))
    assert undone.stays == []
    assert (Reply.objects.get().state, Approval.objects.get().state) == ("cancelled", "withdrawn")
    assert Case.objects.get(pk=question.case_id).tags == []


def test_a_macro_says_that_its_answer_waits(question, new_agent):
    macro = MacroFactory(does=[("answer", "", "It is on its way.")])
    address = reverse("inbox:macro_run", args=[question.case_id])
    shown = signed_in(new_agent).post(address, {"macro": macro.pk, "key": uuid.uuid4()}, follow=True)
    assert "The answer waits for approval." in shown.content.decode()


def test_the_preview_of_a_macro_shows_an_answer_that_would_wait(question, new_agent):
    macro = MacroFactory(does=[("answer", "", "It is on its way.")])
    address = f"/cases/{question.case_id}/macros/{macro.pk}/"
    assert "It is on its way." in signed_in(new_agent).get(address).content.decode()
    assert not Reply.objects.exists()


def test_no_path_was_forgotten():
    """Whoever puts a row into the outbox, or back into it, is listed here with its check."""
    from pathlib import Path

    root = Path(outbox.__file__).resolve().parents[1]
    writers = {
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        if "migrations" not in path.parts and "state=ReplyState.QUEUED," in path.read_text(encoding="utf-8")
    }
    makers = {
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        if "migrations" not in path.parts and " Reply(\n" in path.read_text(encoding="utf-8")
    }
    assert makers == {"replies/verbs.py"}
    # Queued again only after a failed attempt of an answer that was queued before: second tries and settling ask anew.
    assert {"replies/second_tries.py", "replies/verbs.py", "replies/outcomes.py"} <= writers


@pytest.mark.parametrize("state", ["queued", "sending", "sent", "failed", "unconfirmed"])
def test_the_database_refuses_any_state_but_waiting_without_approval(question, new_agent, state):
    reply = ask(question, new_agent)
    with pytest.raises(IntegrityError), transaction.atomic():
        Reply.objects.filter(pk=reply.pk).update(state=state, remote_id="1")


def test_the_database_refuses_approval_by_the_author(question, new_agent):
    reply = ask(question, new_agent)
    with pytest.raises(IntegrityError), transaction.atomic():
        Reply.objects.filter(pk=reply.pk).update(state="queued", approved_by=new_agent)


@pytest.mark.parametrize("state", [ReplyState.PENDING, ReplyState.CANCELLED])
def test_a_pending_or_refused_answer_cannot_be_claimed(question, new_agent, state):
    reply = ask(question, new_agent)
    Reply.objects.filter(pk=reply.pk).update(state=state, send_after=NOW)
    assert outcomes.claim_reply(reply.pk, now=NOW + HOUR, lease=uuid.uuid4(), until=NOW + DAY) is None


def test_approved_it_is_sent_once_signed_by_its_author(question, new_agent, manager, network, clock):
    reply = ask(question, new_agent)
    version = Case.objects.get(pk=question.case_id).version
    deciding.approve(reply.pk, manager, seen_version=version, now=NOW + HOUR)
    clock.at = NOW + HOUR
    outbox.send_queued_reply(reply.pk, clock=clock)
    # The time to undo it is not over.
    assert network.sends == 0
    run(clock, 120)
    reply.refresh_from_db()
    assert (reply.state, network.sends, reply.author) == (ReplyState.SENT, 1, new_agent)
    assert reply.text.endswith("^AB") and reply.approved_by == manager
    answered = CaseEvent.objects.get(verb=Verb.ANSWERED)
    approved = CaseEvent.objects.get(verb=Verb.APPROVED)
    assert (answered.actor, approved.actor) == (new_agent, manager)
    notice = Notice.objects.get(kind=NoticeKind.DECIDED)
    assert notice.user == new_agent and "approved your answer" in notice.text


def test_after_approval_it_can_still_be_taken_back(question, new_agent, manager, network, clock):
    reply = ask(question, new_agent)
    version = Case.objects.get(pk=question.case_id).version
    deciding.approve(reply.pk, manager, seen_version=version, now=NOW)
    verbs.cancel_reply(reply.pk, new_agent, now=NOW + dt.timedelta(seconds=1))
    run(clock, 120)
    assert network.sends == 0 and draft_text(question.case_id, new_agent) == "It is on its way. ^AB"


def test_a_planned_answer_keeps_its_time_after_approval(question, new_agent, manager, network, clock):
    reply = ask(question, new_agent, planned_at=NOW + DAY)
    version = Case.objects.get(pk=question.case_id).version
    deciding.approve(reply.pk, manager, seen_version=version, now=NOW + HOUR)
    clock.at = NOW + 2 * HOUR
    run(clock, 120)
    assert network.sends == 0
    clock.at = NOW + DAY
    run(clock, 120)
    assert network.sends == 1


def test_one_approved_after_its_planned_time_leaves_at_once(question, new_agent, manager, network, clock):
    reply = ask(question, new_agent, planned_at=NOW + HOUR)
    version = Case.objects.get(pk=question.case_id).version
    deciding.approve(reply.pk, manager, seen_version=version, now=NOW + 2 * HOUR)
    clock.at = NOW + 2 * HOUR
    run(clock, 120)
    assert network.sends == 1


class TestRulesThatCameLater:
    """Answers that were under way before a rule was made."""

    def test_a_planned_answer_goes_back(self, question, agent, service, network, clock):
        ask(question, agent, planned_at=NOW + DAY)
        make_rule(department=service)
        clock.at = NOW + DAY
        run(clock, 120)
        assert network.sends == 0
        assert draft_text(question.case_id, agent) == "It is on its way. ^AB"
        assert "needs approval by now" in Notice.objects.get(kind=NoticeKind.TAKEN_BACK).text

    def test_a_planned_answer_is_not_sent_at_once(self, question, agent, service):
        reply = ask(question, agent, planned_at=NOW + DAY)
        make_rule(department=service)
        with pytest.raises(Invalid, match="needs approval by now"):
            plan_again(reply.pk, agent, None, now=NOW)

    def test_a_failed_answer_is_not_tried_again(self, question, agent, manager, service):
        reply = ReplyFactory(parent=question, author=agent, state=ReplyState.FAILED, error="Refused.")
        make_rule(department=service)
        for by in (agent, manager):
            with pytest.raises(Invalid, match="needs approval by now"):
                try_again(reply.pk, by, now=NOW)

    def test_an_unconfirmed_answer_is_not_sent_again(self, question, agent, manager, service):
        reply = ReplyFactory(parent=question, author=agent, state=ReplyState.UNCONFIRMED, needs_person=True)
        make_rule(department=service)
        with pytest.raises(Invalid, match="needs approval by now"):
            verbs.settle_reply(reply.pk, manager, "again", now=NOW)
        assert Reply.objects.get(pk=reply.pk).state == ReplyState.UNCONFIRMED

    def test_an_approved_answer_that_failed_is_tried_again_as_it_is(self, question, new_agent, manager):
        reply = ask(question, new_agent)
        version = Case.objects.get(pk=question.case_id).version
        deciding.approve(reply.pk, manager, seen_version=version, now=NOW)
        outcomes.record_reply_failed(reply.pk, "Refused.", now=NOW)
        assert try_again(reply.pk, new_agent, now=NOW).state == ReplyState.QUEUED


def test_only_its_author_withdraws_it(question, new_agent, manager):
    reply = ask(question, new_agent)
    with pytest.raises(NotAllowed, match="You can decline it"):
        verbs.cancel_reply(reply.pk, manager, now=NOW)
    verbs.cancel_reply(reply.pk, new_agent, now=NOW)
    assert Approval.objects.get().state == ApprovalState.WITHDRAWN
    assert CaseEvent.objects.filter(verb=Verb.APPROVAL_WITHDRAWN).count() == 1
    assert draft_text(question.case_id, new_agent) == "It is on its way. ^AB"


def test_an_answer_of_which_its_page_said_that_it_waits_waits(question, agent):
    """The rule was switched off while the author wrote: nothing leaves that somebody thought would be read."""
    reply = ask(question, agent, asks_approval=True)
    assert reply.state == ReplyState.PENDING
    assert reply.approval.reasons == ["Its author asks for approval"]


def test_what_a_manager_approved_for_many_customers_is_approved(question, new_agent, manager, agent):
    version = Case.objects.get(pk=question.case_id).version
    reply = verbs.queue_prepared_reply(
        question.case_id, new_agent, question.pk, "It shipped.", uuid.uuid4(), version, now=NOW, approved_by=manager
    )  # fmt: skip
    assert (reply.state, reply.approved_by, reply.approval.state) == ("queued", manager, "approved")


def test_what_somebody_without_that_right_approved_for_many_customers_waits(question, new_agent, colleague):
    version = Case.objects.get(pk=question.case_id).version
    reply = verbs.queue_prepared_reply(
        question.case_id, new_agent, question.pk, "It shipped.", uuid.uuid4(), version, now=NOW, approved_by=colleague
    )  # fmt: skip
    assert reply.state == ReplyState.PENDING
