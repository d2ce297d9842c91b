"""A case goes to somebody else while it is open and somebody types in it, in a real browser."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import Role
from inbox.cases import hand_overs, verbs
from inbox.models import Case, Draft
from inbox.retention.erasing import erase_customer
from tests.e2e.soundness import sound
from tests.e2e.test_hand_over import picture
from tests.e2e.test_inbox import arrive, listening
from tests.factories import UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def typing(page, words):
    page.locator("#answer").fill(words)
    expect(page.locator("#draft-state")).to_have_text("Draft kept")
    return page


def test_what_was_typed_is_given_back_when_a_colleague_hands_the_case_over(company, open_page):
    case, _ = arrive(company)
    page = typing(listening(open_page("sana", f"/cases/{case.pk}/")), "It left yesterday.")
    page.locator("#note > summary").click()
    page.locator("#note-text").fill("Ask the carrier.")
    verbs.hand_over_case(case.pk, company.manager, company.billing, "A charge", now=timezone.now())
    expect(page.locator("#case-lost")).to_contain_text("Billing has it now")
    expect(page.get_by_label("Your answer, not sent")).to_have_value("It left yesterday.")
    expect(page.get_by_label("Your note, not saved")).to_have_value("Ask the carrier.")
    expect(page.locator("#reply-form")).to_have_count(0)
    picture(page, "lost-light")
    page.get_by_role("button", name="Copy").first.click()
    expect(page.get_by_role("button", name="Copied")).to_have_count(1)
    sound(page)
    page.get_by_role("link", name="Back to the cases").click()
    expect(page.locator("#case-list")).to_be_visible()


def test_the_answer_box_goes_and_comes_with_a_case_that_is_still_watched(company, open_page):
    case, _ = arrive(company)
    phone = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}
    page = typing(listening(open_page("sana", f"/cases/{case.pk}/", **phone)), "It left yesterday.")
    page.locator("#case-bar summary", has_text="Hand over").click()
    page.locator("#hand-over-reason").fill("Perhaps billing")
    # In another tab.
    verbs.hand_over_case(case.pk, company.agent, company.billing, "A charge", now=timezone.now())
    expect(page.locator("#composer")).to_contain_text("Billing has it now")
    expect(page.get_by_label("Your answer, not sent")).to_have_value("It left yesterday.")
    expect(page.get_by_label("Your reason, not saved")).to_have_value("Perhaps billing")
    for form in ("#answer", "#note-text", "#hand-over-reason"):
        expect(page.locator(form)).to_have_count(0)
    picture(page, "watched-phone-dark")
    sound(page)
    hand_overs.bounce_case(case.pk, company.manager, "Not a charge", now=timezone.now())
    expect(page.locator("#answer")).to_have_value("It left yesterday.")


def test_who_has_taken_a_case_over_is_said_where_the_undo_was(company, open_page):
    case, _ = arrive(company)
    page = typing(listening(open_page("sana", f"/cases/{case.pk}/")), "It left yesterday.")
    page.locator("#case-bar h2").focus()
    page.keyboard.press("a")
    expect(page.locator("#case-notice .undo")).to_be_visible()
    verbs.assign_case(case.pk, company.manager, company.manager, now=timezone.now())
    notice = page.locator("#case-notice")
    expect(notice).to_contain_text("has taken this case over. What you typed is kept.")
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)
    expect(page.locator("#answer")).to_have_value("It left yesterday.")
    picture(page, "taken-over-light")
    # The next refresh leaves it where it is.
    verbs.add_note(case.pk, company.manager, "I do it.", now=timezone.now())
    expect(page.locator("#thread")).to_contain_text("I do it.")
    expect(notice).to_contain_text("has taken this case over")
    page.locator("#case-bar h2").focus()
    page.keyboard.press("z")
    assert Case.objects.get(pk=case.pk).assignee == company.manager
    sound(page)


def test_nothing_that_was_typed_is_kept_of_an_erased_customer(company, open_page):
    case, _ = arrive(company)
    page = typing(listening(open_page("sana", f"/cases/{case.pk}/")), "It left yesterday.")
    page.locator("#note > summary").click()
    page.locator("#note-text").fill("Ask the carrier.")
    erase_customer(case.customer, by=UserFactory(role=Role.ADMINISTRATOR), now=timezone.now())
    expect(page.locator("#composer")).to_contain_text("This customer's data has been erased.")
    expect(page.locator(".kept-words")).to_have_count(0)
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('kept:'))") == []
    assert not Draft.objects.exists()
    sound(page)
