"""A manager writes a rule, tries it on what came in, publishes it, and the next post goes where it says."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import Department, Role
from inbox.ingest.page import store_page
from inbox.models import Case, RulePreview
from inbox.previews import run
from routing.models import Rule
from routing.rules import editing, versions
from routing.rules.editing import RuleContent
from routing.rules.starter import STARTER_DEPARTMENTS
from tests.factories import CaseFactory, MessageFactory, UserFactory
from tests.inbox.fake_connector import message, page
from tests.inbox.leased_streams import leased_stream

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def rules(company):
    now = timezone.now()
    editing.set_default_department(company.service, None, now)
    words = {"field": "words", "any": ["invoice"]}
    editing.add_rule(RuleContent("Invoices", {"any": [words]}, company.billing), None, "", now)
    editing.add_rule(
        RuleContent("Thanks", {"field": "words", "any": ["thanks"]}, company.service), None, "", now
    )
    case = CaseFactory(department=company.service, brand_account=company.brand)
    MessageFactory(case=case, text="I was charged twice!", network_time=now - dt.timedelta(days=1))
    versions.clear_rules_cache()
    return company


def test_write_a_rule_try_it_publish_it_and_see_it_route(rules, open_page):
    browser = open_page("mara", "/rules/new/")
    browser.fill("[name=name]", "Double charges")
    browser.fill("[name='c.0.value']", "charged twice")
    expect(browser.locator("#said")).to_contain_text("says “charged twice”")
    browser.get_by_role("button", name="+ Condition").click()
    browser.select_option("[name='c.1.field']", "network")
    browser.check("[name='c.1.value'][value=x]")
    browser.select_option("[name='c.group']", "all")
    browser.select_option("#id_department", str(rules.billing.pk))
    expect(browser.locator("#said")).to_contain_text("and is on X")
    expect(browser.locator("#said")).to_contain_text("Billing")
    chip = browser.locator("#said .chip.dept").bounding_box()
    assert chip is not None
    assert chip["width"] < 100, "as wide as its word, within the sentence"
    expect(browser.locator("[name='c.0.value']")).to_have_value("charged twice")
    browser.get_by_role("button", name="Save as a draft").click()
    expect(browser.locator("#draft")).to_contain_text("Added “Double charges”")
    assert not Rule.objects.filter(name="Double charges").exists()

    browser.get_by_role("button", name="Try on the last 30 days").click()
    expect(browser.locator("#preview-body")).to_contain_text("Waiting for a worker")
    assert run.work_on_preview(RulePreview.objects.get().pk) is False
    expect(browser.locator("#preview-body")).to_contain_text("100%")
    expect(browser.locator(".move")).to_contain_text("I was charged twice!")
    expect(browser.locator("table")).to_contain_text("Billing")

    browser.get_by_role("link", name="Publish…").click()
    browser.fill("[name=note]", "Charges belong to billing")
    browser.get_by_role("button", name="Publish now").click()
    expect(browser.get_by_text("Published as version 4.")).to_be_visible()

    versions.clear_rules_cache()
    stream = leased_stream(brand_account=rules.brand)
    store_page(stream, stream.lease_token, page([message("77", "You charged twice")]), timezone.now())
    case = Case.objects.get(messages__canonical_id="77")
    assert case.department == rules.billing
    browser.goto(f"/cases/{case.pk}/")
    expect(browser.locator("#case-side")).to_contain_text("rule “Double charges”, version 4")
    assert [line for line in browser.said if "Security" in line or "Error" in line] == []


def test_words_that_come_late_do_not_stay(rules, open_page):
    """The answer to a choice in the condition comes after that to a later choice beside it."""
    browser = open_page("mara", "/rules/new/")
    held = []

    def hold(route):
        late = route.request.headers.get("hx-target") == "condition"
        held.append(route) if late else route.continue_()

    browser.fill("[name='c.0.value']", "charged twice")
    # A field that is taken away while somebody types in it says once more that it changed.
    browser.locator("[name='c.0.value']").blur()
    expect(browser.locator("#said")).to_contain_text("says “charged twice”")
    browser.route("**/rules/new/", hold)
    browser.select_option("[name='c.group']", "all")
    browser.select_option("#id_department", str(rules.billing.pk))
    expect(browser.locator("#said")).to_contain_text("Billing")
    browser.evaluate("document.getElementById('condition').dataset.old = 'yes'")
    held.pop().continue_()
    expect(browser.locator("#condition[data-old]")).to_have_count(0)
    expect(browser.locator("#said")).to_contain_text("Billing")


def test_rules_are_moved_by_keys_and_by_hand(rules, open_page):
    browser = open_page("mara", "/rules/")
    order = lambda: list(Rule.objects.values_list("name", flat=True))  # noqa: E731
    browser.locator(".rule h2 a", has_text="Thanks").focus()
    browser.keyboard.press("Alt+ArrowUp")
    expect(browser.get_by_text("“Thanks” is at place")).to_be_visible()
    assert order() == ["Thanks", "Invoices"]
    expect(browser.locator(".rule h2 a", has_text="Thanks")).to_be_focused()

    # The page says that it is moved already: only the next one may be believed.
    browser.evaluate("document.body.dataset.old = 'yes'")
    grip = browser.locator(".rule", has_text="Thanks").locator(".grip").bounding_box()
    below = browser.locator(".rule", has_text="Invoices").bounding_box()
    browser.mouse.move(grip["x"] + 5, grip["y"] + 5)
    browser.mouse.down()
    browser.mouse.move(below["x"] + 20, below["y"] + below["height"] - 3, steps=6)
    browser.mouse.up()
    expect(browser.locator("body[data-old]")).to_have_count(0)
    expect(browser.get_by_text("“Thanks” is at place")).to_be_visible()
    assert order() == ["Invoices", "Thanks"]


def test_a_nested_condition_is_written_without_a_script(rules, open_page):
    browser = open_page("mara", "/rules/", java_script_enabled=False)
    browser.goto("/rules/new/")
    browser.fill("[name=name]", "Nested")
    browser.fill("[name='c.0.value']", "press")
    browser.locator("button[value='group c']").click()
    browser.select_option("[name='c.1.0.field']", "followers")
    browser.get_by_role("button", name="Update the fields").click()
    # Until then it is the words' field of the same name.
    expect(browser.locator("input[name='c.1.0.value']")).to_be_visible()
    browser.fill("[name='c.1.0.value']", "1,000")
    browser.locator("button[value='row c.1']").click()
    browser.fill("[name='c.1.1.value']", "editor")
    browser.get_by_role("button", name="Save and publish").click()
    expect(browser.get_by_text("“Nested” is saved and live")).to_be_visible()
    assert Rule.objects.get(name="Nested").condition == {
        "any": [
            {"field": "words", "any": ["press"]},
            {"all": [{"field": "followers", "gte": 1000}, {"field": "words", "any": ["editor"]}]},
        ]
    }


def test_a_condition_is_built_with_the_keyboard_alone(rules, open_page):
    browser = open_page("mara", "/rules/new/")
    press = browser.keyboard.press
    browser.fill("[name='c.0.value']", "press")
    browser.get_by_role("button", name="+ Condition").focus()
    press("Enter")
    expect(browser.locator("[name='c.1.field']")).to_be_focused()
    browser.get_by_role("button", name="+ Group").focus()
    press("Enter")
    expect(browser.locator("[name='c.2.0.field']")).to_be_focused()
    browser.locator("button[value='drop c.1']").focus()
    press("Enter")
    expect(browser.locator("[name='c.1.group']")).to_be_focused()
    browser.locator("button[value='drop c.1']").focus()
    press("Enter")
    expect(browser.locator("[name='c.0.field']")).to_be_focused()
    press("Tab")
    press("Tab")
    expect(browser.locator("[name='c.0.value']")).to_be_focused()
    browser.locator("button[value='drop c.0']").focus()
    press("Enter")
    expect(browser.locator("[name='c.group']")).to_be_focused()


def test_the_menu_of_a_rule_moves_it_and_closes_on_escape(rules, open_page):
    browser = open_page("mara", "/rules/")
    opener = browser.locator(".rule", has_text="Thanks").locator("summary")
    opener.click()
    expect(browser.get_by_role("button", name="Move Thanks up")).to_be_visible()
    browser.keyboard.press("Tab")
    browser.keyboard.press("Escape")
    expect(browser.get_by_role("button", name="Move Thanks up")).to_be_hidden()
    expect(opener).to_be_focused()
    browser.keyboard.press("Enter")
    browser.locator("h1").click()
    expect(browser.get_by_role("button", name="Move Thanks up")).to_be_hidden()
    opener.click()
    browser.get_by_role("button", name="Move Thanks up").click()
    expect(browser.get_by_text("“Thanks” is at place")).to_be_visible()
    assert list(Rule.objects.values_list("name", flat=True)) == ["Thanks", "Invoices"]


def test_nine_starter_rules_fit_a_screen_and_a_list_is_edited_from_one(company, open_page):
    departments = {
        slug: Department.objects.get_or_create(slug=slug, defaults={"name": name})[0]
        for slug, name in STARTER_DEPARTMENTS.items()
    }
    versions.install_starter_rules(departments, "service", timezone.now())
    UserFactory(username="ada", role=Role.ADMINISTRATOR)
    browser = open_page("ada", "/rules/", viewport={"width": 1440, "height": 900})
    rows = browser.locator("#rules > .rule").evaluate_all(
        "rows => rows.map(row => [row.getBoundingClientRect().bottom, row.querySelector('.condition').scrollHeight / "
        "parseFloat(getComputedStyle(row.querySelector('.condition')).lineHeight)])"
    )
    assert len(rows) == 18
    assert sum(bottom <= 900 for bottom, _ in rows) >= 9
    assert max(lines for _, lines in rows) < 2.2, "two lines of text at most"

    browser.get_by_role("link", name="Word lists").click()
    browser.get_by_role("link", name="Faults and outages", exact=True).click()
    browser.locator("summary", has_text="German").click()
    browser.get_by_label("German", exact=True).press("Control+Home")
    browser.keyboard.type("kesselbruch\n")
    browser.fill("#try_text", "Ein Kesselbruch!")
    browser.get_by_role("button", name="Try without saving").click()
    expect(browser.locator("#try")).to_contain_text("(“kesselbruch”)")
    browser.get_by_role("button", name="Save and publish").click()
    expect(browser.get_by_text("“faults and outages” is saved and live.")).to_be_visible()
    browser.set_viewport_size({"width": 390, "height": 844})
    assert browser.evaluate("document.documentElement.scrollWidth") == 390
