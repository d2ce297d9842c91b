"""Telling the customers of a learning item: who is told, two people, one answer each, through the outbox."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import BrandAccount, BrandAccountGrant, Lifecycle, Role
from inbox.learning_items import reminders, rounds
from inbox.learning_items.recipients import list_recipients
from inbox.learning_items.releasing import release_due_answers
from inbox.models import (
    ERASED_PREFIX,
    AnswerRound,
    AnswerState,
    Case,
    ItemState,
    LearningLink,
    Notice,
    PlannedAnswer,
    Reply,
    ReplyState,
)
from inbox.tasks import release_planned_answers
from tests.factories import (
    NOW,
    BrandAccountFactory,
    DepartmentFactory,
    IdentityFactory,
    MessageFactory,
    ReplyFactory,
    UserFactory,
)
from tests.inbox.learning_items.cast import link_case, shipped_item
from tests.inbox.page_requests import signed_in
from tests.inbox.replies.test_outbox import run
from tests.inbox.reply_fixtures import *  # noqa: F403

pytestmark = pytest.mark.django_db
TEXT = "Hello {name}, {what changed}. Thank you!"
#: Fits on X unless a name is very long.
LONG = f"{TEXT} {'We are glad that you told us. ' * 2}"
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def item(service):
    return shipped_item(service)


@pytest.fixture
def said(item, agent, brand, service):
    """Three customers who said it."""
    return [link_case(item, agent, brand, service) for _ in range(3)]


@pytest.fixture
def prepared(item, agent, said):
    return rounds.prepare_round(item.pk, agent, TEXT, per_hour=60, now=NOW)


@pytest.fixture
def approved(prepared, item, manager):
    rounds.approve_round(item.pk, manager, prepared.pk, now=NOW)
    return prepared


def states(answer_round):
    return sorted(PlannedAnswer.objects.filter(round=answer_round).values_list("state", flat=True))


def test_each_customer_gets_one_answer_in_their_case_spread_over_time(
    approved, item, said, network, agent, clock
):
    sent = []
    for _ in range(4):
        for _ in range(2):  # A task may run twice.
            release_due_answers(clock())
        run(clock, seconds=60)
        sent.append(network.sends)
    assert sent == [1, 2, 3, 3]
    assert {text for _, _, text, _ in network.published} == {
        f"Hello {case.identity.name}, The cord is thicker. Thank you! {agent.signature}" for case in said
    }
    assert {ref["tweet_id"] for _, ref, _, _ in network.published} == {
        case.messages.get(direction="in").remote_id for case in said
    }
    item.refresh_from_db()
    approved.refresh_from_db()
    assert (item.state, approved.state) == (ItemState.TOLD, "done")
    assert Notice.objects.filter(user=agent, text__contains="3 answers are in the outbox").count() == 1


def test_the_task_hands_over_what_is_due(approved, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW + 5 * MINUTE)
    release_planned_answers()
    release_planned_answers()
    assert (Reply.objects.count(), states(approved)) == (3, ["queued"] * 3)


#: Each row: what is different about a customer, and why they are not told.
LEFT_OUT = {
    "erased": "has been erased",
    "merged": "its messages are there",
    "closed account": "no longer connected",
    "no charter": "charter",
    "no permission": "permission",
    "deleted": "Nothing is left to answer",
    "not answerable": "Nothing is left to answer",
    "tag": "Wants no more messages",
    "stop": "Wants no more messages",
    "waits": "answer it by hand",
    "under way": "on its way",
    "language": "another language",
    "nameless": "no name",
    "long": "Too long for X by",
    "other department": "may not read",
    "direct, analyst’s": "may not read",
    "told": "Told already",
    "twice": "Told in case",
}


def customer_like(kind, item, agent, brand, service):
    link = lambda **fields: link_case(item, agent, **{"brand": brand, "department": service, **fields})  # noqa: E731
    if kind == "erased":
        return link(identity=IdentityFactory(network="x", remote_id=f"{ERASED_PREFIX}1"))
    if kind == "merged":
        return link(status="dismissed", close_reason="Merged into case 7")
    if kind == "closed account":
        closed = BrandAccountFactory(lifecycle=Lifecycle.CLOSED, handle="gone")
        BrandAccountGrant.objects.create(user=agent, brand_account=closed, can_publish=True)
        return link(brand=closed)
    if kind == "no charter":
        chartless = BrandAccountFactory(answers_until=None, charter_until=None, charter_signed_at=None)
        BrandAccountGrant.objects.create(user=agent, brand_account=chartless, can_publish=True)
        return link(brand=chartless)
    if kind == "no permission":
        return link(brand=BrandAccountFactory())
    if kind == "deleted":
        return link(message={"deleted_at": NOW})
    if kind == "not answerable":
        return link(message={"can_reply": False})
    if kind == "tag":
        identity = IdentityFactory(network="x", customer__tags=["VIP", "Do not contact"])
        return link(identity=identity)
    if kind == "stop":
        return link(text="STOP!")
    if kind == "waits":
        return link(status="open", closed_at=None, waiting_since=NOW)
    if kind == "under way":
        case = link()
        ReplyFactory(parent=case.messages.get(), state=ReplyState.UNCONFIRMED)
        return case
    if kind == "language":
        return link(language="de")
    if kind == "nameless":
        return link(identity=IdentityFactory(network="x", handle="", name=""))
    if kind == "long":
        return link(identity=IdentityFactory(network="x", name="Maximilian " * 17 + "Maximilian xx"))
    if kind == "other department":
        return link(department=DepartmentFactory())
    if kind == "direct, analyst’s":
        return link(visibility="direct", department=DepartmentFactory())
    if kind == "told":
        case = link()
        earlier = AnswerRound.objects.create(
            item=item, text="x", state="done", prepared_by=agent, prepared_at=NOW
        )
        PlannedAnswer.objects.create(
            round=earlier, item=item, customer=case.customer, case=case, parent=case.messages.get(),
            seen_version=1, state=AnswerState.QUEUED,
        )  # fmt: skip
        return case
    identity = IdentityFactory(network="x")
    older = link(identity=identity)
    link(identity=identity, opened_at=NOW)
    return older


@pytest.mark.parametrize("kind", LEFT_OUT)
def test_who_is_not_told_and_why(kind, item, agent, brand, service, said, manager):
    case = customer_like(kind, item, agent, brand, service)
    agent = type(agent).objects.get(pk=agent.pk)
    recipients = {each.case.pk: each for each in list_recipients(item, agent, LONG, "en", now=NOW)}
    assert LEFT_OUT[kind] in recipients[case.pk].reason
    others = [each for pk, each in recipients.items() if pk in {one.pk for one in said}]
    assert [each.reason for each in others] == ["", "", ""]


def test_nobody_approves_their_own_and_a_second_click_sends_nothing_more(item, manager, said, service):
    answer_round = rounds.prepare_round(item.pk, manager, TEXT, now=NOW)
    second = UserFactory(role=Role.MANAGER, departments=[service])
    address = reverse("reports:learning_item_act", args=[item.pk, "approve"])
    stranger = UserFactory(role=Role.MANAGER, departments=[DepartmentFactory()])
    agent = UserFactory(departments=[service])
    statuses = [
        signed_in(person).post(address, {"round": answer_round.pk}).status_code
        for person in (manager, stranger, agent, second, second)
    ]
    assert statuses == [403, 403, 403, 302, 422]
    with pytest.raises(IntegrityError), transaction.atomic():
        AnswerRound.objects.update(approved_by=manager)
    with pytest.raises(IntegrityError), transaction.atomic():
        first = PlannedAnswer.objects.first()
        again = AnswerRound.objects.create(
            item=item, text="x", state="done", prepared_by=manager, prepared_at=NOW
        )
        PlannedAnswer.objects.create(
            round=again,
            item=item,
            customer=first.customer,
            case=first.case,
            parent=first.parent,
            seen_version=1,
        )


def writes(case, at):
    MessageFactory(case=case, network_time=at, received_at=at, text="And another thing")
    Case.objects.filter(pk=case.pk).update(version=99, status="open", closed_at=None, waiting_since=at)


def test_who_writes_before_their_turn_is_left_to_a_person(approved, item, said, network, clock, manager):
    writes(said[0], NOW + MINUTE)
    for _ in range(4):
        release_due_answers(clock())
        clock.forward(minutes=1)
        run(clock)
    assert (network.sends, states(approved)) == (2, ["queued", "queued", "refused"])
    page = signed_in(manager).get(reverse("reports:learning_item", args=[item.pk])).content.decode()
    assert "The customer has written again" in page
    assert f"Case {said[0].pk}" in page


def test_who_writes_in_the_seconds_before_sending_gets_nothing(approved, said, network, clock):
    clock.forward(minutes=5)
    release_due_answers(clock())
    clock.forward(seconds=1)
    writes(said[0], clock())
    clock.forward(seconds=59)
    run(clock)
    assert network.sends == 2
    failed = Reply.objects.get(case=said[0])
    assert (failed.state, failed.error_code) == (ReplyState.FAILED, "moved_on")
    assert Case.objects.get(pk=said[0].pk).unsent == "failed"


def test_stopping_takes_back_what_waits_and_sends_nothing_more(approved, item, manager, said, network, clock):
    clock.forward(minutes=1)
    release_due_answers(clock())
    assert rounds.stop_round(item.pk, manager, approved.pk, now=clock()) == 3
    clock.forward(minutes=10)
    release_due_answers(clock())
    run(clock)
    assert (network.sends, states(approved)) == (0, ["stopped"] * 3)
    # They can be told in another round.
    again = rounds.prepare_round(item.pk, manager, TEXT.replace("Hello", "Dear"), now=clock())
    assert again.answers.count() == 3


def test_what_an_author_may_no_longer_do_does_not_leave(approved, said, network, clock, brand, agent):
    clock.forward(minutes=5)
    agent.memberships.all().delete()
    release_due_answers(clock())
    BrandAccount.objects.filter(pk=brand.pk).update(lifecycle=Lifecycle.CLOSED)
    run(clock)
    assert (network.sends, states(approved)) == (0, ["refused"] * 3)
    assert "may no longer read" in approved.answers.first().reason


def test_a_draft_in_the_case_is_kept(approved, said, agent, clock):
    from inbox.replies import drafts

    drafts.save_draft(said[0].pk, agent, "I was about to write", now=NOW)
    clock.forward(minutes=5)
    release_due_answers(clock())
    assert said[0].drafts.get().text == "I was about to write"


BAD = [
    ({"text": ""}, "Write what"),
    ({"text": "Dear {nmae}"}, "There is no {nmae}"),
    ({"text": "Dear {name"}, "bracket"),
    ({"text": "x" * 2001}, "at most 2,000"),
    ({"text": TEXT, "per_hour": "0"}, "between 1 and 600"),
    ({"text": TEXT, "per_hour": "9" * 30}, "between 1 and 600"),
    ({"text": TEXT, "per_hour": "fast"}, "between 1 and 600"),
    ({"text": "x" * 300}, "No customer can be told"),
    ({"text": TEXT, "language": "\x00\u202e"}, "No customer can be told"),
]


@pytest.mark.parametrize(("form", "says"), BAD)
def test_bad_forms_prepare_nothing(form, says, item, agent, said):
    address = reverse("reports:learning_item_answers", args=[item.pk])
    answer = signed_in(agent).post(address, {"per_hour": "60", "step": "prepare"} | form)
    assert (answer.status_code, AnswerRound.objects.count()) == (422, 0)
    assert says in answer.content.decode()


def test_the_page_shows_who_gets_it_before_anything_is_prepared(item, agent, said, brand, service):
    link_case(item, agent, brand, service, language="de", text="Das Kabel wird heiß")
    client, address = signed_in(agent), reverse("reports:learning_item_answers", args=[item.pk])
    assert "4 customers can be told" in client.get(address).content.decode()
    form = {"text": TEXT, "language": "en", "per_hour": "60", "step": "preview"}
    page = client.post(address, form).content.decode()
    assert "Prepare for 3 customers" in page
    assert "Wrote in another language" in page
    assert "German (1)" in page
    assert AnswerRound.objects.count() == 0
    assert client.post(address, form | {"step": "prepare"}).status_code == 302
    again = client.post(address, form | {"step": "prepare"})
    assert (again.status_code, AnswerRound.objects.count()) == (302, 1), (
        "a second click lands on the same round"
    )
    assert client.post(address, form | {"step": "prepare", "per_hour": "30"}).status_code == 422
    assert PlannedAnswer.objects.count() == 3


def test_nothing_is_told_before_it_shipped(service, agent, brand):
    item = shipped_item(service, state=ItemState.WITH_OWNER, decision="", reason="", shipped_on=None)
    link_case(item, agent, brand, service)
    answer = signed_in(agent).post(
        reverse("reports:learning_item_answers", args=[item.pk]), {"text": TEXT, "step": "prepare"}
    )
    assert (answer.status_code, AnswerRound.objects.count()) == (422, 0)


def test_only_people_who_may_answer_prepare(item, service, said):
    address = reverse("reports:learning_item_answers", args=[item.pk])
    for role, status in (
        (Role.ADMINISTRATOR, 404),
        (Role.ANALYST, 404),
        (Role.AGENT, 200),
        (Role.MANAGER, 200),
        (Role.COMMUNITY, 200),
    ):
        assert signed_in(UserFactory(role=role, departments=[service])).get(address).status_code == status


def test_an_owner_is_reminded_once_for_each_occasion(service, agent):
    day = dt.timedelta(days=1)
    item = shipped_item(
        service, state=ItemState.WITH_OWNER, decision="", reason="", shipped_on=None, owner=agent,
        due_on=(NOW + 5 * day).date(),
    )  # fmt: skip
    LearningLink.objects.filter(item=item).delete()
    sent = [reminders.remind_owners(NOW + days * day) for days in (0, 0, 4, 5, 5, 11, 12, 13)]
    assert sent == [1, 0, 0, 1, 0, 0, 1, 0]
