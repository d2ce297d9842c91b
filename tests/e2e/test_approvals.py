"""Approval of answers in a real browser, by keys: asked for, sent back, asked for again, approved."""

from __future__ import annotations

import os

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from inbox.models import ApprovalRule, Ramp, Reply
from tests.e2e.soundness import SCHEMES, sound
from tests.factories import CaseFactory, MessageFactory

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def look(page, name):
    """Keeps a picture when somebody wants to look (SHOTS)."""
    if folder := os.environ.get("SHOTS"):
        for width in (1440, 390):
            for scheme in ("light", "dark"):
                page.set_viewport_size({"width": width, "height": 900})
                page.emulate_media(color_scheme=scheme)
                page.screenshot(path=f"{folder}/{name}-{width}-{scheme}.png", full_page=True)
        page.set_viewport_size({"width": 1280, "height": 800})


def test_an_answer_is_asked_for_sent_back_and_approved_by_keys(company, open_page):
    now = timezone.now()
    Ramp.objects.create(user=company.agent, needed=10, approved=3, started_at=now)
    ApprovalRule.objects.create(department=company.service, created_at=now, changed_at=now)
    cases = [
        CaseFactory(department=company.service, brand_account=company.brand, preview=text)
        for text in ("Where is my parcel?", "My kettle leaks.")
    ]
    for case in cases:
        MessageFactory(case=case, text=case.preview)
    for case in cases:
        page = open_page("sana", f"/cases/{case.pk}/")
        expect(page.locator("#composer-state .approval")).to_contain_text("3 of 10 answers approved")
        expect(page.locator("#send")).to_contain_text("Ask for approval")
        page.keyboard.press("r")
        page.keyboard.type("It left this morning.")
        page.keyboard.press("Control+Enter")
        expect(page.locator(".msg.pending")).to_contain_text("waits for approval")
        look(page, "approval-case")
    assert set(Reply.objects.values_list("state", flat=True)) == {"pending"}

    page = open_page("mara", "/approvals/")
    cards = page.locator("[data-card]")
    expect(cards).to_have_count(2)
    look(page, "approvals")
    sound(page, *SCHEMES)
    # The first is sent back with words, then the next one is approved, each by one key.
    page.keyboard.press("c")
    expect(page.locator("[data-card]").first.get_by_label("What to change")).to_be_focused()
    page.keyboard.type("Say when it arrives.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(cards).to_have_count(1)
    expect(page.locator("#messages")).to_contain_text("Changes asked for")
    page.keyboard.press("a")
    expect(cards).to_have_count(0)
    expect(page.locator(".empty")).to_contain_text("Nothing to approve")
    look(page, "approvals-empty")
    assert Reply.objects.order_by("pk").first().state == "cancelled"
    assert Reply.objects.order_by("pk").last().approved_by.username == "mara"

    page = open_page("mara", "/approval-rules/")
    look(page, "approval-rules")
    sound(page, *SCHEMES)
    page = open_page("sana", f"/cases/{cases[0].pk}/")
    expect(page.locator("#answer")).to_have_value("It left this morning. ^SW")
    expect(page.locator("#case")).to_contain_text("Say when it arrives.")
