"""A misroute corrected with one key, a bounce taken back, in a real browser."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from inbox.cases import verbs
from inbox.models import Case, Custody
from tests.e2e.moments import up_to_date
from tests.e2e.soundness import sound
from tests.e2e.test_inbox import arrive, listening

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def picture(page, name):
    """A screenshot for whoever wants to look: SCREENSHOTS names the folder."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png")


def test_a_misroute_is_corrected_with_one_key(company, open_page):
    case, _ = arrive(company, "You charged me twice")
    page = listening(open_page("sana", f"/cases/{case.pk}/"))
    picture(page, "case-accepted-light")
    page.locator("#case-bar h2").focus()
    page.keyboard.press("w")
    expect(page.locator(".chooser")).to_contain_text("Billing")
    picture(page, "chooser-light")
    page.keyboard.press("Escape")
    expect(page.locator(".chooser")).to_have_count(0)
    page.keyboard.press("d")
    expect(page.locator("#dismiss-reason")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#dismiss-reason")).to_be_hidden()
    page.locator("summary[aria-label='Dismiss, split, merge or link']").click()
    expect(page.locator("#dismiss-reason")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("w")
    expect(page.locator(".chooser")).to_be_visible()
    page.keyboard.press("2")
    expect(page.get_by_text("Handed over to Billing.")).to_be_visible()
    held = Custody.objects.get(case=case, left_at__isnull=True)
    assert (held.department, held.wrong_department) == (company.billing, True)
    assert page.url.endswith("/")
    assert [line for line in page.said if "Error" in line or "Content Security" in line] == []


def test_a_bounce_is_taken_back(company, open_page):
    case, _ = arrive(company)
    verbs.hand_over_case(case.pk, company.agent, company.billing, "A charge, twice", now=timezone.now())
    page = open_page("mara", f"/cases/{case.pk}/")
    expect(page.locator("#case-hand-over")).to_contain_text("to Billing")
    picture(page, "case-arrived-light")
    sound(page)
    page.locator("#case-bar h2").focus()
    page.keyboard.press("b")
    expect(page.locator("#case-notice")).to_contain_text("Handed over to Customer service.")
    expect(page.locator("#case-bar")).to_contain_text("⇄ came back")
    picture(page, "case-bounced-light")
    page.keyboard.press("z")
    expect(page.locator("#case-notice")).to_contain_text("Undone.")
    assert Case.objects.get(pk=case.pk).department == company.billing
    page.locator("#case-bar h2").focus()
    page.keyboard.press("y")
    expect(page.locator("#case-notice")).to_contain_text("Accepted")
    expect(page.locator("#case-hand-over")).to_be_hidden()
    assert Custody.objects.get(case=case, left_at__isnull=True).accepted_by == company.manager


def test_a_refresh_leaves_the_undo_where_it_is(company, open_page):
    case, _ = arrive(company)
    verbs.hand_over_case(case.pk, company.agent, company.billing, "A charge, twice", now=timezone.now())
    page = open_page("mara", f"/cases/{case.pk}/")
    page.locator("#case-bar h2").focus()
    page.keyboard.press("b")
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    with page.expect_response("**/thread/*"):
        page.evaluate("document.dispatchEvent(new CustomEvent('horseshoe:case'))")
    up_to_date(page)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#case-notice")).to_contain_text("Undone.")


def test_an_undo_is_offered_for_ten_seconds(company, open_page):
    case, _ = arrive(company)
    page = open_page("mara", f"/cases/{case.pk}/")
    page.keyboard.press("w")
    expect(page.locator(".chooser")).to_be_visible()
    page.keyboard.press("2")
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    expect(page.get_by_role("button", name="Undo")).to_be_hidden()


def test_it_works_without_scripts_and_on_a_phone(company, open_page):
    case, _ = arrive(company)
    verbs.hand_over_case(case.pk, company.agent, company.billing, "A charge, twice", now=timezone.now())
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "color_scheme": "dark"}
    page = open_page("mara", f"/cases/{case.pk}/", java_script_enabled=False, **phone)
    picture(page, "phone-arrived-dark")
    page.get_by_role("link", name="Wrong department").click()
    picture(page, "phone-chooser-dark")
    page.get_by_role("button", name="Customer service").click()
    expect(page.get_by_text("Handed over to Customer service.")).to_be_visible()
    picture(page, "phone-undo-dark")
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="We have it").click()
    expect(page.get_by_role("button", name="We have it")).to_have_count(0)
    assert Custody.objects.get(case=case, left_at__isnull=True).accepted_by == company.manager
