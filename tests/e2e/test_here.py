"""Two people in the same case: each sees where the other is and what they do."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from accounts.models import User
from tests.e2e.soundness import SCHEMES, sound
from tests.e2e.test_hand_over import picture
from tests.e2e.test_inbox import arrive, listening

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def test_two_people_in_a_case_see_each_other(company, open_page):
    User.objects.filter(pk=company.manager.pk).update(first_name="Mara", last_name="Lindqvist")
    User.objects.filter(pk=company.agent.pk).update(first_name="Sana", last_name="Whitlock")
    case, _ = arrive(company)
    mara = listening(open_page(path=f"/cases/{case.pk}/"))
    sana = listening(open_page("sana"))
    mark = sana.locator(f'.row[data-case="{case.pk}"] .here')
    expect(mark).to_have_text("Mara is here")
    mara.locator("#answer").press_sequentially("It left")
    expect(mark).to_have_text("Mara writes")
    sana.locator(".row .who").click()
    expect(sana.locator("#composer-state")).to_contain_text("Mara Lindqvist has been writing an answer since")
    expect(mara.locator("#case-here")).to_have_text("Sana is here")
    expect(mara.locator("#answer")).to_have_value("It left")
    assert [line for line in sana.said if "Error" in line or "Content Security" in line] == []
    sound(sana, *SCHEMES)
    picture(sana, "here-dark")

    mara.close()
    expect(mark).to_have_count(0)
    expect(sana.locator("#case-here")).to_be_hidden()
    expect(sana.locator("#composer-state")).not_to_contain_text("writing")


def test_a_draft_is_seen_on_another_device_and_two_texts_are_both_kept(company, open_page):
    case, _ = arrive(company)
    desk, phone = (listening(open_page("sana", f"/cases/{case.pk}/")) for _ in range(2))
    desk.locator("#answer").fill("It left on Monday")
    expect(phone.locator("#answer")).to_have_value("It left on Monday")

    desk.route("**/draft/", lambda route: route.abort())
    desk.locator("#answer").fill("It left on Monday, by ship")
    phone.locator("#answer").fill("It left on Monday, by train")
    expect(phone.locator("#draft-state")).to_have_text("Draft kept")
    expect(desk.locator("#draft-state")).to_contain_text("Kept in this browser only")
    desk.unroute("**/draft/")
    desk.locator("#answer").press("End")
    desk.locator("#answer").press_sequentially(".")
    expect(desk.get_by_label("Written on another page")).to_have_value("It left on Monday, by train")
    expect(desk.locator("#answer")).to_have_value("It left on Monday, by ship.")
    sound(desk, *SCHEMES)
    picture(desk, "draft-elsewhere-dark")
    desk.get_by_role("button", name="Add it below").click()
    expect(desk.locator("#draft-state")).to_have_text("Draft kept")
    expect(phone.locator("#answer")).to_have_value(
        "It left on Monday, by ship.\n\nIt left on Monday, by train"
    )
