"""The bell in two tabs of one browser: its number, the titles, the icon and the panel."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from inbox.models import NoticeKind
from inbox.notices import notify
from tests.e2e.soundness import sound
from tests.e2e.test_inbox import arrive

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def tell(company, case, text):
    notify.notify_users([company.agent.pk], case.pk, NoticeKind.SOLVED, text, key=text, now=timezone.now())


def test_two_tabs_show_one_number_and_reading_in_one_clears_both(company, open_page):
    case, _ = arrive(company)
    first = open_page("sana", "/presence/")
    second = first.context.new_page()
    second.goto("/queue/watching/")
    tabs = (first, second)
    for tab in tabs:
        tab.wait_for_selector("html[data-stream=open]", state="attached")
    for number in (1, 2):
        tell(company, case, f"Resolved, part {number}")
        for tab in tabs:
            expect(tab).to_have_title(re.compile(rf"^\({number}\) "))
            expect(tab.locator("#rail .bell .n")).to_have_text(f"{number} unread")
            expect(tab.locator("link[rel=icon]")).to_have_attribute(
                "href", re.compile(rf"/icon/{number}\.svg$")
            )
    expect(first.locator("#bell-words")).to_have_text("New notice. 2 unread.")
    first.locator("#rail .bell").click()
    expect(first.locator("#bell-panel li")).to_have_count(2)
    tell(company, case, "Resolved, part 3")
    expect(first.locator("#bell-panel li").first).to_contain_text("Resolved, part 3")
    sound(first)
    first.get_by_role("button", name="Mark all as read").click()
    for tab in tabs:
        expect(tab.locator("#rail .bell .n")).to_be_hidden()
        expect(tab).not_to_have_title(re.compile(r"^\("))
        expect(tab.locator("link[rel=icon]")).to_have_attribute("href", re.compile(r"icon[^/]*\.svg$"))
    first.keyboard.press("Escape")
    expect(first.locator("#bell-panel")).to_be_hidden()
    assert [line for line in first.said if "Error" in line or "Content Security" in line] == []


def test_after_the_stream_was_lost_the_number_is_right_again(company, open_page):
    case, _ = arrive(company)
    page = open_page("sana", "/presence/")
    page.wait_for_selector("html[data-stream=open]", state="attached")
    page.evaluate(
        "() => document.dispatchEvent(new CustomEvent('horseshoe:live', { detail: { kind: 'broken' } }))"
    )
    page.evaluate("() => { document.title = 'Another title' }")
    tell(company, case, "While nobody listened")
    expect(page.locator("#rail .bell .n")).to_have_text("1 unread")
    expect(page).to_have_title("(1) Another title")
