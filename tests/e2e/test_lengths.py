"""The number under an answer, in a real browser: X's own at once, after the server's answer, and after loading."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from inbox.models import Draft
from tests.e2e.test_failures import opened_case
from tests.factories import CaseFactory, MessageFactory
from tests.networks.x.lengths import LENGTHS, NEWER

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def test_the_number_is_right_at_once_and_after_loading(company, open_page):
    case, page = opened_case(company, open_page)
    rows = [*LENGTHS, *NEWER]
    counted = page.evaluate(
        "texts => texts.map(text => horseshoe.measure(text, 'x_weighted'))", [text for text, _ in rows]
    )
    assert [(text, count) for (text, _), count in zip(rows, counted, strict=True)] == rows

    count, text = page.locator("#count"), "🇳🇴 4️⃣ ☕️ © thanks.That kettle.shop"
    right = "50 / 280"  # with " ^ML"
    page.route("**/draft/", lambda route: route.abort())
    page.locator("#answer").fill(text)
    expect(count).to_have_text(right)
    page.unroute("**/draft/")
    page.locator("#answer").fill(f"{text} ")
    expect(page.locator("#draft-state")).to_have_text("Draft kept")
    expect(count).to_have_text(right)
    page.reload()
    expect(count).to_have_text(right)

    page.locator("#answer").fill("🇳🇴" * 138)
    expect(count).to_have_text("280 / 280")
    page.locator("#answer").fill("🇳🇴" * 139)
    expect(count).to_have_text("282 / 280 · 2 too long")


def test_a_direct_message_is_counted_by_characters(company, open_page):
    case = CaseFactory(department=company.service, brand_account=company.brand, visibility="direct")
    MessageFactory(case=case)
    page = open_page("mara", f"/cases/{case.pk}/")
    page.locator("#answer").fill("字" * 6_000)
    expect(page.locator("#count")).to_have_text("6,004 / 10,000")
    expect(page.locator("#draft-state")).to_have_text("Draft kept")
    expect(page.locator("#count")).to_have_text("6,004 / 10,000")
    assert Draft.objects.get(case=case).text == "字" * 6_000
