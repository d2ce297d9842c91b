"""In a browser: take the next case with a key, go away and come back, plan a week of the roster on a desk and a phone."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import User
from inbox.models import Case
from tests.factories import CaseFactory, MessageFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


def test_t_takes_the_most_urgent_case(open_page, company):
    for priority in (0, 2):
        case = CaseFactory(department=company.service, brand_account=company.brand, priority=priority)
        MessageFactory(case=case)
    page = open_page("sana")
    page.keyboard.press("t")
    page.wait_for_url(f"**/cases/{case.pk}/")
    expect(page.locator("#case-side")).to_contain_text("(you)")
    assert Case.objects.get(assignee=company.agent) == case
    assert page.said == []


def test_away_and_back_from_any_page(open_page, company):
    page = open_page("sana")
    page.get_by_role("button", name="Set to away").click()
    expect(page.get_by_role("heading", name="You are away")).to_be_visible()
    assert User.objects.get(pk=company.agent.pk).away_since is not None
    page.locator(".rail").get_by_role("button", name="I am back").click()
    page.wait_for_url("**/queue/mine/")
    expect(page.locator(".rail .presence")).to_contain_text("Available")
    assert User.objects.get(pk=company.agent.pk).away_since is None
    assert page.said == []


@pytest.mark.parametrize("width", [1440, 390])
def test_a_week_is_planned(open_page, company, width):
    company.brand.owner_department = company.service
    company.brand.promised_hours = [[day, 480, 1080] for day in range(5)]
    company.brand.save()
    # Of this week some days are over: a shift that begins today does not cover them.
    next_week = timezone.localdate() + dt.timedelta(days=7)
    address = f"/roster/{company.brand.pk}/?week={next_week:%G-W%V}"
    page = open_page("mara", address, viewport={"width": width, "height": 900})
    expect(page.locator("td.gap")).to_have_count(5)
    for day in ("Monday", "Tuesday"):
        page.get_by_label(day, exact=True).first.check()
    page.get_by_label("From", exact=True).fill("08:00")
    page.get_by_label("Until", exact=True).fill("18:00")
    page.get_by_label("Primary").select_option(str(company.agent.pk))
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("td.gap")).to_have_count(3)
    expect(page.locator("td.named")).to_have_count(2)
    expect(page.get_by_text("40%")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0
    assert page.said == []
