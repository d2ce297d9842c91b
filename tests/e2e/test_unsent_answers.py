"""An answer that the network refused, in a real browser: found, read and sent again."""

from __future__ import annotations

import os

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from inbox.models import Draft, Reply, ReplyState
from inbox.replies import outcomes
from tests.e2e.soundness import SCHEMES, sound
from tests.factories import CaseFactory, MessageFactory, ReplyFactory

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def failed(company):
    """An answer of the agent that X refused, with a long sentence of its own."""
    case = CaseFactory(department=company.service, brand_account=company.brand, preview="Where is my parcel?")
    now = timezone.now()
    reply = ReplyFactory(
        parent=MessageFactory(case=case), author=company.agent, text="It leaves today. ^SW", created_at=now
    )
    outcomes.record_reply_failed(
        reply.pk, "X refused it.", now=now, detail="You are not permitted to perform this action. " * 3
    )
    return reply


def look(page, name):
    """Keeps a picture when somebody wants to look (SHOTS)."""
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def test_a_failed_answer_is_found_in_its_view_and_sent_again(company, failed, open_page):
    page = open_page("sana")
    page.get_by_role("link", name="Not sent 1").click()
    row = page.locator(f'.row[data-case="{failed.case_id}"]')
    expect(row).to_contain_text("▲ not sent")
    look(page, "list")
    row.locator(".who").click()
    card = page.locator(f"#reply-{failed.pk}")
    expect(card).to_contain_text("X refused it. Your text is back in the answer box.")
    expect(page.locator("#answer")).to_have_value(failed.text)
    expect(card.get_by_text("You are not permitted")).to_be_hidden()
    card.get_by_text("What X said").click()
    expect(card.get_by_text("You are not permitted")).to_be_visible()
    sound(page, *SCHEMES)
    look(page, "dark")
    page.emulate_media(color_scheme="light")
    look(page, "light")

    card.get_by_role("button", name="Try again").click()
    expect(card).to_contain_text("sending in")
    expect(page.locator("#answer")).to_have_value("")
    assert Reply.objects.get().state == ReplyState.QUEUED
    assert not Draft.objects.exists()


def test_on_a_phone_and_without_scripts_too(company, failed, open_page):
    phone = {"viewport": {"width": 390, "height": 844}}
    page = open_page("sana", f"/cases/{failed.case_id}/", **phone)
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    look(page, "phone")
    sound(page, *SCHEMES)

    page = open_page("sana", f"/cases/{failed.case_id}/", java_script_enabled=False)
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(f"#reply-{failed.pk}")).to_contain_text("sending in")
