"""The horseshoes in a real browser: of one case and of the company; readable by everybody, on any screen."""

from __future__ import annotations

import datetime as dt
import os
import random
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from inbox.cases import hand_overs, verbs
from tests.e2e.soundness import SCHEMES, sound
from tests.e2e.test_looks import SMALL, WIDE
from tests.factories import CaseFactory, DepartmentFactory, MessageFactory
from tests.reports.ways import tell
from wording.times import company_zone

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


@pytest.fixture
def busy(company):
    """A company whose cases went through six departments, in this period and in the one before."""
    more = [DepartmentFactory(name=name) for name in ("Technical support", "Sales", "Marketing", "Press")]
    company.manager.departments.add(*more)
    departments = [company.service, company.billing, *more]
    today = timezone.now().astimezone(company_zone()).replace(hour=0, minute=0, second=0, microsecond=0)
    monday = today - dt.timedelta(days=today.weekday())
    for weeks, slow in ((2, 1), (4, 2)):
        tell(
            random.Random(weeks), departments, brand=company.brand, author=company.agent,
            since=monday - dt.timedelta(weeks=weeks), days=12, count=45, slow=slow,
        )  # fmt: skip
    return company


#: Words of the drawing that cover each other, or run over its edge.
CLASHES = """(svg) => {
  const boxes = [...svg.querySelectorAll("text")].map((text) => [text.textContent, text.getBoundingClientRect()]);
  const edge = svg.getBoundingClientRect(), clashes = [];
  for (const [words, box] of boxes) {
    if (box.left < edge.left - 1 || box.right > edge.right + 1 || box.top < edge.top - 1 || box.bottom > edge.bottom + 1)
      clashes.push(`cut: ${words}`);
    for (const [others, other] of boxes)
      if (words < others && box.left < other.right && other.left < box.right
          && box.top < other.bottom - 4 && other.top < box.bottom - 4) clashes.push(`${words} over ${others}`);
  }
  return clashes;
}"""


def test_the_companys_horseshoe_is_readable_by_everybody(busy, open_page):
    query = "?period=last-3-weeks&time=clock"
    page = open_page("mara", f"/reports/horseshoe/{query}", viewport={"width": 1440, "height": 1000})
    drawing = page.locator("svg.shoe.wide")
    expect(drawing).to_be_visible()
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        picture(page, f"horseshoe-{scheme}")
    assert drawing.evaluate(CLASHES) == []
    sound(page, *SCHEMES)
    page.emulate_media(color_scheme="light", media="print")
    picture(page, "horseshoe-print")
    page.emulate_media(color_scheme="light", media="screen")
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.locator("svg.shoe.narrow")).to_be_visible()
    expect(drawing).to_be_hidden()
    picture(page, "horseshoe-phone")
    assert page.locator("svg.shoe.narrow").evaluate(CLASHES) == []
    assert page.evaluate(WIDE) <= 0
    assert page.evaluate(SMALL) == []
    sound(page, *SCHEMES)
    # An arc is reached and opened with keys.
    page.set_viewport_size({"width": 1440, "height": 1000})
    drawing.locator("a").nth(1).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/reports/cases/?**part=**")
    expect(page.get_by_role("heading", level=1)).to_contain_text("middle fifth")
