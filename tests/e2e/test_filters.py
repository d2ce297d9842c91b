"""In a browser: filters by key, in a sentence, and taken away again."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from inbox.models import Message
from tests.e2e.test_inbox import arrive

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_f_narrows_the_list_and_the_sentence_takes_it_back(company, open_page):
    angry, _ = arrive(company)
    calm, _ = arrive(company, "What a lovely kettle")
    Message.objects.filter(case=angry).update(sentiment="negative")
    Message.objects.filter(case=calm).update(sentiment="positive")
    page = open_page("sana")
    page.keyboard.press("f")
    page.locator("#filter-menu summary", has_text="Tone").click()
    page.locator("#filter-menu").get_by_label("negative").check()
    page.locator("#filter-menu").get_by_role("button", name="Show cases").click()
    page.wait_for_url("**/?tone=negative")
    expect(page.locator(".said-filters")).to_contain_text("Open cases that are negative")
    expect(page.locator("#case-list .row")).to_have_count(1)
    page.locator(".said-filters a", has_text="negative").click()
    expect(page.locator("#case-list .row")).to_have_count(2)
    assert page.said == []
