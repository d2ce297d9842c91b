"""A macro does what its single verbs would do by hand, all of it or nothing, once; and one undo takes all of it back."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest

from accounts.models import Role, User
from inbox.cases import priorities, tags, verbs
from inbox.cases.snoozing import Snooze, snooze_case
from inbox.changes.refusals import Conflict, Invalid, NotAllowed
from inbox.macros.running import Wanted, run_macro
from inbox.macros.undoing import undo_run
from inbox.models import Case, CaseEvent, Custody, Draft, MacroRun, Reply, ReplyState, Status, Verb
from inbox.replies import drafts
from inbox.replies.composer import newest_answerable_message
from inbox.replies.verbs import queue_reply
from routing.models import Priority
from tests.factories import (
    NOW,
    BrandAccountFactory,
    CannedAnswerFactory,
    CaseFactory,
    DepartmentFactory,
    IdentityFactory,
    MacroFactory,
    MessageFactory,
    UserFactory,
)
from tests.inbox.bulk.test_acts import Company, perform_single, rolled_back, undone, without
from tests.inbox.replies.test_races import at_once
from tests.inbox.reply_fixtures import *  # noqa: F403

pytestmark = pytest.mark.django_db
SOON = NOW + dt.timedelta(seconds=5)


def wanted(macro, case=None, **values):
    return Wanted(macro.pk, uuid.uuid4(), case.version if case else None, **values)


def events_of(case):
    return [event.verb for event in CaseEvent.objects.filter(case=case).order_by("id")]


@pytest.fixture
def billing(db):
    return DepartmentFactory(name="Billing")


def test_one_click_does_all_steps_and_one_undo_takes_all_back(case, question, agent, billing):
    canned = CannedAnswerFactory(texts={"en": "Hello {customer}, we look into it."})
    does = [
        ("answer", canned.pk, ""),
        ("tag", "", "late"),
        ("take", "", ""),
        ("prioritise", 2, ""),
        ("resolve", "", ""),
    ]
    macro = MacroFactory(title="Late parcel", does=does)
    # Its clocks begin to run.
    priorities.prioritise_case(case.pk, agent, Priority.HIGH, now=NOW)
    case.refresh_from_db()
    before = Case.objects.values().get(pk=case.pk)
    run = run_macro(case.pk, agent, wanted(macro, case), now=NOW)
    changed = Case.objects.get(pk=case.pk)
    assert (changed.status, changed.assignee, changed.tags, changed.priority) == (
        "resolved",
        agent,
        ["late"],
        2,
    )
    reply = Reply.objects.get()
    assert reply.text.startswith(f"Hello {case.identity.name}, we look into it.")
    assert (reply.parent, reply.state, reply.canned_answer_ids) == (question, ReplyState.QUEUED, [canned.pk])
    assert events_of(case)[1:] == [
        Verb.MACRO_RUN, Verb.ACCEPTED, Verb.REPLY_QUEUED, Verb.CASE_TAGGED, Verb.ASSIGNED, Verb.PRIORITISED, Verb.RESOLVED,
    ]  # fmt: skip
    assert CaseEvent.objects.get(verb=Verb.MACRO_RUN).data["title"] == "Late parcel"
    taken_back = undo_run(run.pk, agent, now=SOON)
    assert taken_back.stays == []
    assert Reply.objects.get().state == ReplyState.CANCELLED
    assert not Draft.objects.exists()
    after = Case.objects.values().get(pk=case.pk)
    # Who answers has accepted the case and begun to work on it, as by hand.
    assert without(after, "version", "status") == without(before, "version", "status")
    assert Custody.objects.get(case=case).left_at is None
    assert undo_run(run.pk, agent, now=SOON).steps == 0
    assert CaseEvent.objects.filter(verb=Verb.UNDONE).count() == 4


def test_a_form_that_arrives_twice_runs_it_once(case, question, agent):
    macro = MacroFactory(does=[("answer", "", "Thank you"), ("note", "", "Told them")])
    wish = wanted(macro, case)
    first = run_macro(case.pk, agent, wish, now=NOW)
    assert run_macro(case.pk, agent, wish, now=SOON) == first
    assert (Reply.objects.count(), MacroRun.objects.count(), events_of(case).count("noted")) == (1, 1, 1)
    with pytest.raises(Invalid, match="belongs to another case"):
        run_macro(CaseFactory(department=case.department).pk, agent, wish, now=SOON)


@pytest.mark.parametrize(
    ("does", "error", "words"),
    [
        ([("note", "", "Hm"), ("hand_over", 0, "Why")], Invalid, "The department “the hand_over” is not there"),
        ([("note", "", "Hm"), ("assign", 0, "")], Invalid, "the assign no longer works here"),
        ([("note", "", "Hm"), ("answer", 987, "")], Invalid, "“the answer” is archived"),
        ([("tag", "", "late"), ("answer", "", "About {order}")], Invalid, "asks for the order number"),
        ([("tag", "", "late"), ("answer", "", "x" * 300)], Invalid, "Step 2, “Answer: .*Shorten it by"),
        ([("tag", "", "late"), ("assign", "ben", "")], NotAllowed, "Step 2, “Assign to .*does not allow"),
        ([("tag", "", "late"), ("hand_over", "own", "Why")], Invalid, "Step 2.* has this case already"),
    ],
)  # fmt: skip
def test_one_refused_step_refuses_all_and_names_itself(case, question, agent, colleague, does, error, words):
    names = {"ben": colleague.pk, "own": case.department_id}
    macro = MacroFactory(does=[(kind, names.get(choice, choice), text) for kind, choice, text in does])
    Draft.objects.create(case=case, user=agent, text="My own words", updated_at=NOW)
    with pytest.raises(error, match=words) as refused:
        run_macro(case.pk, agent, wanted(macro, case), now=NOW)
    assert "Nothing was done." in str(refused.value)
    assert events_of(case) == []
    assert not (Reply.objects.exists() or MacroRun.objects.exists())
    assert Case.objects.get(pk=case.pk).tags == []
    assert Draft.objects.get().text == "My own words"


def test_what_the_person_was_writing_is_kept(case, question, agent):
    drafts.save_draft(case.pk, agent, "My own words", NOW)
    macro = MacroFactory(does=[("answer", "", "Thank you")])
    run = run_macro(case.pk, agent, wanted(macro, case), now=NOW)
    assert Draft.objects.get().text == "My own words"
    undo_run(run.pk, agent, now=SOON)
    assert Draft.objects.get().text == "My own words"


def test_nobody_is_answered_unseen(case, question, agent):
    macro = MacroFactory(does=[("answer", "", "Thank you")])
    wish = wanted(macro, case)
    MessageFactory(case=case, received_at=NOW, network_time=NOW)
    Case.objects.filter(pk=case.pk).update(version=case.version + 1)
    with pytest.raises(Conflict, match="The customer wrote"):
        run_macro(case.pk, agent, wish, now=SOON)
    assert not Reply.objects.exists()


def test_what_cannot_be_taken_back_is_named(case, question, agent, billing):
    macro = MacroFactory(
        does=[("answer", "", "Thank you"), ("note", "", "Hm"), ("hand_over", billing.pk, "Money")]
    )
    run = run_macro(case.pk, agent, wanted(macro, case), now=NOW)
    assert Case.objects.get(pk=case.pk).department == billing
    Reply.objects.update(state=ReplyState.SENDING)
    taken_back = undo_run(run.pk, agent, now=SOON)
    assert taken_back.stays == ["The answer stays: Sending has already begun.", "The note stays."]
    assert Case.objects.get(pk=case.pk).department == case.department
    late = run_macro(case.pk, agent, wanted(MacroFactory(does=[("resolve", "", "")])), now=NOW)
    with pytest.raises(Conflict, match="too late"):
        undo_run(late.pk, agent, now=NOW + dt.timedelta(minutes=1))
    with pytest.raises(MacroRun.DoesNotExist):
        undo_run(late.pk, UserFactory(departments=[case.department]), now=SOON)


def test_who_may_not_read_the_case_runs_nothing(case, question):
    macro = MacroFactory()
    for by in (UserFactory(departments=[DepartmentFactory()]), UserFactory(role=Role.ADMINISTRATOR)):
        with pytest.raises((Case.DoesNotExist, NotAllowed)):
            run_macro(case.pk, by, wanted(macro), now=NOW)
    with pytest.raises(Invalid, match="not for you"):
        other = MacroFactory(department=DepartmentFactory())
        run_macro(case.pk, UserFactory(departments=[case.department]), wanted(other), now=NOW)


def by_hand(company, by, case, does):
    """Do the steps of a macro one after the other with the verbs that a person has."""
    now = company.now
    for kind, choice, text in does:
        old = Case.objects.get(pk=case.pk)
        match kind:
            case "answer":
                parent = newest_answerable_message(old)
                queue_reply(case.pk, by, parent.pk, text, uuid.uuid4(), old.version, now=now)
            case "note":
                verbs.add_note(case.pk, by, text, now=now)
            case "tag" if text not in old.tags:
                tags.tag_case(case.pk, by, ", ".join([*old.tags, text]), now=now)
            case "untag":
                tags.tag_case(case.pk, by, ", ".join(tag for tag in old.tags if tag != text), now=now)
            case "prioritise":
                priorities.prioritise_case(case.pk, by, Priority(choice), now=now)
            case "take":
                verbs.assign_case(case.pk, by, by, now=now)
            case "assign":
                person = None if choice == "nobody" else User.objects.get(pk=choice)
                verbs.assign_case(case.pk, by, person, now=now)
            case "hand_over":
                verbs.hand_over_case(case.pk, by, company.billing, text, now=now)
            case "snooze":
                snooze_case(case.pk, by, Snooze("customer"), now=now)
            case "resolve":
                verbs.resolve_case(case.pk, by, now=now)
            case "dismiss":
                verbs.dismiss_case(case.pk, by, text, now=now)


def comparable(state):
    """A state without what a macro adds: its own event, and the version of that."""
    events = [
        without(event, "at") | {"data": without(event["data"], "version", "reply")}
        for event in state["events"]
        if event["verb"] != Verb.MACRO_RUN
    ]
    return state | {"events": events, "fields": without(state["fields"], "version")}


@pytest.mark.slow
def test_a_macro_is_the_same_verbs_by_hand_on_every_kind_of_case():
    company = Company()
    by = User.objects.get(pk=company.people[Role.MANAGER].pk)
    before, compared = company.states(1), 0
    sequences = [
        [("answer", "", "Thank you"), ("tag", "", "late"), ("resolve", "", "")],
        [("take", "", ""), ("note", "", "Hm"), ("prioritise", 2, ""), ("snooze", "customer", "")],
        [("untag", "", "parcel"), ("tag", "", "invoice"), ("assign", company.ben.pk, "")],
        [("prioritise", 0, ""), ("answer", "", "One moment"), ("hand_over", company.billing.pk, "About money")],
        [("assign", "nobody", ""), ("dismiss", "", "Spam")],
    ]  # fmt: skip
    for does in sequences:
        with rolled_back():
            compared += compare_macro(company, by, does, before)
    assert compared > 40


def compare_macro(company, by, does, before):
    """Do the steps by hand to one copy of each case, by a macro to the other, then undo it; return how many ran."""
    macro, runs = MacroFactory(does=does), {}

    def run(kind, case):
        runs[kind] = run_macro(case.pk, by, wanted(macro), now=company.now)

    for kind, (alone, among) in company.pairs.items():
        by_hands = perform_single(lambda case: by_hand(company, by, case, does), alone)
        refused = perform_single(lambda case, kind=kind: run(kind, case), among)
        assert bool(refused) is bool(by_hands), (kind, does, refused, by_hands)
    alone, among = company.states(0), company.states(1)
    for kind in company.pairs:
        assert comparable(among[kind]) == comparable(alone[kind]), (kind, does)
    for kind, ran in runs.items():
        assert undo_run(ran.pk, by, now=company.now).stays in ([], ["The note stays."]), (kind, does)
    loosely = any(kind in ("answer", "note") for kind, _, _ in does)
    for kind, state in company.states(1).items():
        was = as_it_was(before[kind], loosely=loosely)
        assert differences(as_it_was(state, loosely=loosely), was) == {}, (kind, does)
    return len(runs)


def differences(state, other):
    """The values that are not the same in two states."""
    return {
        name: (state["fields"].get(name), other["fields"].get(name))
        for name in state["fields"]
        if state["fields"].get(name) != other["fields"].get(name)
    } | {
        name: (state[name], other[name]) for name in state if name != "fields" and state[name] != other[name]
    }


def as_it_was(state, *, loosely):
    """A state without what an undo leaves; loosely: without what a note or an answer does for good."""
    left = undone(state)
    if loosely:
        left["custodies"] = [without(each, "accepted_at", "accepted_by_id") for each in left["custodies"]]
        left["fields"] = without(
            left["fields"],
            "status",
            "snoozed_since",
            "snoozed_for",
            "unsent",
            "unsent_since",
            "exchange_from",
            "resolution_from",
        )
    return left


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_of_two_people_at_once_one_is_told():
    brand, service = BrandAccountFactory(), DepartmentFactory()
    ann, ben = (UserFactory(departments=[service], publishes=[brand]) for _ in range(2))
    macro = MacroFactory(does=[("answer", "", "Thank you"), ("resolve", "", "")])
    for _ in range(8):
        case = CaseFactory(brand_account=brand, department=service, identity=IdentityFactory())
        MessageFactory(case=case)
        results = at_once(
            *(
                lambda by=by, case=case: run_macro(case.pk, by, wanted(macro, case), now=NOW)
                for by in (ann, ben)
            )
        )
        assert sorted(type(one).__name__ for one in results) == ["Conflict", "MacroRun"]
        assert Reply.objects.filter(case=case).count() == 1
        assert Case.objects.get(pk=case.pk).status == Status.RESOLVED
    case = CaseFactory(brand_account=brand, department=service, identity=IdentityFactory())
    MessageFactory(case=case)
    wish = wanted(macro, case)
    twice = at_once(*(lambda: run_macro(case.pk, ann, wish, now=NOW) for _ in range(2)))
    assert twice[0] == twice[1]
    assert Reply.objects.filter(case=case).count() == 1
