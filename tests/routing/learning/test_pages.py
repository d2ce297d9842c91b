"""The pages of the learned router: who gets in, what they say, and what their buttons do."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse

from accounts.models import Department, Role
from routing.facts import Facts
from routing.learning import active, corrections, router_versions, suggested_rules, trainings
from routing.models import (
    DismissedRule,
    LearningMode,
    RouterTraining,
    RouterVersion,
    RoutingExample,
    Rule,
    RuleSetVersion,
    TrainingState,
    VersionState,
)
from routing.refusals import RuleSetError
from routing.rules import editing, versions
from routing.rules.editing import RuleContent
from tests.factories import NOW, DepartmentFactory, UserFactory
from tests.prepared_rows import PreparedRows
from tests.routing.classifier.examples import examples
from tests.routing.conftest import build_company

pytestmark = pytest.mark.django_db

READS = ["learning", "learning_progress", "learning_examples", "learning_suggested"]
#: What holds for the whole company.
SWITCHES = [("learning_train", ()), ("learning_mode", ()), ("learning_activate", (1,))]


@pytest.fixture(autouse=True)
def _no_router_between_tests():
    active.clear_active_router_cache()
    yield
    active.clear_active_router_cache()


def build_trained_company():
    """The company with ninety imported corrections and a version, an administrator, and a manager of service alone."""
    company = build_company()
    company.tech = DepartmentFactory(slug="tech", name="Tech")
    company.boss = UserFactory(role=Role.ADMINISTRATOR)
    company.chief = UserFactory(role=Role.MANAGER, departments=[company.service])
    pairs = [(example.text, example.department) for example in examples(90)]
    corrections.import_corrections(pairs, by=company.manager, now=NOW)
    trainings.request_training(None, NOW)
    trainings.run_training(trainings.claim_training(NOW))
    return company


TRAINED_COMPANY = PreparedRows(build_trained_company)


@pytest.fixture
def world(client, db):
    """The company of `build_trained_company`; its administrator is signed in."""
    company = TRAINED_COMPANY.insert()
    company.client = client
    client.force_login(company.boss, backend="django.contrib.auth.backends.ModelBackend")
    return company


def page(name, *args):
    return reverse(f"routing:{name}", args=args)


def text(response):
    return response.content.decode()


def said(response):
    return " ".join(str(one) for one in response.context["messages"])


# Who may


@pytest.mark.parametrize("role", Role.values)
def test_only_those_who_may_edit_rules_get_in(client, world, role):
    user = UserFactory(role=role, departments=[world.service])
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    allowed = role in (Role.ADMINISTRATOR, Role.MANAGER)
    example = RoutingExample.objects.filter(department="service").first()
    requests = [("get", page(name), {}) for name in READS] + [("get", page("learning_version", 1), {})]
    requests.append(("post", page("learning_thresholds"), {"service": "70"}))
    requests.append(("post", page("learning_example_remove", example.pk), {}))
    for method, address, data in requests:
        status = getattr(client, method)(address, data).status_code
        assert (status in (200, 302)) if allowed else (status == 404), (role, address, status)


@pytest.mark.parametrize("role", Role.values)
def test_only_administrators_switch_what_holds_for_the_company(client, world, role):
    user = UserFactory(role=role, departments=Department.objects.all())
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    before = router_versions.get_learning_setting().mode, RouterTraining.objects.count()
    for name, arguments in SWITCHES:
        status = client.post(page(name, *arguments), {"mode": "off"}).status_code
        assert status == (302 if role == Role.ADMINISTRATOR else 404), (role, name)
    after = router_versions.get_learning_setting().mode, RouterTraining.objects.count()
    assert (after != before) == (role == Role.ADMINISTRATOR)


def test_a_manager_sees_how_it_is_used_and_no_switch_that_is_refused(client, world):
    client.force_login(world.chief, backend="django.contrib.auth.backends.ModelBackend")
    pages = text(client.get(page("learning"))) + text(client.get(page("learning_version", 1)))
    for name, arguments in SWITCHES:
        assert f'action="{page(name, *arguments)}"' not in pages
    assert "A new version takes over when it is better." in pages
    assert "Only an administrator can change it" in pages
    assert 'name="service"' in pages
    assert 'name="billing"' not in pages
    assert "You can set those of your departments" in pages


def test_managers_set_the_thresholds_of_their_departments_alone(client, world):
    client.force_login(world.chief, backend="django.contrib.auth.backends.ModelBackend")
    assert client.post(page("learning_thresholds"), {"service": "60", "version": "1"}).status_code == 302
    assert router_versions.get_learning_setting().thresholds == {"service": 0.6}
    assert client.post(page("learning_thresholds"), {"service": "70", "billing": "30"}).status_code == 404
    lost = UserFactory(role=Role.MANAGER)
    client.force_login(lost, backend="django.contrib.auth.backends.ModelBackend")
    assert client.post(page("learning_thresholds"), {"service": "30"}).status_code == 404
    shown = text(client.get(page("learning_version", 1)))
    assert "Save the thresholds" not in shown
    assert "Managers of a department and administrators set them." in shown
    assert router_versions.get_learning_setting().thresholds == {"service": 0.6}


def test_managers_read_the_examples_of_their_departments(client, world):
    client.force_login(world.chief, backend="django.contrib.auth.backends.ModelBackend")
    shown = {one.department for one, _, _ in client.get(page("learning_examples")).context["rows"]}
    assert shown == {"service"}
    other = RoutingExample.objects.filter(department="billing").first()
    assert client.post(page("learning_example_remove", other.pk)).status_code == 404


def test_administrators_do_not_read_what_was_written_directly(client, world):
    facts = Facts("My secret", "x", "direct", "x:1", NOW)
    corrections.record_correction(
        "My secret", "billing", source="handed_over", by=None, now=NOW, case_id=1, facts=facts
    )
    assert "My secret" not in text(client.get(page("learning_examples")))


# What they say


def test_without_examples_it_says_how_to_begin(client, company):
    client.force_login(company.manager, backend="django.contrib.auth.backends.ModelBackend")
    body = text(client.get(page("learning")))
    assert "Nothing to learn from yet" in body
    assert "manage.py learn --import" in body
    assert "Train now" not in body


def test_the_overview_has_figures_versions_and_examples(client, world):
    body = text(client.get(page("learning")))
    assert "Version 1 in use" in body
    assert "right, the rules alone" in body
    assert {one.name: one.count for one in client.get(page("learning")).context["taught"]}.keys() == {
        "Service", "Billing", "Tech",
    }  # fmt: skip


def test_a_version_shows_who_was_taken_for_whom_and_what_thresholds_would_do(client, world):
    response = client.get(page("learning_version", 1))
    rows = {row.name: row for row in response.context["confusion"]}
    assert sum(row.total for row in rows.values()) == RoutingExample.objects.count()
    assert sum(cell.count for cell in rows["Billing"].cells) == rows["Billing"].total
    assert [cell.is_right for cell in rows["Billing"].cells].count(True) == 1
    thresholds = {row.slug: row for row in response.context["thresholds"]}
    assert thresholds["billing"].chosen == "90%"
    assert "wrong" in thresholds["billing"].compared[0]


def test_the_pages_need_few_statements(client, world, django_assert_max_num_queries):
    for name, args in (("learning", ()), ("learning_version", (1,)), ("learning_examples", ())):
        with django_assert_max_num_queries(16):
            client.get(page(name, *args))


def test_a_broken_version_number_is_absent(client, world):
    assert client.get(page("learning_version", 99)).status_code == 404
    assert client.post(page("learning_activate", 99)).status_code == 404


# What the buttons do


def test_training_is_asked_for_and_shown(client, world):
    client.post(page("learning_train"))
    training = RouterTraining.objects.latest("pk")
    assert (training.state, training.asked_by) == (TrainingState.WANTED, world.boss)
    assert "Waiting for a worker" in text(client.get(page("learning")))
    assert "Waiting for a worker" in text(client.get(page("learning_progress"), HTTP_HX_REQUEST="true"))
    trainings.run_training(trainings.claim_training(NOW))
    over = client.get(page("learning_progress"), HTTP_HX_REQUEST="true")
    assert over["HX-Refresh"] == "true"
    assert client.get(page("learning_progress")).status_code == 302


def test_a_training_that_failed_says_why(client, world):
    RoutingExample.objects.filter(pk__gt=RoutingExample.objects.order_by("pk")[5].pk).delete()
    trainings.request_training(None, NOW)
    trainings.run_training(trainings.claim_training(NOW))
    body = text(client.get(page("learning")))
    assert "The last training failed" in body
    assert "6 of the 20 corrections" in body


def test_the_mode_is_chosen(client, world):
    client.post(page("learning_mode"), {"mode": "off"})
    assert router_versions.get_learning_setting().mode == LearningMode.OFF
    assert active.get_active_router() is None
    assert "Not changed" in said(client.post(page("learning_mode"), {"mode": "x"}, follow=True))
    assert router_versions.get_learning_setting().mode == LearningMode.OFF


def test_rolling_back_is_one_click(client, world):
    trainings.request_training(None, NOW)
    trainings.run_training(trainings.claim_training(NOW))
    assert "pinned" in said(client.post(page("learning_activate", 1), follow=True))
    assert RouterVersion.objects.get(number=1).state == VersionState.ACTIVE


def test_a_version_that_cannot_be_read_is_not_used(client, world):
    RouterVersion.objects.filter(number=1).update(arrays=b"nothing", state=VersionState.RETIRED)
    assert "cannot be read" in said(client.post(page("learning_activate", 1), follow=True))
    assert not RouterVersion.objects.filter(state=VersionState.ACTIVE).exists()


def test_thresholds_are_saved(client, world):
    response = client.post(page("learning_thresholds"), {"billing": "60", "tech": "101", "version": "1"})
    assert response["Location"] == page("learning_version", 1)
    assert router_versions.get_learning_setting().thresholds == {"billing": 0.6, "tech": 1.01}


@pytest.mark.parametrize("value", ["", "-5", "29", "102", "9" * 50, "ninety", "٩٠"])
def test_a_threshold_that_makes_no_sense_changes_nothing(client, world, value):
    response = client.post(page("learning_thresholds"), {"billing": value, "tech": "60"}, follow=True)
    assert "Not saved" in said(response)
    assert router_versions.get_learning_setting().thresholds == {}


def test_an_example_is_removed(client, world):
    example = RoutingExample.objects.first()
    client.post(page("learning_example_remove", example.pk))
    assert not RoutingExample.objects.filter(pk=example.pk).exists()


def test_examples_go_on_page_by_page(client, world):
    first = client.get(page("learning_examples"))
    older = client.get(page("learning_examples"), {"before": first.context["older"], "department": ""})
    shown = [one.pk for response in (first, older) for one, _, _ in response.context["rows"]]
    assert shown == sorted(RoutingExample.objects.values_list("pk", flat=True), reverse=True)
    assert client.get(page("learning_examples"), {"before": "x", "department": "nowhere"}).status_code == 200


# Suggested rules


def test_repeated_corrections_suggest_a_rule(client, world):
    found = client.get(page("learning")).context["suggested"]
    assert found
    assert all(one.corrected >= 3 for one in found)
    assert {one.department.slug for one in found} <= {"billing", "tech"}


def test_it_shows_what_it_would_catch_and_one_click_makes_it_a_rule(client, world):
    one = client.get(page("learning")).context["suggested"][0]
    named = {"words": one.words, "department": one.department.slug}
    preview = client.get(page("learning_suggested"), named)
    assert len(preview.context["right"]) >= 3
    assert preview.context["caught"].count == 0
    before = RuleSetVersion.objects.count()
    made = said(client.post(page("learning_suggested"), named, follow=True))
    rule = Rule.objects.get(name=one.words)
    assert f"“{one.words}” is a rule now, live at place {rule.position}." in made
    assert (rule.department, RuleSetVersion.objects.count()) == (one.department, before + 1)
    assert rule.condition == {"any": [{"field": "words", "any": [one.words]}]}
    assert one.words not in [other.words for other in client.get(page("learning")).context["suggested"]]
    assert "is gone" in said(client.get(page("learning_suggested"), named, follow=True))


@pytest.fixture
def overruling(client, world):
    """A rule at place 2 takes what corrections say belongs to billing; the first has nothing to do with it."""
    for name, words, department in (("Safety", "burnt", world.tech), ("Thanks", "zither", world.service)):
        content = RuleContent(name, {"any": [{"field": "words", "any": [words]}]}, department)
        rule = editing.add_rule(content, None, "", NOW)
        editing.move_rule(rule.key, None, NOW, to=1 if name == "Safety" else 2)
    texts = [f"my zither {end} came" for end in ("one", "two", "three", "four")]
    corrections.import_corrections([(one, "billing") for one in texts], by=world.manager, now=NOW)
    versions.clear_rules_cache()
    newest = RouterVersion.objects.first()
    one = {"words": "zither", "department": "billing", "right": 4, "wrong": 0, "corrected": 4, "overruled": 4}
    newest.metrics["suggested_rules"] = [one]
    newest.save(update_fields=["metrics"])
    return {"words": "zither", "department": "billing"}


def test_a_suggested_rule_comes_right_before_the_one_in_its_way(client, overruling):
    assert "“Thanks” took some of them, so this one would come right before it." in text(
        client.get(page("learning_suggested"), overruling)
    )
    made = said(client.post(page("learning_suggested"), overruling, follow=True))
    assert "“zither” is a rule now, live at place 2." in made
    assert list(Rule.objects.values_list("name", flat=True))[:3] == ["Safety", "zither", "Thanks"]


def test_a_suggestion_that_two_accept_at_once_is_one_rule(client, world, overruling):
    one = suggested_rules.find_suggested_rule("zither", "billing")
    suggested_rules.accept_suggested_rule(one, world.boss, NOW)
    with pytest.raises(RuleSetError, match="just dealt with it"):
        suggested_rules.accept_suggested_rule(one, world.boss, NOW)
    assert Rule.objects.filter(name="zither").count() == 1


def test_a_suggestion_is_dismissed_for_good(client, world):
    one = client.get(page("learning")).context["suggested"][0]
    named = {"words": one.words, "department": one.department.slug}
    before = Rule.objects.count()
    client.post(page("learning_suggested"), {**named, "dismiss": "1"})
    assert Rule.objects.count() == before
    assert DismissedRule.objects.get().words == one.words
    trainings.request_training(None, NOW + dt.timedelta(hours=1))
    trainings.run_training(trainings.claim_training(NOW + dt.timedelta(hours=1)))
    assert one.words not in [other.words for other in client.get(page("learning")).context["suggested"]]


def test_words_of_direct_messages_alone_are_suggested_to_no_administrator(client, world, overruling):
    assert [one.words for one in client.get(page("learning")).context["suggested"]] == ["zither"]
    RoutingExample.objects.filter(text__contains="zither").update(facts={"stream": "direct"})
    assert client.get(page("learning")).context["suggested"] == []
    assert client.get(page("learning_suggested"), overruling).status_code == 404
    assert client.post(page("learning_suggested"), overruling).status_code == 404


def test_managers_make_rules_of_their_departments_only(client, world):
    one = client.get(page("learning")).context["suggested"][0]
    client.force_login(world.chief, backend="django.contrib.auth.backends.ModelBackend")
    before = Rule.objects.count()
    named = {"words": one.words, "department": one.department.slug}
    assert client.get(page("learning")).context["suggested"] == []
    assert client.post(page("learning_suggested"), named).status_code == 404
    assert client.post(page("learning_suggested"), named | {"dismiss": "1"}).status_code == 404
    assert Rule.objects.count() == before
    assert not DismissedRule.objects.exists()
