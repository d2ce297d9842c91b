"""Somebody hands a case over and hears what becomes of it, in a real browser."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import Role
from inbox.cases import hand_overs, verbs
from tests.e2e.soundness import sound
from tests.e2e.test_hand_over import picture
from tests.e2e.test_inbox import arrive, listening
from tests.factories import UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def helper(company):
    return UserFactory(username="ilse", departments=[company.billing], first_name="Ilse", last_name="March")


def test_who_hands_over_watches_and_is_told_without_asking(company, open_page, helper):
    case, _ = arrive(company, "You charged me twice!")
    verbs.hand_over_case(case.pk, company.agent, company.billing, "A charge", now=timezone.now())
    page = listening(open_page("sana", "/queue/watching/"))
    expect(page.locator(".row")).to_contain_text("Billing · now")
    picture(page, "watching-light")
    page.locator(".row .who").click()
    expect(page.locator("#thread")).to_contain_text("You charged me twice!")
    expect(page.locator("#case-bar").get_by_role("button")).to_have_count(0)
    verbs.resolve_case(case.pk, helper, now=timezone.now())
    expect(page.locator("#rail .hot")).to_contain_text("1")
    expect(page.get_by_role("link", name="Notices 1 unread")).to_be_visible()
    page.locator("h1").first.click()
    page.keyboard.press("g")
    page.keyboard.press("n")
    page.wait_for_url("**/notices/")
    expect(page.locator("#notice-list")).to_contain_text("Ilse March of Billing resolved the case of")
    picture(page, "notices-light")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/cases/{case.pk}/")
    expect(page.locator("#rail .hot")).to_have_count(0)
    assert [line for line in page.said if "Error" in line or "Content Security" in line] == []


def test_the_open_list_of_notices_grows_by_itself_and_is_read(company, open_page, helper):
    case, _ = arrive(company)
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "color_scheme": "dark"}
    page = listening(open_page("sana", "/notices/", **phone))
    expect(page.get_by_text("No notices yet")).to_be_visible()
    verbs.hand_over_case(case.pk, company.agent, company.billing, "A charge", now=timezone.now())
    hand_overs.bounce_case(case.pk, helper, "Not a charge", now=timezone.now())
    expect(page.locator("#notice-list .row")).to_contain_text("back to Customer service: Not a charge")
    expect(page.locator("#tab-unread")).to_contain_text("1")
    picture(page, "phone-notices-dark")
    page.get_by_role("button", name="Mark as read").tap()
    expect(page.locator("#notice-list .unread")).to_have_count(0)
    sound(page)


def test_a_manager_hears_of_a_case_that_goes_to_and_fro(company, open_page, helper):
    community = UserFactory(username="juno", role=Role.COMMUNITY, publishes=[company.brand])
    case, _ = arrive(company)
    verbs.hand_over_case(case.pk, community, company.billing, "A charge", now=timezone.now())
    hand_overs.bounce_case(case.pk, helper, "Not a charge", now=timezone.now())
    for who, kind in (("mara", "Bounced between departments"), ("juno", "Came back")):
        page = open_page(who, "/notices/")
        expect(page.locator("#notice-list .row")).to_contain_text(kind)
        page.get_by_role("button", name="Mark all as read").click()
        expect(page.get_by_text("1 marked as read.")).to_be_visible()
    page.goto("/")
    expect(page.locator(".row")).to_contain_text("⇄ came back")
