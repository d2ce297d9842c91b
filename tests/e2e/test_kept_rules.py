"""Forms of rules, word lists and the playbook, left by accident: what was typed is kept, and given back with its rows."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import Role
from routing.models import Rule
from routing.playbook import versions
from routing.rules import editing
from routing.rules.edits import with_word_list
from tests.factories import UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page(company, open_page):
    """The page of an administrator where there are rules, a word list and a draft of the playbook."""
    admin, now = UserFactory(username="ada", role=Role.ADMINISTRATOR), timezone.now()
    editing.set_default_department(company.service, None, now)
    leaks = {"name": "leaks", "words": {"en": ["leak"]}}
    editing.apply_rule_edit(None, "", now, lambda content: with_word_list(content, "leaks", leaks))
    versions.install_starter_playbook(admin, now)
    versions.begin_playbook_draft(admin, now)
    page = open_page("ada", "/rules/new/")
    page.on("dialog", lambda dialog: dialog.accept())
    return page


def test_a_rule_is_put_back_with_its_conditions_and_forgotten_once_saved(company, page):
    page.fill("[name=name]", "Lids that jump")
    page.fill("[name='c.0.value']", "jumping lid")
    page.get_by_role("button", name="+ Condition").click()
    page.select_option("[name='c.1.field']", "network")
    page.check("[name='c.1.value'][value=x]")
    page.goto("/notices/")
    page.goto("/rules/new/")
    offer = page.locator(".rule-form .given-back")
    expect(offer).to_contain_text("Lids that jump · jumping lid")
    assert page.locator("[name=name]").input_value() == "", "it is offered, not forced on somebody"
    offer.get_by_role("button", name="Put it back").click()
    expect(page.locator("#condition [name='c.1.value'][value=x]")).to_be_checked()
    expect(page.locator("#condition [name='c.0.value']")).to_have_value("jumping lid")
    assert not Rule.objects.exists(), "nothing is saved by it"
    page.reload()
    page.locator(".given-back").get_by_role("button", name="Put it back").click()
    expect(page.locator("input[name=name]")).to_have_value("Lids that jump")
    page.get_by_role("button", name="Save and publish").click()
    expect(page.locator("#messages .success")).to_be_visible()
    assert len(Rule.objects.get().condition["any"]) == 2
    page.goto("/rules/new/")
    expect(page.locator(".rule-form")).to_be_visible()
    assert page.locator(".given-back").count() == 0


def test_a_word_list_and_a_question_of_the_playbook_are_given_back(company, page):
    page.goto("/rules/words/leaks/")
    page.locator("[name=words_en]").fill("leak\ndrip")
    page.reload()
    expect(page.locator("[name=words_en]")).to_have_value("leak\ndrip")
    expect(page.locator("#word-list .given-back")).to_contain_text("It is not saved yet.")
    page.locator(".given-back").get_by_role("button", name="Discard").click()
    expect(page.locator("[name=words_en]")).to_have_value("leak")

    page.goto("/playbook/draft/questions/new/")
    page.locator("[name=text]").fill("Is the lid off?")
    page.locator("[name=answer-0-text]").fill("It is")
    page.get_by_role("button", name="Another answer").click()
    page.locator("[name=answer-1-text]").fill("It is not")
    page.reload()
    page.locator(".given-back").get_by_role("button", name="Put it back").click()
    expect(page.locator("input[name=answer-1-text]")).to_have_value("It is not")
    expect(page.locator("input[name=answer-0-text]")).to_have_value("It is")
    expect(page.locator("input[name=text]")).to_have_value("Is the lid off?")
