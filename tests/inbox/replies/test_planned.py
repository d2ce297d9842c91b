"""Answers that go out later: once, at their time, and only while they still fit."""

from __future__ import annotations

import datetime as dt
import random
import uuid
from contextlib import suppress

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.brand_accounts.connecting import disconnect_brand_account
from accounts.models import BrandAccount, Health
from inbox.case_page.event_lines import event_line
from inbox.cases.verbs import hand_over_case, resolve_case
from inbox.changes.refusals import Conflict, Invalid, NotAllowed
from inbox.models import Case, CaseEvent, Draft, Notice, NoticeKind, Reply, ReplyState, Verb
from inbox.replies import outbox, verbs
from inbox.replies.drafts import save_draft
from inbox.replies.planned import plan_again, take_back_overtaken_answers
from inbox.replies.second_tries import try_again
from tests.factories import NOW, DepartmentFactory, MessageFactory, UserFactory
from tests.inbox.page_requests import HTMX, signed_in
from tests.inbox.replies.test_held import HAPPENED
from tests.inbox.replies.test_outbox import run
from tests.inbox.reply_fixtures import *  # noqa: F403
from tests.inbox.reply_fixtures import draft_text, shown_composer

pytestmark = pytest.mark.django_db
MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)
THEN = NOW + 3 * DAY
TEXT = "It is on its way. ^AB"


@pytest.fixture(autouse=True)
def _on_a_fake_network(network):
    pass


def plan(question, by, at=THEN, now=NOW, text="It is on its way."):
    version = Case.objects.get(pk=question.case_id).version
    return verbs.queue_reply(
        question.case_id, by, question.pk, text, uuid.uuid4(), version, now=now, planned_at=at
    )


@pytest.fixture
def reply(question, agent):
    return plan(question, agent)


def state(reply):
    return Reply.objects.get(pk=reply.pk).state


def test_it_leaves_once_at_its_time_however_long_that_is(reply, network, clock, agent):
    clock.at = THEN - MINUTE
    assert (outbox.due_reply_ids(clock.at), draft_text(reply.case_id, agent)) == ([], "")
    # Nobody looked for an hour, then two workers did.
    clock.at = THEN + HOUR
    for _ in range(2):
        outbox.send_queued_reply(reply.pk, clock=clock)
    run(clock, 60)
    assert (state(reply), network.sends, len(network.published)) == (ReplyState.SENT, 1, 1)
    event = CaseEvent.objects.get(verb=Verb.REPLY_PLANNED)
    assert event_line(event) == "Ann Bell planned the answer for 21 November, 10:00"
    assert not CaseEvent.objects.filter(verb=Verb.REPLY_QUEUED).exists()
    assert not Notice.objects.exists()


@pytest.mark.parametrize("looked", [True, False], ids=["by the task", "by the outbox alone"])
@pytest.mark.parametrize(("happened", "words"), HAPPENED)
def test_what_overtakes_it_gives_the_text_back(reply, network, clock, agent, happened, words, looked):
    happened(reply, NOW + HOUR)
    if looked:
        # That the author may not see it any more is seen only when it is to be sent.
        first = 0 if "no longer see" in words else 1
        assert [take_back_overtaken_answers(NOW + HOUR) for _ in range(2)] == [first, 0]
    clock.at = THEN
    run(clock, 60)
    assert (state(reply), network.sends) == (ReplyState.CANCELLED, 0)
    assert draft_text(reply.case_id, agent) == TEXT
    notice = Notice.objects.get(kind=NoticeKind.TAKEN_BACK)
    assert notice.user == agent and words.removesuffix(" before it could be sent.") in notice.text
    assert notice.text.startswith("Your answer for 21 November, 10:00 UTC was not sent. ")
    # Nobody has to mend anything: the case does not stand among those that were not sent.
    assert Case.objects.get(pk=reply.case_id).unsent == ""


def test_what_the_author_did_at_once_overtakes_it_too(question, agent, clock, network):
    """Closing or handing over just after answering is one step only for an answer that leaves at once."""
    reply = plan(question, agent)
    hand_over_case(question.case_id, agent, DepartmentFactory(), "Theirs", now=NOW + MINUTE / 2)
    assert take_back_overtaken_answers(NOW + MINUTE) == 1
    Case.objects.update(department=reply.case.department)
    again = plan(question, agent)
    resolve_case(question.case_id, agent, now=NOW + MINUTE)
    assert take_back_overtaken_answers(NOW + MINUTE) == 1
    assert {state(reply), state(again)} == {ReplyState.CANCELLED}


def test_a_hand_over_within_sight_leaves_it(reply, agent):
    there = DepartmentFactory()
    agent.memberships.create(department=there)
    hand_over_case(reply.case_id, agent, there, "Theirs", now=NOW + MINUTE)
    assert take_back_overtaken_answers(NOW + MINUTE) == 0


def test_what_was_written_meanwhile_stays_above_the_text(reply, agent, question):
    save_draft(reply.case_id, agent, "And another thing", NOW + MINUTE)
    MessageFactory(case=reply.case, received_at=NOW + HOUR, network_time=NOW + HOUR)
    take_back_overtaken_answers(NOW + HOUR)
    assert draft_text(reply.case_id, agent) == f"And another thing\n\n{TEXT}"


def charter_ends(reply):
    BrandAccount.objects.update(charter_until=NOW + DAY, answers_until=NOW + 2 * DAY)


def account_is_disconnected(reply):
    disconnect_brand_account(reply.brand_account, by=UserFactory(), now=NOW + DAY)


def author_leaves(reply):
    type(reply.author).objects.filter(pk=reply.author_id).update(is_active=False)


@pytest.mark.parametrize("happened", [charter_ends, account_is_disconnected, author_leaves])
def test_what_forbids_it_is_a_failure_that_colleagues_see(reply, network, clock, agent, happened):
    happened(reply)
    clock.at = THEN
    run(clock, 60)
    assert (state(reply), network.sends, draft_text(reply.case_id, agent)) == (ReplyState.FAILED, 0, TEXT)
    assert Case.objects.get(pk=reply.case_id).unsent == "failed"


def test_an_account_that_has_to_be_connected_again_holds_it_from_its_time_on(reply, network, clock):
    BrandAccount.objects.update(health=Health.REAUTHORISE)
    clock.at = THEN + HOUR
    run(clock, 60)
    assert (state(reply), network.sends) == (ReplyState.QUEUED, 0)
    BrandAccount.objects.update(health=Health.OK)
    run(clock, 60)
    assert (state(reply), network.sends) == (ReplyState.SENT, 1)


@pytest.mark.parametrize(
    ("at", "words"), [(NOW, "past"), (NOW - DAY, "past"), (NOW + 61 * DAY, "within 60 days")]
)
def test_a_time_that_cannot_be_keeps_the_text(question, agent, at, words):
    with pytest.raises(Invalid, match=words):
        plan(question, agent, at)
    assert draft_text(question.case_id, agent) == "It is on its way."
    assert not Reply.objects.exists()


def test_it_is_sent_at_once_or_at_another_time(reply, network, clock, agent, colleague, manager):
    with pytest.raises(NotAllowed):
        plan_again(reply.pk, colleague, None, now=NOW)
    plan_again(reply.pk, manager, THEN + DAY, now=NOW + MINUTE)
    clock.at = THEN
    run(clock, 60)
    assert network.sends == 0
    # It is somebody's on its way, and says until when.
    disabled = shown_composer(reply.case, colleague, clock.at).disabled
    assert disabled.endswith(" goes out at 10:00 on 22 November.")
    plan_again(reply.pk, agent, None, now=clock.at)
    run(clock, 60)
    assert (state(reply), network.sends) == (ReplyState.SENT, 1)
    with pytest.raises(Conflict, match="not planned any more"):
        plan_again(reply.pk, agent, None, now=clock.at)


def test_nobody_sends_it_at_once_unread(reply, agent):
    MessageFactory(case=reply.case, received_at=NOW + HOUR, network_time=NOW + HOUR)
    with pytest.raises(Conflict, match="The customer wrote again"):
        plan_again(reply.pk, agent, None, now=NOW + HOUR)
    assert state(reply) == ReplyState.QUEUED


@pytest.mark.parametrize("seed", range(12))
def test_never_twice_and_never_lost(question, agent, manager, network, clock, seed):
    """A random walk of people, the customer, workers that die, and tasks that run twice or never."""
    dice = random.Random(seed)
    reply = plan(question, agent, NOW + HOUR)
    network.fates = dice.choices(["ok", "later", "accepted_crash", "refused_crash", "unreachable"], k=3)

    def customer_writes():
        MessageFactory(case=reply.case, received_at=clock.at, network_time=clock.at)

    steps = [
        lambda: take_back_overtaken_answers(clock.at),
        lambda: [outbox.send_queued_reply(reply.pk, clock=clock) for _ in range(2)],
        lambda: plan_again(reply.pk, agent, None, now=clock.at),
        lambda: plan_again(reply.pk, manager, clock.at + HOUR, now=clock.at),
        lambda: verbs.cancel_reply(reply.pk, agent, now=clock.at),
        lambda: try_again(reply.pk, agent, now=clock.at),
        lambda: run(clock, 30),
        customer_writes,
    ]
    weights = [3, 3, 1, 1, 0.3, 1, 2, 0.5]
    for step in dice.choices(steps, weights, k=12):
        clock.forward(minutes=dice.choice([0, 5, 20]))
        with suppress(Conflict, Invalid), transaction.atomic():
            step()
    assert len(network.published) <= 1
    found = state(reply)
    if found in (ReplyState.CANCELLED, ReplyState.FAILED):
        assert TEXT in draft_text(reply.case_id, agent) or network.published
        assert Draft.objects.count() <= 1
    if found == ReplyState.CANCELLED:
        assert not network.published
    assert found != ReplyState.SENT or len(network.published) == 1


class TestPages:
    def test_without_scripts_planned_changed_and_cancelled(self, question, agent):
        client, case = signed_in(agent), question.case
        address = reverse("inbox:case", args=[case.pk])
        page = client.get(address).content.decode()
        composer_id = page.split('name="composer_id" value="')[1].split('"')[0]
        fields = {"text": "It is on its way.", "parent": question.pk, "version": case.version}
        fields |= {"composer_id": composer_id, "send_at": "tomorrow"}
        shown = client.post(reverse("inbox:reply", args=[case.pk]), fields, follow=True).content.decode()
        assert shown.count("goes out tomorrow 09:00") >= 2 or "It goes out tomorrow 09:00" in shown
        for label in ("Send now", "Change", "Cancel"):
            assert f">{label}<" in shown
        reply = Reply.objects.get()
        day = (timezone.now() + 5 * DAY).date()
        change = {"day": day.isoformat(), "time": "16:30"}
        shown = client.post(reverse("inbox:reply_plan", args=[reply.pk]), change, **HTMX).content.decode()
        assert f"{day:%a} {day.day} {day:%b} 16:30" in shown
        client.post(reverse("inbox:reply_cancel", args=[reply.pk]))
        assert (state(reply), draft_text(case.pk, agent)) == (ReplyState.CANCELLED, TEXT)

    def test_a_time_that_is_no_time_keeps_the_text(self, question, agent):
        fields = {
            "text": "It is on its way.",
            "parent": question.pk,
            "version": 1,
            "composer_id": uuid.uuid4(),
        }
        for more in (
            {"send_at": "never"},
            {"send_at": "chosen", "send_day": "2026-02-30"},
            {"send_at": "chosen"},
        ):
            response = signed_in(agent).post(
                reverse("inbox:reply", args=[question.case_id]), fields | more, **HTMX
            )
            assert response.status_code == 422 and "It is on its way." in response.content.decode()
            assert draft_text(question.case_id, agent) == "It is on its way."
