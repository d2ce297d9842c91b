"""Service levels in a real browser: written, tried, and counting down on an open page."""

from __future__ import annotations

import datetime as dt

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import expect

from inbox.escalation import recompute
from inbox.models import Case, Status
from tests.factories import CaseFactory, MessageFactory

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def waiting(company):
    now = timezone.now()
    case = CaseFactory(
        department=company.service, brand_account=company.brand, created_at=now, status=Status.OPEN
    )
    MessageFactory(case=case)
    return case


def sound(page):
    found = [
        one for one in Axe().run(page).response["violations"] if one["impact"] in ("serious", "critical")
    ]
    assert not found, [(one["id"], [node["html"] for node in one["nodes"]]) for one in found]


def test_a_calendar_and_a_policy_are_written_tried_and_count_down(company, open_page):
    page = open_page(path="/service-levels/")
    page.get_by_role("link", name="New calendar").click()
    page.get_by_label("Name").fill("Day and night")
    page.get_by_label("Monday").fill("0:00-25:00")
    page.get_by_role("button", name="Save and publish").click()
    expect(page.get_by_text("“25:00” is not a time of day")).to_be_visible()
    for day in ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"):
        page.get_by_label(day).fill("0:00–24:00")
    page.get_by_role("button", name="Preview without saving").click()
    expect(page.get_by_role("region", name="The next 14 days").get_by_role("row")).to_have_count(14)
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.set_viewport_size({"width": 1280, "height": 720})
    sound(page)
    page.get_by_role("button", name="Save and publish").click()
    expect(page.get_by_text("“Day and night” is saved.")).to_be_visible()

    page.get_by_role("link", name="Policies").click()
    page.get_by_role("link", name="New policy").first.click()
    page.get_by_label("Name").fill("Everybody")
    page.get_by_label("First response").fill("2 h 10")
    sound(page)
    page.get_by_role("button", name="Save and publish").click()
    page.get_by_label("A message arrives").fill("2026-11-18T10:00")
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_text("Wednesday, 18 November 2026, 12:10 UTC")).to_be_visible()

    case = waiting(company)
    recompute.recompute_open_cases(timezone.now())
    case.refresh_from_db()
    assert case.first_response_due_at == case.created_at + dt.timedelta(minutes=130)
    page.clock.install()
    page.goto("/?sort=due")
    chip = page.locator(f'.row[data-case="{case.pk}"] .chip.clock')
    expect(chip).to_contain_text("2 h")
    page.clock.fast_forward("01:55:00")
    expect(chip).to_have_text("14 min left")
    expect(chip).to_have_class("chip clock risk")
    page.clock.fast_forward("00:30:00")
    expect(chip).to_have_text("overdue 15 min")
    expect(chip).to_have_class("chip clock late")
    assert [one for one in page.said if "422" not in one] == []


def test_the_card_of_a_case_counts_down_on_a_phone(company, open_page):
    case = waiting(company)
    now = timezone.now()
    Case.objects.filter(pk=case.pk).update(
        next_due_at=now + dt.timedelta(minutes=30), first_response_due_at=now
    )
    page = open_page(path="/", viewport={"width": 390, "height": 844})
    expect(page.locator(f'.row[data-case="{case.pk}"] .chip.clock')).to_contain_text("min left")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
