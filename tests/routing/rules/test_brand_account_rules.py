"""Rules of community managers: those that can hold for messages of their own brand accounts alone, wherever they lead."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import BrandAccountGrant, Role
from inbox.models import RulePreview
from routing.conditions import brand_accounts
from routing.facts import Facts
from routing.models import RoutingDefault, RuleDraft, RuleSetVersion
from routing.refusals import EditNotPermitted
from routing.rules import drafts, editing, precedence, versions
from routing.rules.editing import RuleContent
from routing.rules.engine import compile_rules, decide
from routing.rules.scope import ConditionTooWide, MayNotOvertake, rule_scope_of
from routing.scope import edit_scope_of
from tests.factories import NOW, BrandAccountFactory, UserFactory
from tests.markup import squeezed
from tests.routing.rule_editor.test_pages import EDITS, form, latest, page, text, words

WORDS = {"field": "words", "any": ["parking"]}


def brand(*keys):
    return {"field": "brand_account", "is": list(keys)}


def kept(*keys):
    return {"all": [brand(*keys), WORDS]}


def names():
    return [rule["name"] for rule in RuleSetVersion.objects.first().snapshot["rules"]]


# What a condition can hold for


@pytest.mark.parametrize(
    ("tree", "accounts"),
    [
        (brand("x:1", "x:2"), {"x:1", "x:2"}),
        (WORDS, None),
        ({"all": [WORDS, brand("x:1")]}, {"x:1"}),
        ({"all": [WORDS, WORDS]}, None),
        ({"all": [brand("x:1", "x:2"), brand("x:2", "x:3")]}, {"x:2"}),
        ({"any": [brand("x:1"), {"all": [WORDS, brand("x:2")]}]}, {"x:1", "x:2"}),
        ({"any": [brand("x:1"), WORDS]}, None),
        ({"none": [brand("x:1")]}, None),
        ({"all": [{"none": [brand("x:1")]}, WORDS]}, None),
        ({"all": [{"any": [WORDS, brand("x:9")]}, {"all": [brand("x:1")]}]}, {"x:1"}),
    ],
)
def test_the_brand_accounts_that_a_condition_can_hold_for(tree, accounts):
    assert brand_accounts.brand_accounts_of_condition(tree) == accounts


KEYS = ("x:1", "x:2", "facebook:3")
leaves = st.one_of(
    st.lists(st.sampled_from(KEYS), min_size=1, unique=True).map(lambda keys: brand(*keys)),
    st.just(WORDS),
    st.just({"field": "verified", "is": True}),
)
trees = st.recursive(
    leaves,
    lambda parts: st.builds(
        lambda group, found: {group: found},
        st.sampled_from(["all", "any", "none"]),
        st.lists(parts, min_size=1, max_size=3),
    ),
    max_leaves=8,
)


@given(trees, st.sampled_from([*KEYS, "x:4"]), st.booleans(), st.booleans())
@settings(deadline=None)
def test_it_never_holds_for_a_message_of_another(tree, account, parks, verified):
    rules = compile_rules(
        {"default": {"department": "d"}, "rules": [{"name": "R", "department": "r", "condition": tree}]}
    )
    said = "parking" if parks else "hello"
    facts = Facts(
        text=said,
        network="x",
        stream="mentions",
        brand_account=account,
        at=NOW,
        followers=1,
        verified=verified,
    )
    found = brand_accounts.brand_accounts_of_condition(tree)
    if found is not None and account not in found:
        assert decide(facts, rules).department == "d"


HANDLES = {
    f"brand_account x:{key}": f"@{name} on X" for key, name in (("1", "one"), ("2", "two"), ("9", "other"))
}


@pytest.mark.parametrize(
    ("tree", "said"),
    [
        (kept("x:1"), ""),
        (kept("x:1", "x:9"), "It would take messages of “@other on X”, not yours. Leave in “Brand account is” only “@one on X” or “@two on X”."),
        ({"any": [brand("x:1"), WORDS]}, "The word “parking” would be enough alone, whatever the brand account. Choose “all of these match”"),
        ({"all": [WORDS]}, "Add a row “Brand account is” with your own"),
        ({"any": [WORDS]}, "Put “all of these match” around it"),
        ({"none": [brand("x:9")]}, "only excludes things matches messages of every brand account"),
        (WORDS, "It matches messages of every brand account."),
    ],
)  # fmt: skip
def test_what_is_too_wide_says_where_and_what_to_do(tree, said):
    found = brand_accounts.explain_too_wide_condition(tree, {"x:1", "x:2"}, HANDLES)
    assert said in found
    assert bool(found) == bool(said)


# Whose


@pytest.fixture
def own(company):
    return BrandAccountFactory(network="x", remote_id="1", handle="one")


@pytest.fixture
def foreign(company):
    return BrandAccountFactory(network="x", remote_id="9", handle="other")


@pytest.fixture
def community(own, foreign):
    return UserFactory(role=Role.COMMUNITY, first_name="Juno", publishes=[own])


def add(company, by, *keys, name="Parking", department=None):
    return editing.add_rule(RuleContent(name, kept(*keys), department or company.billing), by, "", NOW)


def test_a_rule_kept_to_ones_accounts_may_lead_anywhere_and_stand_anywhere(company, community):
    rule = add(company, community, "x:1")
    assert names() == ["Refunds", "Faults", "Parking"]
    editing.move_rule(rule.key, community, NOW, to=1)
    assert names() == ["Parking", "Refunds", "Faults"]
    editing.move_rule(rule.key, community, NOW, to=3)
    copy = editing.duplicate_rule(rule.key, community, NOW)
    editing.change_rule(copy.key, RuleContent("Other", kept("x:1"), company.service), community, "", NOW)
    editing.switch_rule(copy.key, True, community, NOW)
    assert names() == ["Refunds", "Faults", "Parking", "Other"]
    editing.delete_rule(rule.key, community, NOW)
    editing.restore_rules_version(RuleSetVersion.objects.first().number - 1, community, NOW)
    assert names() == ["Refunds", "Faults", "Parking", "Other"]
    assert RuleSetVersion.objects.first().created_by == community


def test_whoever_wrote_it_a_rule_of_ones_accounts_is_ones_own(company, community):
    rule = add(company, company.manager, "x:1", name="Theirs")
    editing.switch_rule(rule.key, False, community, NOW)
    editing.switch_rule(rule.key, True, company.manager, NOW)
    shared = add(company, company.manager, "x:1", "x:9", name="Shared")
    with pytest.raises(EditNotPermitted):
        editing.switch_rule(shared.key, False, community, NOW)


def test_what_could_take_messages_of_others_is_not_theirs(company, community):
    rule = add(company, community, "x:1")
    number = RuleSetVersion.objects.first().number
    for wide in (WORDS, kept("x:1", "x:9"), {"any": [brand("x:1"), WORDS]}, {"none": [brand("x:9")]}):
        with pytest.raises(ConditionTooWide, match="“Wide” is not limited to your brand accounts"):
            editing.add_rule(RuleContent("Wide", wide, company.billing), community, "", NOW)
        with pytest.raises(ConditionTooWide):
            editing.change_rule(rule.key, RuleContent("Wide", wide, company.billing), community, "", NOW)
    for attempt in (
        lambda: editing.switch_rule(company.refunds.key, False, community, NOW),
        lambda: editing.delete_rule(company.refunds.key, community, NOW),
        lambda: editing.duplicate_rule(company.refunds.key, community, NOW),
        lambda: editing.move_rule(company.refunds.key, community, NOW, to=2),
        lambda: editing.move_rule(company.refunds.key, community, NOW, to=1),
        lambda: editing.change_rule(company.refunds.key, RuleContent("N", kept("x:1"), company.billing), community, "", NOW),
        lambda: editing.set_default_department(company.billing, community, NOW),
        lambda: editing.restore_rules_version(2, community, NOW),
    ):  # fmt: skip
        with pytest.raises(EditNotPermitted):
            attempt()
    assert RuleSetVersion.objects.first().number == number


def test_a_draft_is_held_to_the_same_and_to_the_grants_of_that_moment(company, community):
    drafts.begin_rule_draft(community, NOW)
    with pytest.raises(ConditionTooWide):
        editing.add_rule(RuleContent("Wide", WORDS, company.billing), community, "", NOW)
    rule = add(company, community, "x:1")
    editing.move_rule(rule.key, community, NOW, to=1)
    assert names() == ["Refunds", "Faults"]
    assert drafts.publish_rule_draft(community, "", NOW) is not None
    assert names() == ["Parking", "Refunds", "Faults"]
    drafts.begin_rule_draft(community, NOW)
    editing.switch_rule(rule.key, False, community, NOW)
    BrandAccountGrant.objects.filter(user=community).delete()
    del community.__dict__["_viewer"]
    with pytest.raises(EditNotPermitted):
        drafts.publish_rule_draft(community, "", NOW)
    assert RuleDraft.objects.filter(by=community).exists()
    with pytest.raises(EditNotPermitted):
        drafts.begin_rule_draft(community, NOW)


def test_a_draft_of_another_that_meets_it_keeps_both(company, community):
    drafts.begin_rule_draft(community, NOW)
    rule = add(company, community, "x:1")
    editing.move_rule(rule.key, community, NOW, to=1)
    editing.move_rule(company.faults.key, company.manager, NOW, to=1)
    drafts.publish_rule_draft(community, "", NOW)
    assert sorted(names()) == ["Faults", "Parking", "Refunds"]
    assert names().index("Faults") < names().index("Refunds")


def test_what_a_department_does_with_a_rule_that_was_put_first_for_its_accounts(company, community):
    """A manager may narrow it, end it and move it down, and make it wider only where it takes nobody's messages."""
    manager = UserFactory(role=Role.MANAGER, departments=[company.service])
    rule = add(company, community, "x:1", department=company.service)
    editing.move_rule(rule.key, community, NOW, to=1)
    wide, other = (
        RuleContent("Wide", WORDS, company.service),
        RuleContent("Wide", kept("x:9"), company.service),
    )
    for content in (wide, other):
        with pytest.raises(
            MayNotOvertake, match="“Wide” comes before “Refunds”, a rule of Billing, because it is limited to"
        ):
            editing.change_rule(rule.key, content, manager, "", NOW)
    narrow = {"all": [brand("x:1"), WORDS, {"field": "verified", "is": True}]}
    editing.change_rule(rule.key, RuleContent("Narrow", narrow, company.service), manager, "", NOW)
    editing.switch_rule(rule.key, False, manager, NOW)
    drafts.begin_rule_draft(manager, NOW)
    editing.move_rule(rule.key, manager, NOW, to=2)
    editing.change_rule(rule.key, wide, manager, "", NOW)
    editing.move_rule(rule.key, manager, NOW, to=1)
    with pytest.raises(MayNotOvertake):
        drafts.publish_rule_draft(manager, "", NOW)
    editing.move_rule(rule.key, manager, NOW, to=2)
    drafts.publish_rule_draft(manager, "", NOW)
    assert names() == ["Refunds", "Wide", "Faults"]


def test_below_others_a_department_widens_its_rules_as_it_likes(company):
    manager = UserFactory(role=Role.MANAGER, departments=[company.service])
    rule = add(company, manager, "x:1", department=company.service)
    content = RuleContent("Wide", WORDS, company.service)
    editing.change_rule(rule.key, content, manager, "", NOW)
    assert names() == ["Refunds", "Faults", "Wide"]
    assert precedence.find_widened_pair({"rules": []}, {"rules": []}, bool) is None


def test_departments_and_accounts_of_others_give_nothing(company, community, own):
    assert rule_scope_of(community).brand_accounts == {"x:1"}
    assert edit_scope_of(community).is_empty
    member = UserFactory(role=Role.COMMUNITY, departments=[company.service])
    agent = UserFactory(role=Role.AGENT, publishes=[own])
    manager = UserFactory(role=Role.MANAGER, publishes=[own])
    assert [rule_scope_of(one).is_empty for one in (member, agent, manager)] == [True, True, True]


def test_it_decides_for_messages_of_the_account_alone(company, community):
    rule = add(company, community, "x:1", department=company.billing)
    editing.move_rule(rule.key, community, NOW, to=1)
    for account, decided in (("x:1", "billing"), ("x:9", "service")):
        facts = Facts(
            text="parking", network="x", stream="mentions", brand_account=account, at=NOW, followers=1
        )
        assert decide(facts, versions.live_rules()).department == decided


# Pages


@pytest.fixture
def juno(client, community):
    client.force_login(community)
    return client


def own_form(company, *parts, **more):
    return form(company, ("brand_account", "is", "x:1"), *parts, group="all", **more)


#: What the table of `test_rule_pages` answers for a rule of others, and for one of their own.
ANSWERS = {
    "rule_new": (200, 422),
    "rule_delete": (200, 302),
    "rule_edit": (200, 422),
    "draft_publish": (302, 302),
}


@pytest.mark.parametrize(("method", "name", "has_key"), EDITS)
def test_every_address_for_a_community_manager(juno, company, community, method, name, has_key):
    rule = add(company, community, "x:1")
    if has_key:
        others = getattr(juno, method)(page(name, company.refunds.key), {"direction": "down"})
        assert others.status_code == 404
    answer = getattr(juno, method)(page(name, rule.key) if has_key else page(name), {"direction": "down"})
    barred = 404 if name in ("default_edit", "starter") else ANSWERS.get(name, (302, 302))[method == "post"]
    assert answer.status_code == barred
    assert names()[:2] == ["Refunds", "Faults"]


def test_a_default_that_is_not_set_is_not_theirs_to_set(juno, company, community):
    RoutingDefault.objects.all().delete()
    assert juno.get(page("default_edit")).status_code == 404
    assert juno.post(page("default_edit"), {"department": company.billing.pk}).status_code == 404
    assert "Change the default" not in text(juno.get(page("rule_list")))
    with pytest.raises(EditNotPermitted):
        editing.set_default_department(company.billing, community, NOW)
    assert not RoutingDefault.objects.exists()


@pytest.mark.parametrize("name", ["sla:policy_new", "sla:calendar_new", "playbook:draft", "routing:learning"])
def test_what_is_the_departments_stays_theirs(juno, name):
    from django.urls import reverse

    assert juno.get(reverse(name)).status_code == 404


def test_a_new_rule_begins_kept_to_ones_accounts(juno, company):
    body = squeezed(juno.get(page("rule_new")))
    assert '<input type="checkbox" name="c.0.value" value="x:1" checked> <bdi>@one on X</bdi>' in body
    assert "@other" not in body
    assert '<option value="all" selected>' in body
    assert 'name="c.1.field"' in body
    assert ">Service</option>" in body
    assert "Your rules are limited to your brand accounts" in body


def test_it_is_saved_and_says_that_it_is_asked_last(juno, company):
    answer = juno.post(page("rule_new"), own_form(company, words("parking")), follow=True)
    body = text(answer)
    assert (
        "“Parking” is saved and live, at place 3: the rules above it are checked first. Move it up where it should come before others."
        in body
    )
    assert "is to @one on X" in body
    assert "You can change rules that apply only to your brand accounts" in body
    assert "Move Parking up" in body
    assert "Move Faults up" not in body
    assert "Change the default" not in body
    assert page("learning") not in body
    assert "brand account “@one on X”" in text(juno.get(page("versions")))


def test_one_that_is_too_wide_is_kept_as_typed_and_says_why(juno, company):
    before = latest()
    answer = juno.post(page("rule_new"), form(company, words("parking")))
    assert answer.status_code == 422
    assert "“Parking” is not limited to your brand accounts." in text(answer)
    assert ">parking</textarea>" in text(answer)
    mixed = form(company, ("brand_account", "is", "x:1"), words("parking"))
    assert "The word “parking” would be enough alone" in text(juno.post(page("rule_new"), mixed))
    tree = form(company, mode="tree", tree=json.dumps(kept("x:1", "x:9")))
    assert "It would take messages of “@other on X”, not yours." in text(juno.post(page("rule_new"), tree))
    assert latest() == before


def test_too_wide_is_said_while_it_is_written(juno, company):
    said = text(juno.post(page("rule_new"), form(company, words("parking")) | {"do": "look"}))
    assert "<b>Wrong</b> <bdi>Not limited to your brand accounts." in said
    said = text(juno.post(page("rule_new"), own_form(company, words("parking")) | {"do": "look"}))
    assert "Not limited to your brand accounts." not in said


def test_moving_below_others_is_not_asked_about_since_it_can_be_taken_back(juno, company, community):
    rule = add(company, community, "x:1")
    juno.post(page("rule_move", rule.key), {"to": "1"})
    assert names()[0] == "Parking"
    assert juno.post(page("rule_move", rule.key), {"direction": "down"}).status_code == 302
    assert names() == ["Refunds", "Parking", "Faults"]


def test_going_back_is_offered_for_versions_that_change_ones_own_rules_alone(juno, company, community):
    add(company, community, "x:1")
    add(company, community, "x:1", name="Second")
    body = text(juno.get(page("versions")))
    assert "Go back to version 4" in body
    assert "Go back to version 3" in body
    assert "Go back to version 2" not in body


def test_a_draft_is_tried_before_it_is_published(juno, company, community):
    from django.urls import reverse

    juno.post(page("rule_new"), own_form(company, words("parking"), draft="1"))
    assert names() == ["Refunds", "Faults"]
    assert juno.post(reverse("inbox:preview_start")).status_code == 302
    assert RulePreview.objects.filter(by=community).count() == 1
    assert "brand account “@one on X”" in text(juno.get(page("draft_publish")))
    juno.post(page("draft_publish"), {"note": "Try"})
    assert names() == ["Refunds", "Faults", "Parking"]
