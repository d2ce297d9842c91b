"""Snoozing by keyboard, and an answer that goes out later, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.soundness import SCHEMES, sound
from tests.factories import CaseFactory, MessageFactory

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def test_by_keyboard_out_of_the_list_and_back_and_an_answer_for_tomorrow(company, open_page):
    case = CaseFactory(department=company.service, brand_account=company.brand, preview="Where is my parcel?")
    MessageFactory(case=case)
    page = open_page("sana", f"/cases/{case.pk}/")
    sheet = page.locator("#case-bar .sheet.moments")
    page.keyboard.press("s")
    expect(sheet.get_by_role("button", name="In 2 hours")).to_be_focused()
    expect(sheet).to_contain_text("It comes back at once if the customer writes.")
    sound(page, *SCHEMES)
    page.keyboard.press("1")
    expect(page.locator("#rail").get_by_role("link", name="Snoozed 1")).to_be_visible()
    expect(page.locator("#case-bar")).to_contain_text("snoozed until")
    page.keyboard.press("z")
    expect(page.locator("#case-bar")).not_to_contain_text("snoozed until")
    expect(page.locator("#rail").get_by_role("link", name="Snoozed 0")).to_be_visible()

    page.locator("#answer").fill("A new lid leaves today.")
    page.locator(".send-later > summary").click()
    expect(page.locator(".send-later .sheet button").first).to_be_focused()
    sound(page)
    # Enter in its fields means the time that they say, not at once.
    page.locator("#send-time").press("Enter")
    planned = page.locator("article.pending.queued")
    expect(planned).to_contain_text("goes out tomorrow 09:00")
    expect(page.locator("#answer")).to_have_value("")
    planned.get_by_role("button", name="Cancel").click()
    expect(page.locator("#answer")).to_have_value("A new lid leaves today. ^SW")
