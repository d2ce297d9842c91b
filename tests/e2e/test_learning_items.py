"""Learning items as people meet them: linked without scripts, sound in both colours and on a phone."""

from __future__ import annotations

import os

import pytest

from inbox.learning_items import rounds
from inbox.models import LearningItem
from tests.e2e.moments import still
from tests.e2e.soundness import SCHEMES, sound
from tests.e2e.test_looks import PHONE, SMALL, WIDE
from tests.factories import NOW
from tests.inbox.learning_items.cast import link_case, shipped_item

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
TEXT = "Hello {name}, {what changed}. Thank you for telling us!"


def test_it_is_linked_without_scripts_and_its_pages_are_sound(company, open_page):
    manager = company.manager
    item = shipped_item(
        company.service, title="The cord of the Fern Toaster 4, the one with two slots, gets hot"
    )
    shipped_item(company.service, title="Late parcels", state="with_owner", decision="", reason="",
                 shipped_on=None, owner=manager, due_on=NOW.date())  # fmt: skip
    cases = [link_case(item, manager, company.brand, company.service) for _ in range(3)]
    page = open_page("mara", f"/cases/{cases[0].pk}/learning-items/", java_script_enabled=False)
    page.get_by_label("Late parcels").check()
    page.get_by_role("button", name="Link").click()
    assert page.get_by_text("this case is part of “Late parcels”").is_visible()
    page.get_by_role("button", name="Undo").click()
    assert page.get_by_text("Unlinked from “Late parcels”").is_visible()
    open_item = LearningItem.objects.get(title="Late parcels").pk
    for number, options in enumerate(({"viewport": {"width": 1440, "height": 900}}, PHONE)):
        page = open_page("mara", **options)
        for path in (
            "/reports/learning-items/",
            "/reports/learning-items/new/",
            f"/reports/learning-items/{item.pk}/",
            f"/reports/learning-items/{open_item}/",
            f"/reports/learning-items/{item.pk}/answers/",
        ):
            page.goto(path)
            still(page)
            assert page.evaluate(WIDE) == 0, path
            if options is PHONE:
                assert page.evaluate(SMALL) == [], path
            sound(page, *SCHEMES)
            assert page.said == [], path
            if folder := os.environ.get("LOOK"):
                for scheme in SCHEMES:
                    page.emulate_media(color_scheme=scheme)
                    page.screenshot(
                        path=f"{folder}/{number}-{path.strip('/').replace('/', '-')}-{scheme}.png",
                        full_page=True,
                    )
        if not number:
            rounds.prepare_round(item.pk, manager, TEXT, now=NOW)
