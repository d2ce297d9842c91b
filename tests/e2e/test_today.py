"""Today's page in a real browser: it keeps itself up to date, and says when it cannot; readable by everybody."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import Health, Shift
from inbox.live.publish import CaseChange, publish_cases
from tests.e2e.soundness import SCHEMES, sound
from tests.factories import BrandAccountFactory, CaseFactory, MessageFactory, StreamFactory

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
WIDE, SMALL = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
MINUTE, HOUR = dt.timedelta(minutes=1), dt.timedelta(hours=1)
#: (waits for, minutes to its target), by department.
WAITING = {
    "billing": ((53 * HOUR, -2900), (46 * HOUR, -2500), (6 * HOUR, -90), (100 * MINUTE, 140)),
    "service": (
        (30 * HOUR, -1500),
        (4 * HOUR, 22),
        (3 * HOUR, 49),
        (50 * MINUTE, 190),
        (12 * MINUTE, 228),
        (4 * MINUTE, 236),
    ),
}


def picture(page, name):
    """A screenshot for whoever wants to look: SCREENSHOTS names the folder."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def add_waiting(company, department, since, due, now):
    at = now - since
    case = CaseFactory(
        department=department, brand_account=company.brand, created_at=at, activity_at=at, waiting_since=at, exchange_from=at,
        first_response_due_at=now + due * MINUTE, next_due_at=now + due * MINUTE,
        preview="Charged twice for order 88213. Third time I ask, and nobody has answered so far.",
    )  # fmt: skip
    MessageFactory(case=case, network_time=at, received_at=at, needs_answer=True)
    return case


@pytest.fixture
def busy(company):
    now = timezone.now()
    for name, rows in WAITING.items():
        for since, due in rows:
            add_waiting(company, getattr(company, name), since, due, now)
    for week in range(1, 9):
        for hours in range(-10, 12):
            for n in range((week * 3 + hours) % 4):
                add_waiting(
                    company, company.service, week * 168 * HOUR + hours * HOUR + n * MINUTE, 99999, now
                )
    StreamFactory(brand_account=company.brand, last_success_at=now - MINUTE, next_poll_at=now + MINUTE)
    broken = BrandAccountFactory(handle="fern", health=Health.REAUTHORISE, health_since=now - 34 * MINUTE)
    StreamFactory(brand_account=broken, last_success_at=now - 34 * MINUTE)
    Shift.objects.create(
        brand_account=company.brand,
        weekday=now.weekday(),
        starts_at=dt.time(),
        ends_at=dt.time(23, 45),
        primary=company.manager,
    )
    return company


def test_todays_page_stays_true(busy, open_page):
    page = open_page("mara", "/reports/today/", viewport=WIDE)
    expect(page.get_by_role("heading", name="Unanswered by age")).to_be_visible()
    expect(page.locator("#board-state")).to_contain_text("Live")
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        picture(page, f"today-{scheme}")
    sound(page, *SCHEMES)
    page.get_by_text("As a table").click()
    before = page.locator(".figure .big").first.inner_text()
    case = add_waiting(busy, busy.service, 2 * MINUTE, 240, timezone.now())
    publish_cases([CaseChange(case.pk, case.department_id, case.brand_account_id, case.visibility)])
    expect(page.locator(".figure .big").first).to_have_text(str(int(before) + 1))
    expect(page.locator("#board-state")).to_contain_text("Live, last change")
    # What was unfolded stays so.
    expect(page.locator("#arrivals-table")).to_be_visible()
    page.set_viewport_size(SMALL)
    picture(page, "today-small")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    page.set_viewport_size(WIDE)
    page.goto("/reports/today/wall/")
    expect(page.locator("#board-state")).to_contain_text("Live")
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        picture(page, f"wall-{scheme}")
    sound(page, *SCHEMES)
    page.route("**/reports/today/wall/**", lambda route: route.abort())
    page.evaluate("document.dispatchEvent(new Event('horseshoe:back'))")
    expect(page.locator("#board-state")).to_contain_text("No connection. The numbers are of")
    page.unroute("**/reports/today/wall/**")
    page.evaluate("document.dispatchEvent(new Event('horseshoe:back'))")
    expect(page.locator("#board-state")).to_contain_text("Live")
