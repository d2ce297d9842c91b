"""What rules name is said as people know it: brand accounts by handle and network, departments, people and skills by name."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.models import Role, Skill
from routing.facts import Facts
from routing.models import RuleSetVersion
from routing.rules import drafts, editing, versions
from routing.rules.editing import RuleContent
from routing.rules.history import describe_ruleset_changes
from routing.rules.names import load_display_names
from tests.factories import NOW, BrandAccountFactory, UserFactory

OURS = {"field": "brand_account", "is": ["x:9000"]}
HELPED = {"field": "previous_department", "is": ["billing"]}


@pytest.fixture
def account(company):
    return BrandAccountFactory(network="x", remote_id="9000", handle="yourbrand")


def facts(account="x:9000", **more):
    return Facts("hello", "x", "mentions", account, NOW, **more)


def latest():
    return RuleSetVersion.objects.first()


def add(company, *conditions, by=None, name="Ours", **more):
    return editing.add_rule(
        RuleContent(name, {"any": list(conditions)}, company.billing, **more), by, "", NOW
    )


def test_the_reason_names_the_account_and_a_version_says_it_alone(company, account):
    add(company, OURS, HELPED)
    assert latest().snapshot["names"] == {
        "brand_account x:9000": "@yourbrand on X",
        "previous_department billing": "Billing",
    }
    said = versions.replay_decision(facts(), latest().number).reasons
    assert said[0].startswith("Brand account “@yourbrand on X” → Billing")
    helped = versions.replay_decision(facts("x:1", previous_department="billing"), latest().number).reasons
    assert helped[0].startswith("A customer last helped by “Billing” → Billing")
    account.handle = "renamed"
    account.save()
    versions.clear_rules_cache()
    assert versions.replay_decision(facts(), latest().number).reasons == said


def test_what_is_not_there_any_more_keeps_its_key(company):
    add(company, OURS)
    assert "names" not in latest().snapshot
    assert (
        versions.replay_decision(facts(), latest().number).reasons[0].startswith("Brand account “x:9000” →")
    )


def test_rules_that_name_nothing_keep_no_names_and_cost_no_statement(company, django_assert_num_queries):
    from routing.rules.store import self_contained_snapshot

    assert "names" not in latest().snapshot
    content = {"default": None, "rules": latest().snapshot["rules"]}
    with django_assert_num_queries(0):
        assert self_contained_snapshot(content) == content
    broken = [None, {"field": "brand_account"}, {"any": "x"}, {"all": [7]}]
    content = {"default": None, "rules": [{"condition": one} for one in broken]}
    assert self_contained_snapshot(content) == content


def test_a_draft_is_published_with_them(company, account):
    drafts.begin_rule_draft(company.manager, NOW)
    add(company, OURS, by=company.manager)
    drafts.publish_rule_draft(company.manager, "", NOW)
    assert latest().snapshot["names"] == {"brand_account x:9000": "@yourbrand on X"}
    assert versions.publish_rules(company.manager, "Nothing", NOW) is None


def test_versions_say_each_account_person_and_skill_by_name(company, account):
    BrandAccountFactory(network="facebook", remote_id="7", handle="Kettle", name="Kettle")
    Skill.objects.create(slug="coffee", name="Coffee machines")
    maria = company.manager
    rule = add(company, OURS)
    before = latest().snapshot
    both = {"any": [{"field": "brand_account", "is": ["x:9000", "facebook:7"]}]}
    editing.change_rule(
        rule.key, RuleContent("Ours", both, company.billing, person=maria.username), None, "", NOW
    )
    assert describe_ruleset_changes(before, latest().snapshot, load_display_names()) == [
        "“Ours”: person anybody → Maria Berg; condition now with brand account “Kettle on Facebook”"
    ]
    before = latest().snapshot
    editing.change_rule(rule.key, RuleContent("Ours", both, company.billing, skill="coffee"), None, "", NOW)
    [line] = describe_ruleset_changes(before, latest().snapshot, load_display_names())
    assert "person Maria Berg → anybody" in line
    assert "skill none → Coffee machines" in line


def test_the_list_says_people_and_skills_by_name(client, company, account):
    Skill.objects.create(slug="coffee", name="Coffee machines")
    add(company, OURS, person=company.manager.username)
    add(company, OURS, name="Machines", skill="coffee")
    client.force_login(UserFactory(role=Role.ADMINISTRATOR))
    body = client.get(reverse("routing:rule_list")).content.decode()
    assert '<span class="chip">For <bdi>Maria Berg</bdi></span>' in body
    assert '<span class="chip">Needs <bdi>Coffee machines</bdi></span>' in body
