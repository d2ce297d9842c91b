"""The zone in which somebody reads times, offered by a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.soundness import SCHEMES, sound

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def test_the_zone_of_the_browser_is_offered_until_it_is_chosen(company, open_page):
    page = open_page("sana", "/presence/", timezone_id="Asia/Tokyo")
    offer = page.locator("#browser-zone")
    expect(offer).to_contain_text("This browser is in Asia/Tokyo.")
    sound(page, *SCHEMES)
    offer.get_by_role("button").click()
    expect(page.get_by_text("Times are shown in Asia/Tokyo.")).to_be_visible()
    expect(page.get_by_label("Show times in")).to_have_value("Asia/Tokyo")
    expect(offer).to_be_hidden()
    company.agent.refresh_from_db()
    assert company.agent.time_zone == "Asia/Tokyo"
