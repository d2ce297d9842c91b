"""A rule that a community manager publishes is told to the managers of the department that it leads to, once."""

from __future__ import annotations

import types

import pytest
from django.urls import reverse

from accounts.models import Role
from inbox.models import Notice, NoticeKind
from routing.models import RuleSetVersion
from routing.rules import drafts, editing, versions
from routing.rules.editing import RuleContent
from tests.factories import NOW, BrandAccountFactory, DepartmentFactory, UserFactory
from tests.inbox.page_requests import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def firm():
    versions.clear_rules_cache()
    service, billing = DepartmentFactory(name="Service"), DepartmentFactory(name="Billing")
    account = BrandAccountFactory(network="x", remote_id="1", handle="kettle")
    editing.set_default_department(service, None, NOW)
    yield types.SimpleNamespace(
        service=service,
        billing=billing,
        juno=UserFactory(role=Role.COMMUNITY, first_name="Juno", last_name="Park", publishes=[account]),
        mara=UserFactory(role=Role.MANAGER, departments=[billing]),
        other=UserFactory(role=Role.MANAGER, departments=[service]),
        agent=UserFactory(role=Role.AGENT, departments=[billing]),
        gone=UserFactory(role=Role.MANAGER, departments=[billing], is_active=False),
        admin=UserFactory(role=Role.ADMINISTRATOR),
    )
    versions.clear_rules_cache()


def content(department, word="parking", name="Parking", **more):
    kept = {"all": [{"field": "brand_account", "is": ["x:1"]}, {"field": "words", "any": [word]}]}
    return RuleContent(name, kept, department, **more)


def told():
    return sorted(Notice.objects.values_list("user__pk", "text"))


def test_the_managers_are_told_which_rule_leads_to_them(firm):
    editing.add_rule(content(firm.billing), firm.juno, "", NOW)
    [(person, said)] = told()
    assert person == firm.mara.pk
    assert said.startswith("Juno Park published the rule “Parking”: it sends messages for “")
    assert "kettle" in said
    assert said.endswith(" to Billing.")
    notice = Notice.objects.get()
    assert (notice.kind, notice.rules_version, notice.case) == (NoticeKind.RULE, 2, None)


def test_a_department_without_a_manager_is_the_administrators(firm):
    empty = DepartmentFactory(name="Museum")
    editing.add_rule(content(empty), firm.juno, "", NOW)
    assert [person for person, _ in told()] == [firm.admin.pk]


def test_a_draft_is_told_when_it_is_published_once_a_department(firm):
    drafts.begin_rule_draft(firm.juno, NOW)
    for name in ("One", "Two"):
        editing.add_rule(content(firm.billing, name=name, word=name), firm.juno, "", NOW)
    editing.add_rule(content(firm.service, name="Three", word="three"), firm.juno, "", NOW)
    assert told() == []
    drafts.publish_rule_draft(firm.juno, "", NOW)
    said = dict(told())
    assert set(said) == {firm.mara.pk, firm.other.pk}
    assert "published the rules “One” and “Two”: they send messages" in said[firm.mara.pk]
    assert "the rule “Three”" in said[firm.other.pk]


def test_it_is_told_again_when_it_says_something_else_and_not_when_it_moves_or_ends(firm):
    first = editing.add_rule(content(firm.billing), firm.juno, "", NOW)
    editing.add_rule(content(firm.service, name="Below", word="below"), firm.juno, "", NOW)
    Notice.objects.all().delete()
    editing.move_rule(first.key, firm.juno, NOW, to=2)
    editing.switch_rule(first.key, False, firm.juno, NOW)
    assert told() == []
    editing.switch_rule(first.key, True, firm.juno, NOW)
    editing.change_rule(first.key, content(firm.billing, word="barrier"), firm.juno, "", NOW)
    assert [person for person, _ in told()] == [firm.mara.pk, firm.mara.pk]
    editing.change_rule(first.key, content(firm.service, word="barrier"), firm.juno, "", NOW)
    assert [person for person, _ in told()].count(firm.other.pk) == 1
    editing.delete_rule(first.key, firm.juno, NOW)
    assert len(told()) == 3


def test_rules_of_others_tell_nobody(firm):
    editing.add_rule(content(firm.billing), firm.mara, "", NOW)
    editing.add_rule(content(firm.billing), firm.admin, "", NOW)
    editing.add_rule(content(firm.billing), None, "", NOW)
    assert told() == []


def test_it_opens_the_version_and_what_it_changed(firm):
    editing.add_rule(content(firm.billing), firm.juno, "", NOW)
    number = RuleSetVersion.objects.first().number
    editing.add_rule(content(firm.billing, name="Later"), firm.admin, "", NOW)
    browser = signed_in(firm.mara)
    page = browser.get(reverse("inbox:notices")).content.decode()
    assert "New rule" in page
    assert reverse("inbox:notice_open", args=[Notice.objects.get().pk]) in page
    answer = browser.post(reverse("inbox:notice_open", args=[Notice.objects.get().pk]))
    assert answer["Location"] == f"{reverse('routing:versions')}?before={number + 1}#version-{number}"
    shown = browser.get(answer["Location"]).content.decode()
    assert f'id="version-{number}"' in shown
    assert "Added “Parking”" in shown
    assert "Later" not in shown
    assert Notice.objects.get().read_at is not None
