"""Many cases are selected by keys, clicks and ranges, and acted on as one; in a real browser."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from inbox.models import BulkAct, Case, Status
from tests.e2e.soundness import SCHEMES, sound
from tests.factories import CaseFactory

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def test_cases_are_selected_by_keys_and_ranges_and_acted_on_as_one(company, open_page):
    now = timezone.now()
    for number in range(8):
        CaseFactory(
            department=company.service, brand_account=company.brand, preview=f"Question {number}",
            activity_at=now - dt.timedelta(minutes=number),
        )  # fmt: skip
    page = open_page()
    boxes, bar = page.locator("#case-list .pick input"), page.locator("#bulk")
    expect(boxes).to_have_count(8)
    expect(bar).to_be_hidden()

    page.keyboard.press("x")
    page.keyboard.press("Shift+J")
    expect(bar.locator("[data-selected]")).to_have_text("2 selected")
    boxes.nth(5).click(modifiers=["Shift"])
    expect(bar.locator("[data-selected]")).to_have_text("6 selected")
    sound(page, *SCHEMES)
    page.keyboard.press("Escape")
    expect(bar).to_be_hidden()

    boxes.nth(2).click()
    page.keyboard.press("x")
    expect(bar).to_be_hidden()
    page.keyboard.press("x")
    page.keyboard.press("Control+a")
    boxes.nth(0).click()
    expect(bar.locator("[data-selected]")).to_have_text("All but 1")
    page.keyboard.press("d")
    expect(page.locator("h1")).to_have_text("Dismiss 7 cases without an answer?")
    expect(page.locator("#bulk-reason")).to_be_focused()
    page.keyboard.type("Spam")
    page.keyboard.press("Enter")
    expect(page.locator("#messages")).to_contain_text("7 cases dismissed.")
    expect(boxes).to_have_count(1)
    page.keyboard.press("z")
    expect(page.locator("#messages")).to_contain_text("Undone: 7 cases dismissed.")
    expect(boxes).to_have_count(8)
    assert set(Case.objects.values_list("status", flat=True)) == {Status.NEW}
    act = BulkAct.objects.get()
    page.goto(f"/bulk/{act.pk}/")
    expect(page.locator("h1")).to_contain_text("Undone")
    sound(page)
    assert page.said == []
