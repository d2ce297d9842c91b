"""In a browser: a list is saved and opened by keys, and keeps its place while its reader looks at a case."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from inbox.models import Message, SavedView
from tests.e2e.test_inbox import arrive
from tests.factories import CaseFactory, SavedViewFactory

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def test_a_list_is_saved_and_opened_by_keys(company, open_page):
    angry, _ = arrive(company)
    arrive(company, "What a lovely kettle")
    Message.objects.filter(case=angry).update(sentiment="negative")
    page = open_page("sana", "/?tone=negative")
    page.keyboard.press("v")
    expect(page.get_by_label("Name")).to_be_focused()
    page.keyboard.type("Angry")
    page.keyboard.press("Enter")
    page.wait_for_url("**/views/*/")
    view = SavedView.objects.get()
    expect(page.locator("#rail [aria-current]")).to_contain_text("Angry")
    page.goto("/queue/mine/")
    page.keyboard.press("g")
    page.keyboard.press("1")
    page.wait_for_url(f"**/views/{view.pk}/")
    expect(page.locator("#case-list .row")).to_have_count(1)
    # The case stands beside the view, and leads back to it, also when it is loaded anew.
    page.keyboard.press("j")
    page.wait_for_url(f"**/cases/{angry.pk}/")
    page.reload()
    expect(page.locator("#list-pane h1")).to_have_text("Angry")
    assert page.said == []


@pytest.mark.parametrize("way", ["back", "link"])
@pytest.mark.parametrize("size", [(1280, 800), (390, 844)])
def test_a_list_keeps_its_place(company, open_page, way, size):
    now = timezone.now()
    cases = [
        CaseFactory(
            department=company.service,
            brand_account=company.brand,
            created_at=now - dt.timedelta(minutes=number),
        )
        for number in range(70)
    ]
    view = SavedViewFactory(owner=company.agent, query="priority=0")
    page = open_page("sana", f"/views/{view.pk}/", viewport={"width": size[0], "height": size[1]})
    page.get_by_role("link", name="More cases").click()
    expect(page.locator("#case-list .row")).to_have_count(70)
    row = page.locator(f'.row[data-case="{cases[60].pk}"]')
    row.scroll_into_view_if_needed()
    before = row.bounding_box()["y"]
    row.locator(".who").click()
    page.wait_for_selector(f'#case[data-case="{cases[60].pk}"]')
    if way == "back":
        page.go_back()
    elif page.locator("#case-bar .back").is_visible():
        page.locator("#case-bar .back").click()
    else:
        page.reload()
    expect(page.locator("#case-list .row")).to_have_count(70)
    expect(row).to_be_in_viewport()
    if page.locator("#case[data-case]").count() == 0:
        expect(row.locator(".who")).to_be_focused()
        assert abs(row.bounding_box()["y"] - before) < 80
