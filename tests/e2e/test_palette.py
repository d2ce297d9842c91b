"""The palette in a real browser: what the page offers, by its name and without a mouse."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from inbox.models import Case, Status
from tests.e2e.moments import until
from tests.e2e.soundness import SCHEMES, sound
from tests.factories import CannedAnswerFactory, CaseFactory, IdentityFactory, MessageFactory

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
#: Every button of the case's pane, by what it is announced as.
_BUTTONS = """() => [...document.querySelectorAll("#case button, #case summary")]
  .filter((one) => !one.disabled && !one.closest("[hidden], .canned"))
  .map((one) => { const copy = one.cloneNode(true); for (const part of copy.querySelectorAll("kbd, [aria-hidden], .n")) part.remove();
    return one.getAttribute("aria-label") || copy.textContent.replace(/\\s+/g, " ").trim(); })"""
_OFFERED = "() => horseshoe.offered.listActs().map(({ name }) => name)"


def a_case(company, text="Where is my marmalade?", **columns):
    case = CaseFactory(department=company.service, brand_account=company.brand, preview=text, **columns)
    MessageFactory(case=case, text=text, language="en")
    return case


def ask(page, words):
    page.keyboard.press("Control+k")
    expect(page.locator("#palette-words")).to_be_focused()
    page.keyboard.type(words)


def test_an_act_is_done_by_its_name_and_the_focus_returns(company, open_page):
    case = a_case(company)
    page = open_page("sana", f"/cases/{case.pk}/")
    expect(page.locator("#answer")).to_be_visible()
    page.keyboard.press("r")
    expect(page.locator("#answer")).to_be_focused()
    page.keyboard.press("Control+k")
    first = page.locator("#palette-list [role=option]").first
    expect(first).to_have_attribute("aria-selected", "true")
    expect(page.locator("#palette-words")).to_have_attribute("aria-activedescendant", "palette-0")
    sound(page, *SCHEMES)
    page.keyboard.press("Escape")
    expect(page.locator("#answer")).to_be_focused()

    ask(page, "take it")
    expect(first).to_contain_text("Take it")
    expect(first.locator("kbd")).to_have_text("A")
    page.keyboard.press("Enter")
    expect(page.locator("#case-side")).to_contain_text("(you)")
    case.refresh_from_db()
    assert case.assignee_id == company.agent.pk

    # Somebody still has to say why: the palette opens the form and leads into its field.
    ask(page, "dismiss without")
    expect(first).to_contain_text("Dismiss without an answer")
    page.keyboard.press("Enter")
    expect(page.locator("#dismiss-reason")).to_be_focused()
    page.keyboard.press("Escape")

    ask(page, "resolve")
    page.keyboard.press("Enter")
    until(page, lambda: Case.objects.get(pk=case.pk).status == Status.RESOLVED)


def test_every_button_of_a_case_is_in_the_palette(company, open_page):
    case = a_case(company)
    page = open_page("mara", f"/cases/{case.pk}/")
    expect(page.locator("#answer")).to_be_visible()
    offered = page.evaluate(_OFFERED)
    missing = [name for name in page.evaluate(_BUTTONS) if not any(each.endswith(name) for each in offered)]
    assert missing == []


def test_cases_customers_pages_and_canned_answers_are_found(company, open_page):
    case = a_case(company)
    maren = IdentityFactory(handle="maren_bakes")
    other = a_case(company, "The zwieback was stale.", identity=maren)
    CannedAnswerFactory(
        title="We are sorry", shortcut="sorry", owner=company.agent, texts={"en": "So sorry."}
    )
    page = open_page("sana", f"/cases/{case.pk}/")
    expect(page.locator("#answer")).to_be_visible()
    options = page.locator("#palette-list [role=option]")
    ask(page, "we are so")
    expect(options.first).to_contain_text("We are sorry")
    page.keyboard.press("Enter")
    expect(page.locator("#answer")).to_have_value("So sorry.")
    expect(page.locator("#answer")).to_be_focused()

    ask(page, "zwieb")
    expect(options.first).to_contain_text("The zwieback was stale.")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/cases/{other.pk}/")
    ask(page, str(case.pk))
    expect(options.first).to_contain_text(f"Case {case.pk}:")
    page.keyboard.press("Escape")
    ask(page, "word lis")
    expect(options.first).to_contain_text("Word lists")
    page.keyboard.press("Enter")
    page.wait_for_url("**/rules/words/")

    # On a page without cases, too; and what is not there is said not to be.
    ask(page, "qqzz")
    expect(page.locator("#palette-said")).to_contain_text("Nothing found for “qqzz”")
    page.keyboard.press("Escape")
    page.context.set_offline(True)
    ask(page, "zwieback")
    expect(page.locator("#palette-said")).to_contain_text("no connection to the server")


def test_only_the_latest_answer_counts(company, open_page):
    case = a_case(company)
    page = open_page("sana", f"/cases/{case.pk}/")
    late = []
    page.route("**/go/found/?q=marm", lambda route: late.append(route))
    ask(page, "marm")
    page.wait_for_timeout(300)
    page.keyboard.type("xyz")
    expect(page.locator("#palette-said")).to_contain_text("Nothing found for “marmxyz”")
    for route in late:
        route.continue_()
    page.wait_for_timeout(300)
    expect(page.locator("#palette-said")).to_contain_text("Nothing found for “marmxyz”")


def test_with_cases_selected_the_palette_acts_on_all_of_them(company, open_page):
    cases = [a_case(company) for _ in range(3)]
    page = open_page("mara", "/")
    page.keyboard.press("x")
    page.keyboard.press("Shift+j")
    expect(page.locator("[data-selected]")).to_have_text("2 selected")
    ask(page, "resolve")
    first = page.locator("#palette-list [role=option]").first
    expect(first).to_contain_text("Resolve")
    expect(first).to_contain_text("2 selected")
    page.keyboard.press("Enter")
    resolved = Case.objects.filter(pk__in=[case.pk for case in cases], status=Status.RESOLVED)
    until(page, lambda: resolved.count() == 2)
