"""A brand account in trouble, as people meet it: the banner of the inbox, the mark, the account's own card."""

from __future__ import annotations

import datetime as dt
import os

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import BrandAccount, Role
from inbox.notices.troubles import review_brand_accounts
from tests.e2e.soundness import SCHEMES, sound
from tests.e2e.test_inbox import arrive
from tests.e2e.test_looks import SMALL, WIDE
from tests.factories import BrandAccountFactory, StreamFactory, UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


@pytest.fixture
def cut_off(company):
    now = timezone.now()
    UserFactory(username="odile", role=Role.ADMINISTRATOR)
    arrive(company)
    BrandAccount.objects.update(owner_department=company.service)
    for kind in ("mentions", "direct"):
        StreamFactory(brand_account=company.brand, kind=kind, last_success_at=now, next_poll_at=now)
    sick = BrandAccountFactory(
        handle="Yourbrand outlet and spare parts", network="facebook", owner_department=company.service,
        health="reauthorise", health_since=now - dt.timedelta(hours=2), granted_scopes=["pages_show_list"],
        health_detail="Error validating access token: the session was invalidated.",
    )  # fmt: skip
    StreamFactory(
        brand_account=sick, kind="comments", last_success_at=now - dt.timedelta(hours=2), next_poll_at=now
    )
    BrandAccountFactory(handle="anotherbrand")
    review_brand_accounts(now)
    return sick


def shoot(page, name):
    if folder := os.environ.get("SHOTS"):
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.screenshot(path=f"{folder}/{name}-{scheme}.png")


def test_an_administrator_is_led_from_the_inbox_to_the_account(company, cut_off, open_page):
    page = open_page("odile")
    banner = page.locator("#troubles .banner")
    expect(banner).to_contain_text("Yourbrand outlet and spare parts on Facebook has been cut off since")
    expect(page.locator("#rail .n.hot", has_text="▲")).to_contain_text("1")
    expect(banner.get_by_role("link", name="Connect again")).to_be_visible()
    sound(page, *SCHEMES)
    shoot(page, "inbox")
    page.locator("#rail").get_by_role("link", name="Brand accounts").click()
    expect(page.locator("article h2").first).to_have_text("Yourbrand outlet and spare parts")
    page.get_by_text("What cannot be read here").first.click()
    expect(page.get_by_text("Comments under advertisements")).to_be_visible()
    sound(page, *SCHEMES)
    shoot(page, "accounts")
    page.locator("article").nth(1).get_by_role("button", name="Check now").click()
    expect(page.get_by_text("Being checked and fetched now.")).to_be_visible()
    assert [line for line in page.said if "favicon" not in line] == []


def test_on_a_phone_nothing_runs_over_the_edge(company, cut_off, open_page):
    page = open_page("mara", **PHONE)
    expect(page.locator("#troubles .banner")).to_contain_text("The administrators were told.")
    assert page.evaluate(WIDE) == 0
    assert [item for item in page.evaluate(SMALL) if "/brand-accounts/" in item] == []
    shoot(page, "phone-inbox")
    page.goto(f"/brand-accounts/#account-{cut_off.pk}")
    page.get_by_text("What cannot be read here").first.click()
    assert page.evaluate(WIDE) == 0
    assert page.evaluate(SMALL) == []
    sound(page, *SCHEMES)
    shoot(page, "phone-accounts")


def test_the_banner_goes_when_the_numbers_refresh(company, cut_off, open_page):
    page = open_page("odile")
    expect(page.locator("#troubles .banner")).to_be_visible()
    BrandAccount.objects.filter(pk=cut_off.pk).update(health="ok")
    cut_off.streams.update(last_success_at=timezone.now())
    review_brand_accounts(timezone.now())
    expect(page.locator("#troubles .banner")).to_have_count(0)
    expect(page.locator("#rail .n.hot", has_text="▲")).to_have_count(0)
