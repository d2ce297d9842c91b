"""The horseshoes in a real browser: of one case and of the company; readable by everybody, on any screen."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from inbox.cases import hand_overs, verbs
from tests.e2e.soundness import SCHEMES, sound
from tests.factories import CaseFactory, MessageFactory

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
MINUTE = dt.timedelta(minutes=1)


def picture(page, name):
    """A screenshot for whoever wants to look: SCREENSHOTS names the folder."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def test_a_case_that_was_handed_over_shows_its_way(company, open_page):
    now = timezone.now()
    case = CaseFactory(department=company.service, brand_account=company.brand, created_at=now - 90 * MINUTE)
    MessageFactory(case=case, text="You charged me twice")
    verbs.hand_over_case(case.pk, company.manager, company.billing, "A charge, twice", now=now - 70 * MINUTE)
    hand_overs.accept_case(case.pk, company.manager, now=now - 20 * MINUTE)
    page = open_page("mara", f"/cases/{case.pk}/", viewport={"width": 1440, "height": 900})
    drawing = page.get_by_role("img", name="The way of this case")
    expect(drawing).to_be_visible()
    assert drawing.locator("path.arc").count() == 3
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        picture(page, f"way-{scheme}")
    sound(page, *SCHEMES)
