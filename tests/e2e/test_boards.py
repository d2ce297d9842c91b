"""Every board of reports, empty, with one case and with some weeks: readable by everybody, in both schemes, on a phone."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from tests.e2e.moments import still
from tests.e2e.soundness import SCHEMES, sound
from tests.e2e.test_looks import WIDE
from tests.factories import CaseFactory, MessageFactory

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
BOARDS = (
    "today/", "today/wall/", "", "horseshoe/", "outcomes/", "brand-accounts/", "people/", "service-levels/",
    "presence-review/", "learning-items/", "learning-items/new/", "saved/", "cases/?of=created", "cases/?of=response&answered=no",
)  # fmt: skip
#: Drawings that a screen reader meets without a name.
NAMELESS = """() => [...document.querySelectorAll("main svg")]
  .filter((one) => one.checkVisibility() && !one.closest("[aria-hidden=true]"))
  .filter((one) => !(one.getAttribute("aria-label") ||
    document.getElementById(one.getAttribute("aria-labelledby"))?.textContent.trim() || one.querySelector(":scope > title")))
  .map((one) => one.outerHTML.slice(0, 160))"""


def add_weeks(company) -> None:
    now = timezone.now()
    for place in range(24):
        at = now - dt.timedelta(days=place, hours=3)
        case = CaseFactory(
            department=(company.service, company.billing)[place % 2], brand_account=company.brand, created_at=at,
            exchange_from=at,
        )  # fmt: skip
        MessageFactory(case=case, network_time=at, received_at=at, needs_answer=True)
        if place % 3:
            MessageFactory(case=case, outbound=True, network_time=at + dt.timedelta(hours=1))


def add_one(company) -> None:
    at = timezone.now() - dt.timedelta(hours=3)
    case = CaseFactory(
        department=company.service, brand_account=company.brand, created_at=at, exchange_from=at
    )
    MessageFactory(case=case, network_time=at, received_at=at, needs_answer=True)


@pytest.mark.parametrize("fill", [None, add_one, add_weeks], ids=["empty", "one case", "weeks"])
def test_every_board_is_readable_by_everybody(company, open_page, fill):
    if fill:
        fill(company)
    page = open_page("mara", "/reports/today/", viewport={"width": 1440, "height": 1000})
    troubles = []
    for board in BOARDS:
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 1440, "height": 1000})
        assert page.goto(f"/reports/{board}").status == 200, board
        still(page)
        page.evaluate(
            "document.querySelectorAll('main figure details').forEach((one) => { one.open = true })"
        )
        try:
            sound(page, *SCHEMES)
        except AssertionError as error:
            troubles.append((board, str(error)[:600]))
        troubles += [(board, one) for one in page.evaluate(NAMELESS)]
        page.set_viewport_size({"width": 390, "height": 844})
        if page.evaluate(WIDE):
            troubles.append((board, "runs over the edge of a phone"))
    assert troubles == []
