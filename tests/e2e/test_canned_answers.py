"""Canned answers in a real browser: found while typing, inserted by key, taken back by the browser's own undo."""

from __future__ import annotations

import os

import pytest
from playwright.sync_api import expect

from inbox.models import Draft, Reply
from tests.e2e.soundness import SCHEMES, sound
from tests.factories import CannedAnswerFactory, CaseFactory, MessageFactory

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def look(page, name):
    """Keeps a picture when somebody wants to look (SHOTS)."""
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=f"{folder}/{name}.png")


def test_canned_answers_are_found_inserted_and_taken_back_by_keys(company, open_page):
    case = CaseFactory(department=company.service, brand_account=company.brand, preview="Where is my parcel?")
    MessageFactory(case=case, language="en")
    parcel = CannedAnswerFactory(
        title="The parcel is on its way", shortcut="parcel-left", texts={"en": "Your parcel {order} left today.", "de": "Dein Paket ist raus."}
    )  # fmt: skip
    sorry = CannedAnswerFactory(
        title="Sorry for the wait",
        shortcut="parcel-late",
        owner=company.agent,
        texts={"en": "Sorry for the wait."},
    )
    CannedAnswerFactory(title="All terms", shortcut="parcel-terms", texts={"en": "Long. " * 60})
    page = open_page("sana", f"/cases/{case.pk}/")
    answer, options = page.locator("#answer"), page.locator("#canned [role=option]")

    page.keyboard.press(";")
    expect(options).to_have_count(3)
    expect(answer).to_be_focused()
    page.keyboard.type("parcel")
    expect(answer).to_have_value(";parcel")
    expect(page.locator("#canned-title")).to_have_text("3 canned answers")
    page.keyboard.type("-la")
    expect(options).to_have_count(1)
    expect(answer).to_have_attribute("aria-activedescendant", "canned-0")
    page.keyboard.press("Enter")
    expect(answer).to_have_value("Sorry for the wait.")
    expect(page.locator("#canned")).to_be_hidden()

    page.keyboard.type(" ;parcel")
    expect(options).to_have_count(3)
    sound(page, *SCHEMES)
    look(page, "canned-dark")
    page.emulate_media(color_scheme="light")
    look(page, "canned-light")
    page.keyboard.press("Escape")
    expect(page.locator("#canned")).to_be_hidden()
    expect(answer).to_be_focused()
    page.keyboard.type("-le")
    expect(answer).to_have_value("Sorry for the wait. ;parcel-le")
    for _ in " ;parcel-le":
        page.keyboard.press("Backspace")
    page.keyboard.type(" ;left")
    expect(options).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator("#canned-order-number")).to_be_focused()
    page.keyboard.type("KF-20418")
    page.keyboard.press("Enter")
    whole = "Sorry for the wait. Your parcel KF-20418 left today."
    expect(answer).to_have_value(whole)
    page.keyboard.press("Control+z")
    expect(answer).not_to_have_value(whole)
    page.keyboard.press("Control+Shift+z")
    expect(answer).to_have_value(whole)
    expect(page.locator("#draft-state")).to_have_text("Draft kept")
    assert Draft.objects.get().canned_answer_ids == [sorry.pk, parcel.pk]

    page.locator("#send").click()
    expect(answer).to_have_value("")
    assert Reply.objects.get().canned_answer_ids == sorted([sorry.pk, parcel.pk])

    page.goto(page.url.split("/cases/")[0] + "/canned-answers/")
    sound(page, *SCHEMES)
    look(page, "list-dark")
    page.get_by_role("link", name="Sorry for the wait").click()
    page.locator("#id_texts-0-text").fill("x" * 280)
    expect(page.locator("[data-text]").first.locator("[data-network=x]")).to_contain_text(
        "284 / 280 · 4 too long"
    )
    sound(page, *SCHEMES)
    look(page, "form-dark")
