"""The page on which a person says how they are told, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from inbox.models import NoticeChoice
from tests.e2e.soundness import sound
from tests.e2e.test_hand_over import picture

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def test_choices_are_stored_shown_again_and_reset(company, open_page):
    page = open_page("sana", "/notices/settings/")
    page.get_by_label("Assigned to you: Digest").check()
    page.get_by_label("Resolved: Bell").uncheck()
    expect(page.get_by_label("Not sent: Bell")).to_be_disabled()
    page.get_by_label("From", exact=True).fill("22:00")
    page.get_by_label("Until", exact=True).fill("07:00")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.get_by_label("Assigned to you: Digest")).to_be_checked()
    expect(page.get_by_label("Until", exact=True)).to_have_value("07:00")
    assert sorted(NoticeChoice.objects.values_list("kind", "way", "on")) == [
        ("assigned", "digest", True),
        ("solved", "bell", False),
    ]
    picture(page, "notice-settings-light")
    sound(page)
    page.get_by_role("button", name="Back to the defaults of your role").click()
    expect(page.get_by_label("Resolved: Bell")).to_be_checked()
    assert not NoticeChoice.objects.exists()


def test_on_a_phone_in_the_dark_it_fits(company, open_page):
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "color_scheme": "dark"}
    page = open_page("sana", "/notices/settings/", **phone)
    picture(page, "notice-settings-phone-dark")
    sound(page)
