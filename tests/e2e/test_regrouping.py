"""Splitting and merging in the browser: from the menu of the case to the two related cases, and back."""

from __future__ import annotations

import re

import pytest

from inbox.models import Case
from tests.e2e.soundness import SCHEMES, sound
from tests.e2e.test_inbox import arrive, write_again
from tests.e2e.test_looks import PHONE, SMALL, WIDE

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def test_a_case_is_split_on_a_phone_and_merged_again_with_scripts_off(company, open_page):
    case, _ = arrive(company)
    write_again(
        case, "You charged me twice for it, and here is a longer sentence that has to break somewhere"
    )
    page = open_page("mara", f"/cases/{case.pk}/", **PHONE)
    page.locator("summary[aria-label='Dismiss, split, merge or link']").click()
    page.get_by_role("link", name="Split this case").click()
    page.wait_for_url("**/split/")
    assert (page.evaluate(WIDE), page.evaluate(SMALL)) == (0, [])
    sound(page, *SCHEMES)
    page.get_by_label("You charged me twice").check()
    page.get_by_label("The new case is for").select_option(label="Billing")
    page.get_by_role("button", name="Split").click()
    page.wait_for_url(re.compile(r"/cases/\d+/$"))
    opened = Case.objects.exclude(pk=case.pk).get()
    assert page.locator(".others .chip", has_text="related").count() == 1

    page = open_page(
        "mara", f"/cases/{case.pk}/merge/", java_script_enabled=False, viewport=PHONE["viewport"]
    )
    page.get_by_label(f"Case {opened.pk}, Billing", exact=False).check()
    page.get_by_role("button", name="Merge").click()
    page.wait_for_url(f"**/cases/{case.pk}/")
    case.refresh_from_db()
    assert case.message_count == 2
    assert "are here now" in page.content()
