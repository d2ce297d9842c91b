"""The learned router's say after ingest: it moves what nobody has touched when it is sure, and suggests otherwise."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from django.db import connection
from django.urls import reverse

from accounts.models import Role
from inbox.cases import suggestions, verbs
from inbox.changes.refusals import Conflict, NotAllowed
from inbox.decisions import second_opinion
from inbox.decisions.replay import ReplayCounts, replay_decisions
from inbox.ingest.page import store_messages
from inbox.models import Case, CaseEvent, Custody, Decision, RoutingSuggestion, SecondLook, Verb
from routing.learning import corrections, router_versions, trainings
from routing.learning.active import clear_active_router_cache, get_active_router
from routing.learning.example_facts import facts_of_text
from routing.learning.votes import rule_votes
from routing.models import LearningMode, RouterVersion, RoutingExample
from routing.rules import versions
from routing.rules.editing import RuleContent, add_rule, set_default_department
from tests.factories import NOW, BrandAccountFactory, DepartmentFactory, StreamFactory, UserFactory
from tests.inbox.fake_connector import message
from tests.inbox.page_requests import signed_in
from tests.prepared_rows import PreparedRows
from tests.routing.classifier.examples import examples

pytestmark = pytest.mark.django_db
MONEY = "you took 40 euros from my card twice"
LATER = NOW + dt.timedelta(seconds=3)


@pytest.fixture(autouse=True)
def _fresh():
    clear_active_router_cache()
    versions.clear_rules_cache()
    yield
    clear_active_router_cache()
    versions.clear_rules_cache()


class Place:
    def __init__(self):
        self.service, self.billing, self.tech = (
            DepartmentFactory(slug=slug, name=slug.title()) for slug in ("service", "billing", "tech")
        )
        everywhere = [self.service, self.billing, self.tech]
        self.stream = StreamFactory(brand_account=BrandAccountFactory(remote_id="900"))
        brand = self.stream.brand_account
        self.manager = UserFactory(role=Role.MANAGER, departments=everywhere, publishes=[brand])
        self.agent = UserFactory(departments=[self.service], publishes=[brand])
        set_default_department(self.service, self.manager, NOW)
        self.rule = add_rule(
            RuleContent("Faults", {"any": [{"field": "words", "any": ["crash"]}]}, self.tech),
            self.manager,
            "",
            NOW,
        )

    def teach(self):
        pairs = [(one.text, one.department) for one in examples(150)]
        corrections.import_corrections(pairs, by=None, now=NOW)
        trainings.request_training(None, NOW)
        assert trainings.run_training(trainings.claim_training(NOW)).state == "active"
        second_opinion.weigh_new_decisions(NOW)

    def arrives(self, text, ident="1"):
        store_messages(self.stream, [message(ident, text=text)], NOW)
        return Case.objects.latest("id")

    def threshold(self, value):
        for slug in ("service", "billing", "tech"):
            router_versions.set_threshold(slug, value)


def build_taught_place():
    place = Place()
    place.teach()
    return place


TAUGHT_PLACE = PreparedRows(build_taught_place)


@pytest.fixture
def place():
    return TAUGHT_PLACE.insert()


def test_what_it_is_sure_of_moves_with_its_reasons(place):
    place.threshold(0.5)
    case = place.arrives(MONEY)
    assert case.department == place.service
    assert second_opinion.weigh_new_decisions(LATER) == 1
    case.refresh_from_db()
    assert (case.department, case.hint, case.version) == (place.billing, "", 2)
    first, second = Custody.objects.filter(case=case).order_by("sent_at")
    assert (first.left_at, second.sent_at, second.department) == (LATER, LATER, place.billing)
    assert not second.wrong_department
    event = CaseEvent.objects.filter(case=case, verb=Verb.ROUTED).latest("id")
    assert event.actor is None
    assert (event.data["from"], event.data["to"], event.data["learned"]) == ("Service", "Billing", 1)
    decision = Decision.objects.get(case=case)
    assert (decision.decided_by, decision.department) == ("learned", place.billing)
    assert decision.reasons[0].startswith("Learned from corrections: “")
    assert "No rule matched" in decision.reasons[1]
    assert list(Custody.objects.filter(case=case).order_by("id").values_list("routed", flat=True)) == [
        False,
        True,
    ]


def test_a_case_that_came_while_the_tick_went_on_does_not_move_before_it_came(place):
    place.threshold(0.5)
    case = place.arrives(MONEY)
    second_opinion.weigh_new_decisions(NOW - dt.timedelta(milliseconds=100))
    case.refresh_from_db()
    assert case.department == place.billing
    first, second = Custody.objects.filter(case=case).order_by("id")
    assert first.sent_at <= first.left_at == second.sent_at
    opened, moved = CaseEvent.objects.filter(case=case, verb__in=[Verb.OPENED, Verb.ROUTED]).order_by(
        "at", "id"
    )[::2]
    assert (opened.verb, moved.data["learned"]) == (Verb.OPENED, 1)


def test_a_moved_decision_still_replays_by_its_rules(place):
    place.threshold(0.5)
    place.arrives(MONEY)
    second_opinion.weigh_new_decisions(LATER)
    outcome = ReplayCounts()
    assert list(replay_decisions(None, outcome)) == []
    assert outcome.replayed == 1


def test_below_the_threshold_it_only_suggests(place):
    place.threshold(1.01)
    case = place.arrives(MONEY)
    second_opinion.weigh_new_decisions(LATER)
    case.refresh_from_db()
    assert case.department == place.service
    assert case.hint.startswith("Billing? ")
    suggestion = RoutingSuggestion.objects.get(case=case)
    assert (suggestion.department, suggestion.version) == (place.billing, 1)
    assert 0.3 < suggestion.probability <= 1
    assert Decision.objects.get(case=case).decided_by == "default"


def test_a_rule_that_holds_is_not_overruled(place):
    place.threshold(0.0)
    case = place.arrives(f"crash, and {MONEY}, {MONEY}")
    second_opinion.weigh_new_decisions(LATER)
    case.refresh_from_db()
    assert case.department == place.tech


def test_a_rule_that_people_say_is_wrong_may_be(place):
    version = RouterVersion.objects.get()
    RouterVersion.objects.update(metrics={**version.metrics, "by_rule": {str(place.rule.key): [1, 4]}})
    clear_active_router_cache()
    place.threshold(0.0)
    text = " ".join([MONEY] * 6)
    case = place.arrives(f"{text} crash")
    active = get_active_router()
    facts = facts_of_text(f"{text} crash")
    said = rule_votes(facts, versions.live_rules())
    assert active.may_overrule(said)
    best = active.router.guess(facts.text, said)[0].department
    second_opinion.weigh_new_decisions(LATER)
    case.refresh_from_db()
    assert case.department.slug == best


def test_where_it_agrees_nothing_is_said(place):
    case = place.arrives("my parcel with the lamp is late")
    assert second_opinion.weigh_new_decisions(LATER) == 1
    case.refresh_from_db()
    assert (case.department, case.hint, case.version) == (place.service, "", 1)


def test_what_somebody_touched_stays(place):
    place.threshold(0.5)
    case = place.arrives(MONEY)
    verbs.claim_case(case.pk, place.agent, now=NOW)
    second_opinion.weigh_new_decisions(LATER)
    case.refresh_from_db()
    assert case.department == place.service
    assert case.hint


def test_each_decision_is_weighed_once(place):
    place.arrives(MONEY)
    assert second_opinion.weigh_new_decisions(LATER) == 1
    assert second_opinion.weigh_new_decisions(LATER) == 0
    assert second_opinion.weigh_new_decisions(LATER + dt.timedelta(hours=1)) == 0
    assert SecondLook.objects.get().decision_id == Decision.objects.latest("id").pk
    place.arrives(MONEY, "2")
    assert second_opinion.weigh_new_decisions(LATER) == 0  # it joined the case of the same customer


def test_without_a_router_nothing_waits(place):
    router_versions.set_learning_mode(LearningMode.OFF)
    place.arrives(MONEY)
    assert second_opinion.weigh_new_decisions(LATER) == 0
    router_versions.set_learning_mode(LearningMode.AUTOMATIC)
    assert second_opinion.weigh_new_decisions(LATER) == 0
    assert not RoutingSuggestion.objects.exists()


def test_a_department_that_closed_gets_nothing(place):
    place.threshold(0.5)
    place.billing.is_open = False
    place.billing.save()
    case = place.arrives(MONEY)
    second_opinion.weigh_new_decisions(LATER)
    case.refresh_from_db()
    assert (case.department, case.hint) == (place.service, "")


def test_the_number_of_statements_does_not_grow_with_agreement(place, django_assert_max_num_queries):
    for at in range(5):
        store_messages(place.stream, [message(str(at), text="my parcel is late", by=str(at))], NOW)
    with django_assert_max_num_queries(12):
        assert second_opinion.weigh_new_decisions(LATER) == 5


@pytest.mark.django_db(transaction=True)
def test_two_ticks_at_once_move_it_once():
    place = Place()
    place.teach()
    place.threshold(0.5)
    case = place.arrives(MONEY)
    gate, weighed = threading.Barrier(2), []

    def work():
        gate.wait()
        weighed.append(second_opinion.weigh_new_decisions(LATER))
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Custody.objects.filter(case=case).count() == 2
    assert CaseEvent.objects.filter(case=case, verb=Verb.ROUTED).count() == 2
    assert sum(weighed) == 1


# Taking a suggestion or not


@pytest.fixture
def suggested(place):
    place.threshold(1.01)
    case = place.arrives(MONEY)
    second_opinion.weigh_new_decisions(LATER)
    case.refresh_from_db()
    RoutingExample.objects.all().delete()
    place.case = case
    return place


def test_accepting_hands_over_as_misrouted_and_teaches(suggested):
    suggestions.accept_suggestion(suggested.case.pk, suggested.agent, now=LATER)
    case = Case.objects.get(pk=suggested.case.pk)
    assert (case.department, case.hint) == (suggested.billing, "")
    assert Custody.objects.get(case=case, left_at__isnull=True).wrong_department
    example = RoutingExample.objects.get()
    assert (example.text, example.department, example.source) == (MONEY, "billing", "accepted")
    with pytest.raises(Conflict):
        suggestions.accept_suggestion(case.pk, suggested.manager, now=LATER)


def test_declining_keeps_it_and_teaches_that(suggested):
    suggestions.decline_suggestion(suggested.case.pk, suggested.agent, now=LATER)
    case = Case.objects.get(pk=suggested.case.pk)
    assert (case.department, case.hint) == (suggested.service, "")
    assert RoutingExample.objects.get().department == "service"
    assert CaseEvent.objects.filter(case=case, verb=Verb.SUGGESTION_DECLINED, actor=suggested.agent).exists()
    with pytest.raises(Conflict):
        suggestions.decline_suggestion(case.pk, suggested.agent, now=LATER)


def test_who_may_not_hand_over_may_not_settle_it(suggested):
    analyst = UserFactory(role=Role.ANALYST, departments=[suggested.service])
    for verb in (suggestions.accept_suggestion, suggestions.decline_suggestion):
        with pytest.raises(NotAllowed):
            verb(suggested.case.pk, analyst, now=LATER)
    assert not RoutingExample.objects.exists()


def test_a_hand_over_settles_it_too(suggested):
    verbs.hand_over_case(suggested.case.pk, suggested.manager, suggested.tech, "A fault", now=LATER)
    assert Case.objects.get(pk=suggested.case.pk).hint == ""
    page = signed_in(suggested.manager).get(reverse("inbox:case", args=[suggested.case.pk]))
    assert page.context["suggestion"] is None


def test_the_page_and_the_queue_show_it(suggested):
    client = signed_in(suggested.agent)
    body = client.get(reverse("inbox:case", args=[suggested.case.pk])).content.decode()
    assert "Suggested department" in body
    assert "Send to Billing" in body
    assert "Keep it here" in body
    row = client.get(reverse("inbox:queue")).content.decode()
    assert "Billing? " in row


def test_the_buttons_work_without_scripts(suggested):
    client = signed_in(suggested.manager)
    address = reverse("inbox:suggestion_accept", args=[suggested.case.pk])
    stale = client.post(address, {"version": suggested.case.version - 1})
    assert stale.status_code == 409
    assert client.post(address, {"version": suggested.case.version}).status_code == 302
    assert Case.objects.get(pk=suggested.case.pk).department == suggested.billing


def test_the_decline_button_says_what_happened(suggested):
    client = signed_in(suggested.manager)
    address = reverse("inbox:suggestion_decline", args=[suggested.case.pk])
    page = client.post(address, follow=True)
    assert "Kept here; the router learns from it." in page.content.decode()
    assert "kept it here: not Billing" in page.content.decode()
