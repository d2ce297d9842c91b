"""The board of outcomes in a real browser: readable by everybody, on any screen."""

from __future__ import annotations

import datetime as dt
import random

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.e2e.soundness import SCHEMES, sound
from tests.e2e.test_horseshoe import CLASHES, picture
from tests.e2e.test_looks import SMALL, WIDE
from tests.factories import CaseFactory, MessageFactory

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def answered(company):
    """A company that answered sixty customers, in this period and in the one before."""
    dice, now = random.Random(7), timezone.now()
    for place in range(60):
        at = now - dt.timedelta(days=5 + place % 44)
        case = CaseFactory(
            department=dice.choice((company.service, company.billing)), brand_account=company.brand, created_at=at,
            first_response_at=at + HOUR, last_outbound_at=at + HOUR, waiting_since=None,
        )  # fmt: skip
        MessageFactory(
            case=case, network_time=at, sentiment=dice.choice(("negative", "negative", "neutral", "positive"))
        )
        MessageFactory(case=case, outbound=True, network_time=at + dice.choice((0.1, 0.5, 5, 30)) * HOUR)
        if dice.random() < 0.7:
            MessageFactory(
                case=case, network_time=at + 40 * HOUR, needs_answer=False,
                sentiment=dice.choice(("negative", "neutral", "positive", "positive")),
                said=dice.choice(("thanks", "thanks", "fixed", "complains", "")),
            )  # fmt: skip
    return company


def test_the_board_of_outcomes_is_readable_by_everybody(answered, open_page):
    page = open_page(
        "mara", "/reports/outcomes/?period=last-4-weeks", viewport={"width": 1440, "height": 1000}
    )
    flow, deeds = page.locator("#flow-chart"), page.locator("#deeds-chart")
    expect(flow).to_be_visible()
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        picture(page, f"outcomes-{scheme}")
    assert flow.evaluate(CLASHES) == [] and deeds.evaluate(CLASHES) == []
    sound(page, *SCHEMES)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 390, "height": 844})
    picture(page, "outcomes-phone")
    assert flow.evaluate(CLASHES) == [] and deeds.evaluate(CLASHES) == []
    assert page.evaluate(WIDE) <= 0
    assert page.evaluate(SMALL) == []
    sound(page, *SCHEMES)
