"""Somebody works while the page under their hands refreshes itself, in a real browser."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from inbox.models import Draft, NoticeKind
from inbox.notices.notify import notify_users
from tests.e2e.test_inbox import arrive, listening

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def test_a_row_that_changes_while_it_is_pressed_is_opened(company, open_page):
    case, _ = arrive(company)
    page = listening(open_page())
    row = page.locator(f'.row[data-case="{case.pk}"] .who')
    box = row.bounding_box()
    page.mouse.move(box["x"] + 10, box["y"] + 10)
    page.mouse.down()
    with page.expect_response(lambda response: "/navigation/" in response.url):
        other, _ = arrive(company, "Another one")
    page.wait_for_timeout(300)
    page.mouse.up()
    expect(page.locator("#thread")).to_contain_text("Where is my parcel?")
    page.wait_for_url(f"**/cases/{case.pk}/")
    page.locator("#case-list .newer").click()
    expect(page.locator(f'.row[data-case="{other.pk}"]')).to_be_visible()


def test_the_list_of_notices_keeps_the_focus(company, open_page):
    case, _ = arrive(company)
    notify_users([company.agent.pk], case.pk, NoticeKind.SOLVED, "Solved.", key="one", now=timezone.now())
    page = listening(open_page("sana", "/notices/"))
    page.keyboard.press("j")
    first = page.locator("#notice-list .row button.who", has_text="Solved.")
    expect(first).to_be_focused()
    notify_users(
        [company.agent.pk], case.pk, NoticeKind.BOUNCED, "It came back.", key="two", now=timezone.now()
    )
    expect(page.locator("#notice-list .row")).to_have_count(2)
    expect(first).to_be_focused()


def test_a_draft_is_kept_when_a_refresh_comes_while_it_is_typed(company, open_page):
    case, _ = arrive(company)
    page = listening(open_page(path=f"/cases/{case.pk}/"))
    with page.expect_response(lambda response: "/thread/" in response.url):
        page.locator("#answer").fill("Half a sent")
        page.evaluate("document.dispatchEvent(new CustomEvent('horseshoe:case'))")
    expect(page.locator("#draft-state")).to_have_text("Draft kept")
    assert Draft.objects.get(case=case).text == "Half a sent"
