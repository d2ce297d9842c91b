"""The playbook beside a case: asked, answered, taken back, followed."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from inbox.cases import verbs
from inbox.cases.playbook import answer_playbook, raise_priority, take_back_playbook_answer
from inbox.models import Case, CaseEvent, CasePlaybook, Custody, Decision, Draft, Status, Verb
from routing.models import PlaybookVersion
from routing.playbook import versions
from routing.playbook.tree import NONE_KEY
from tests.factories import (
    NOW,
    BrandAccountFactory,
    CaseFactory,
    DepartmentFactory,
    MessageFactory,
    UserFactory,
)
from tests.inbox.page_requests import HTMX, count_statements, signed_in

pytestmark = pytest.mark.django_db
LATER = NOW + dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def playbook(service, billing):
    return versions.install_starter_playbook(None, NOW)


@pytest.fixture
def service():
    return DepartmentFactory(name="Service", slug="service")


@pytest.fixture
def billing():
    return DepartmentFactory(name="Billing", slug="billing")


@pytest.fixture
def brand():
    return BrandAccountFactory()


@pytest.fixture
def ann(service, brand):
    return UserFactory(departments=[service], publishes=[brand], first_name="Ann", last_name="Bell")


@pytest.fixture
def case(service, brand):
    case = CaseFactory(department=service, brand_account=brand)
    MessageFactory(case=case)
    return case


def walk(case, by, *answers, now=LATER):
    for question, key in answers:
        answer_playbook(case.pk, by, question, key, now=now)


def to_billing(case, by):
    walk(case, by, ("kind", "unhappy"), ("cause", "yes"), ("fix", "money"))


def publish_another(text="What is it?"):
    draft = versions.find_playbook_draft()
    draft.snapshot["questions"][0]["text"] = text
    revision = versions.save_playbook_draft(draft.snapshot, draft.revision, None, NOW).revision
    return versions.publish_playbook(None, "", revision, NOW)


class TestAnswering:
    def test_answers_are_kept_with_who_and_when_and_each_leaves_its_event(self, case, ann, playbook):
        walk(case, ann, ("kind", "unhappy"))
        state = CasePlaybook.objects.get(case=case)
        assert state.version == playbook
        assert state.answers == [
            {
                "question": "kind",
                "answer": "unhappy",
                "by": ann.pk,
                "who": "Ann Bell",
                "at": LATER.isoformat(),
            }
        ]
        event = CaseEvent.objects.get(case=case)
        assert (event.verb, event.actor) == (Verb.PLAYBOOK_ANSWERED, ann)
        assert event.data | {"version": 0} == {
            "question": "What is this message?",
            "answer": "Somebody is unhappy or needs help",
            "playbook": 1,
            "outcome": "",
            "version": 0,
        }
        assert Case.objects.get(pk=case.pk).version == 2

    def test_the_end_is_an_outcome(self, case, ann):
        to_billing(case, ann)
        state = CasePlaybook.objects.get(case=case)
        assert (state.outcome, state.finished_at) == ("to-billing", LATER)
        assert CaseEvent.objects.filter(case=case).last().data["outcome"] == "Hand over to billing"

    def test_none_of_these_is_the_default(self, case, ann):
        walk(case, ann, ("kind", NONE_KEY))
        assert CasePlaybook.objects.get(case=case).outcome == "ask-a-colleague"
        assert CaseEvent.objects.get(case=case).data["answer"] == "None of these"

    def test_somebody_was_quicker(self, case, ann, service):
        walk(case, ann, ("kind", "unhappy"))
        with pytest.raises(verbs.Conflict, match="Ann Bell has answered that already"):
            walk(case, UserFactory(departments=[service]), ("kind", "troll"))
        assert CasePlaybook.objects.get(case=case).answers[0]["answer"] == "unhappy"

    def test_the_customer_writing_meanwhile_is_no_conflict(self, case, ann):
        Case.objects.filter(pk=case.pk).update(version=7)
        walk(case, ann, ("kind", "unhappy"))
        assert CasePlaybook.objects.get(case=case).answers

    def test_an_answer_that_is_not_offered_is_refused(self, case, ann):
        with pytest.raises(verbs.Invalid, match="not one of the answers"):
            walk(case, ann, ("kind", "nonsense"))
        assert not CasePlaybook.objects.exists()

    def test_who_only_reads_does_not_answer_and_outsiders_find_nothing(self, case, service, billing):
        with pytest.raises(verbs.NotAllowed):
            walk(case, UserFactory(departments=[service], role=Role.ANALYST), ("kind", "unhappy"))
        with pytest.raises(Case.DoesNotExist):
            walk(case, UserFactory(departments=[billing]), ("kind", "unhappy"))

    def test_a_closed_case_is_asked_nothing(self, case, ann):
        verbs.resolve_case(case.pk, ann, now=NOW)
        with pytest.raises(verbs.Invalid, match="closed"):
            walk(case, ann, ("kind", "unhappy"))

    def test_answering_is_not_accepting(self, case, ann):
        walk(case, ann, ("kind", "unhappy"))
        assert Custody.objects.get(case=case).accepted_at is None

    def test_without_a_playbook_nothing_can_be_answered(self, case, ann):
        PlaybookVersion.objects.all().delete()
        with pytest.raises(verbs.Invalid, match="no playbook yet"):
            walk(case, ann, ("kind", "unhappy"))


class TestTakingBack:
    def test_one_step(self, case, ann):
        to_billing(case, ann)
        take_back_playbook_answer(case.pk, ann, "fix", now=LATER)
        state = CasePlaybook.objects.get(case=case)
        assert [one["question"] for one in state.answers] == ["kind", "cause"]
        assert (state.outcome, state.finished_at) == ("", None)
        event = CaseEvent.objects.filter(case=case).last()
        assert (event.verb, event.data["question"]) == (Verb.PLAYBOOK_TAKEN_BACK, "Who can fix it?")
        walk(case, ann, ("fix", "danger"))
        assert CasePlaybook.objects.get(case=case).outcome == "escalate"

    def test_only_the_last_one_and_only_if_there_is_one(self, case, ann):
        with pytest.raises(verbs.Conflict, match="no answer to take back"):
            take_back_playbook_answer(case.pk, ann, "kind", now=LATER)
        walk(case, ann, ("kind", "unhappy"), ("cause", "yes"))
        with pytest.raises(verbs.Conflict, match="has moved on in the meantime"):
            take_back_playbook_answer(case.pk, ann, "kind", now=LATER)


class TestVersions:
    def test_a_case_keeps_its_version(self, case, ann, playbook):
        walk(case, ann, ("kind", "unhappy"))
        publish_another()
        walk(case, ann, ("cause", "yes"))
        assert CasePlaybook.objects.get(case=case).version == playbook
        assert "Playbook, version 1" in signed_in(ann).get(f"/cases/{case.pk}/").content.decode()

    def test_one_that_nobody_has_begun_goes_with_the_newest(self, case, ann):
        walk(case, ann, ("kind", "unhappy"))
        take_back_playbook_answer(case.pk, ann, "kind", now=LATER)
        newest = publish_another("What is it?")
        shown = signed_in(ann).get(f"/cases/{case.pk}/").content.decode()
        assert "What is it?" in shown
        walk(case, ann, ("kind", "unhappy"))
        assert CasePlaybook.objects.get(case=case).version == newest

    def test_a_rule_may_let_it_begin_at_a_branch(self, case, ann, service):
        Decision.objects.create(
            message=case.messages.get(), case=case, department=service, decided_by="rule", version=1, at=NOW,
            trace={"decided": {"playbook_branch": "complaint-inside"}},
        )  # fmt: skip
        assert "Is there a real complaint" in signed_in(ann).get(f"/cases/{case.pk}/").content.decode()
        walk(case, ann, ("complaint-inside", "no"))
        state = CasePlaybook.objects.get(case=case)
        assert (state.start, state.outcome) == ("complaint-inside", "leave-it")


class TestPriority:
    def test_it_goes_up_step_by_step_and_stops_at_urgent(self, case, ann):
        for expected in (1, 2, 2):
            raise_priority(case.pk, ann, now=LATER)
            assert Case.objects.get(pk=case.pk).priority == expected
        events = CaseEvent.objects.filter(case=case, verb=Verb.PRIORITISED)
        assert [(one.data["from"], one.data["to"]) for one in events] == [
            ("Normal", "High"),
            ("High", "Urgent"),
        ]

    def test_a_low_one_becomes_high(self, case, ann):
        Case.objects.filter(pk=case.pk).update(priority=-1)
        assert raise_priority(case.pk, ann, now=LATER).priority == 1

    def test_a_stale_page_is_a_conflict(self, case, ann):
        with pytest.raises(verbs.Conflict):
            raise_priority(case.pk, ann, version=7, now=LATER)


class TestPanel:
    def post(self, user, name, case, **data):
        return signed_in(user).post(reverse(f"inbox:{name}", args=[case.pk]), data)

    def page(self, user, case):
        return signed_in(user).get(f"/cases/{case.pk}/").content.decode()

    def test_the_next_question_stands_beside_the_case(self, case, ann):
        shown = self.page(ann, case)
        assert "What is this message?" in shown
        assert 'value="unhappy" data-digit="2"' in shown
        assert 'value="none" data-digit="7"' in shown
        assert self.post(ann, "playbook_answer", case, question="kind", answer="unhappy").status_code == 302
        shown = self.page(ann, case)
        assert "Did we cause the problem?" in shown
        assert "Somebody is unhappy or needs help" in shown
        assert "Undo the last answer" in shown
        self.post(ann, "playbook_back", case, question="kind")
        assert "What is this message?" in self.page(ann, case)

    def test_htmx_gets_the_panel_with_what_else_changed(self, case, ann):
        address = reverse("inbox:playbook_answer", args=[case.pk])
        shown = signed_in(ann).post(address, {"question": "kind", "answer": "troll"}, **HTMX).content.decode()
        assert "Is there a real complaint behind it?" in shown
        assert 'id="case-side" aria-label="Context" hx-swap-oob="true"' in shown
        stale = signed_in(ann).post(address, {"question": "kind", "answer": "praise"}, **HTMX)
        assert stale.status_code == 409
        assert "Ann Bell has answered that already." in stale.content.decode()

    def test_the_outcome_offers_the_real_verb(self, case, ann, billing):
        to_billing(case, ann)
        shown = self.page(ann, case)
        assert "Hand over to Billing" in shown
        form = shown.split('class="card playbook"')[1].split("</section>")[0]
        assert f'action="{reverse("inbox:hand_over", args=[case.pk])}"' in form
        self.post(ann, "hand_over", case, department="billing", reason="A charge, a refund or a contract")
        assert Custody.objects.get(case=case, left_at__isnull=True).department == billing

    def test_a_department_that_is_not_there_is_chosen(self, case, ann):
        walk(case, ann, ("kind", "question"), ("know", "sales"))
        assert "Choose the department" in self.page(ann, case)

    def test_dismissing_uses_the_reason_of_the_outcome(self, case, ann):
        walk(case, ann, ("kind", "troll"), ("complaint-inside", "no"))
        form = self.page(ann, case).split('class="card playbook"')[1].split("</section>")[0]
        assert 'name="reason" value="Provocation, no question"' in form
        self.post(ann, "dismiss", case, reason="Provocation, no question")
        assert Case.objects.get(pk=case.pk).status == Status.DISMISSED

    def test_escalating(self, case, ann):
        walk(case, ann, ("kind", "unhappy"), ("cause", "yes"), ("fix", "danger"))
        assert "Raise the priority" in self.page(ann, case)
        self.post(ann, "escalate", case)
        assert Case.objects.get(pk=case.pk).priority == 1

    def test_an_answer_begins_with_the_words_of_the_outcome_but_replaces_nobodys(self, case, ann):
        walk(case, ann, ("kind", "unhappy"), ("cause", "yes"), ("fix", "me"), ("personal", "yes"))
        assert "Ask for a private message" in self.page(ann, case)
        assert self.post(ann, "playbook_begin", case).status_code == 302
        draft = Draft.objects.get(case=case, user=ann)
        assert "Please send us a private message" in draft.text
        draft.text = "My own words"
        draft.save()
        self.post(ann, "playbook_begin", case)
        assert Draft.objects.get(case=case, user=ann).text == "My own words"

    def test_a_suggested_text_in_another_language_than_the_customers_says_so(self, case, ann):
        walk(case, ann, ("kind", "unhappy"), ("cause", "yes"), ("fix", "me"), ("personal", "yes"))
        assert "The customer writes in" not in self.page(ann, case)
        MessageFactory(case=case, language="de", text="Wo bleibt mein Paket?")
        assert "The customer writes in German; this text is in English." in self.page(ann, case)
        MessageFactory(case=case, language="en", text="Sorry: where is my parcel?")
        assert "The customer writes in" not in self.page(ann, case)

    def test_who_writes_privately_already_is_not_asked_to(self, ann, service, brand):
        direct = CaseFactory(department=service, brand_account=brand, visibility="direct")
        walk(direct, ann, ("kind", "unhappy"), ("cause", "yes"), ("fix", "me"), ("personal", "yes"))
        form = self.page(ann, direct).split('class="card playbook"')[1].split("</section>")[0]
        assert 'data-press="r">Begin the answer' in form
        self.post(ann, "playbook_begin", direct)
        assert not Draft.objects.exists()

    def test_who_only_reads_sees_the_answers_and_no_buttons(self, case, ann, service):
        analyst = UserFactory(departments=[service], role=Role.ANALYST)
        assert "card playbook" not in self.page(analyst, case)
        to_billing(case, ann)
        shown = self.page(analyst, case)
        assert "Hand over to billing" in shown
        assert f"/cases/{case.pk}/playbook/" not in shown

    def test_a_closed_case_asks_nothing_more(self, case, ann):
        to_billing(case, ann)
        assert "Hand over to billing" in self.page(ann, case)
        CasePlaybook.objects.all().delete()
        assert "What is this message?" in self.page(ann, case)
        Case.objects.update(status="resolved", closed_at=timezone.now())
        assert "card playbook" not in self.page(ann, case)

    def test_without_a_playbook_there_is_no_panel(self, case, ann):
        PlaybookVersion.objects.all().delete()
        assert "card playbook" not in self.page(ann, case)

    def test_it_costs_the_page_no_statement(self, case, ann):
        with_playbook = count_statements(signed_in(ann), f"/cases/{case.pk}/")
        to_billing(case, ann)
        answered = count_statements(signed_in(ann), f"/cases/{case.pk}/")
        CasePlaybook.objects.all().delete()
        PlaybookVersion.objects.all().delete()
        assert count_statements(signed_in(ann), f"/cases/{case.pk}/") == with_playbook == answered <= 12

    def test_hostile_words_in_the_tree_are_inert(self, case, ann):
        publish_another("<script>alert(1)</script>")
        shown = self.page(ann, case)
        assert "<script>alert" not in shown
        assert "&lt;script&gt;alert(1)" in shown


def test_the_history_tells_it_in_words(case, ann):
    walk(case, ann, ("kind", "troll"), ("complaint-inside", "no"), now=timezone.now())
    take_back_playbook_answer(case.pk, ann, "complaint-inside", now=timezone.now())
    shown = signed_in(ann).get(f"/cases/{case.pk}/").content.decode()
    for line in (
        "Ann Bell answered “What is this message?” with “It is only meant to provoke”",
        "“Is there a real complaint behind it?” with “No” → Leave it",
        "Ann Bell undid the answer to “Is there a real complaint behind it?”",
    ):
        assert line in shown, line
