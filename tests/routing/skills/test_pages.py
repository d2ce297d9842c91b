"""Skills: who has which, another name, merging and deleting; none goes that a rule asks for."""

from __future__ import annotations

import html

import pytest
from django.urls import reverse

from accounts.models import Role, Skill
from routing.models import Rule
from routing.rules import drafts, editing
from routing.rules.editing import RuleContent
from tests.factories import NOW, DepartmentFactory, UserFactory
from tests.inbox.page_requests import count_statements, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin():
    return UserFactory(role=Role.ADMINISTRATOR, first_name="Maria", last_name="Berg")


@pytest.fixture
def refunds():
    return Skill.objects.create(slug="refunds", name="Refunds")


@pytest.fixture
def money():
    return Skill.objects.create(slug="money", name="Money back")


def asks(skill, admin):
    department = DepartmentFactory()
    content = RuleContent(
        "Money", {"any": [{"field": "words", "any": ["refund"]}]}, department, skill=skill.slug
    )
    editing.set_default_department(department, admin, NOW)
    editing.add_rule(content, admin, "", NOW)


def shown(client, name="skill_list", *args):
    return html.unescape(client.get(reverse(f"routing:{name}", args=args)).content.decode())


def post(client, route, skill, **data):
    found = client.post(reverse(f"routing:{route}", args=[skill.pk]), data, follow=True)
    return html.unescape(found.content.decode())


def test_the_list_says_who_has_it_and_which_rules_ask_for_it(admin, refunds):
    client = signed_in(admin)
    Skill.objects.all().delete()
    assert "No skills yet" in shown(client)
    refunds.save()
    asks(refunds, admin)
    assert '<span class="chip late">Nobody</span>' in shown(client)
    ada = UserFactory(first_name="Ada", last_name="Holm")
    ada.skills.add(refunds)
    page = shown(client)
    assert "Ada Holm" in page
    assert "“Money”" in page


def test_another_name_leaves_the_rules_alone(admin, refunds, money):
    asks(refunds, admin)
    client = signed_in(admin)
    assert "Renamed to “Paying back”." in post(client, "skill_rename", refunds, name=" Paying  back ")
    refunds.refresh_from_db()
    assert (refunds.name, refunds.slug) == ("Paying back", "refunds")
    assert Rule.objects.get().skill == "refunds"
    for bad in ("", "!!!", "x" * 61, "a, b"):
        assert "It is still “Paying back”" in post(client, "skill_rename", refunds, name=bad)
    assert "There is a skill “MONEY BACK” already" in post(client, "skill_rename", refunds, name="MONEY BACK")
    assert Skill.objects.get(slug="refunds").name == "Paying back"


def test_merging_gives_the_other_to_everybody_once(admin, refunds, money):
    one, both = UserFactory(), UserFactory()
    one.skills.add(refunds)
    both.skills.add(refunds, money)
    page = post(signed_in(admin), "skill_remove", refunds, into=money.pk)
    assert "“Refunds” is “Money back” now, for 1 more person." in page
    assert [list(person.skills.all()) for person in (one, both)] == [[money], [money]]
    assert list(Skill.objects.all()) == [money]


def test_deleting_asks_first(admin, refunds):
    ada = UserFactory(first_name="Ada", last_name="Holm")
    ada.skills.add(refunds)
    client = signed_in(admin)
    assert "Ada Holm has it. This cannot be undone." in shown(client, "skill_remove", refunds.pk)
    assert Skill.objects.exists()
    assert "“Refunds” is deleted." in post(client, "skill_remove", refunds)
    assert not ada.skills.exists()


@pytest.mark.parametrize("where", ["live", "draft"])
def test_what_a_rule_asks_for_stays_and_the_rule_is_named(admin, refunds, money, where):
    asks(refunds, admin)
    said = "“Money”"
    if where == "draft":
        drafts.begin_rule_draft(admin, NOW)
        Rule.objects.update(skill="")
        said = "“Money” in the draft of Maria Berg"
    client = signed_in(admin)
    page = shown(client, "skill_remove", refunds.pk)
    assert said in page
    assert "Delete the skill" not in page
    for data in ({}, {"into": money.pk}):
        assert f"“Refunds” is required by {said}" in post(client, "skill_remove", refunds, **data)
    assert Skill.objects.count() == 2


@pytest.mark.parametrize("into", ["nonsense", "987654321", "self"])
def test_what_it_cannot_be_merged_into_changes_nothing(admin, refunds, into):
    given = refunds.pk if into == "self" else into
    assert "Nothing was changed" in post(signed_in(admin), "skill_remove", refunds, into=given)
    assert Skill.objects.get() == refunds


@pytest.mark.parametrize("role", [Role.MANAGER, Role.COMMUNITY, Role.AGENT, Role.ANALYST])
def test_only_administrators_find_it(role, refunds):
    client = signed_in(UserFactory(role=role, departments=[DepartmentFactory()]))
    assert client.get(reverse("routing:skill_list")).status_code == 404
    for name in ("skill_rename", "skill_remove"):
        assert client.post(reverse(f"routing:{name}", args=[refunds.pk]), {"name": "X"}).status_code == 404
    assert Skill.objects.get() == refunds


def test_many_skills_cost_no_more_statements(admin, refunds):
    client = signed_in(admin)
    few = count_statements(client, reverse("routing:skill_list"))
    for n in range(20):
        Skill.objects.create(slug=f"s{n}", name=f"Skill {n}").people.add(admin)
    assert count_statements(client, reverse("routing:skill_list")) == few
