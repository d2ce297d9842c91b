"""The playbook on a phone and by keys, in a real browser."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import Role
from inbox.models import Case, CasePlaybook, Draft
from routing.playbook import versions
from tests.e2e.moments import still
from tests.e2e.soundness import SCHEMES, sound
from tests.e2e.test_hand_over import picture
from tests.e2e.test_inbox import arrive
from tests.factories import UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


@pytest.fixture
def case(company):
    versions.install_starter_playbook(None, timezone.now())
    return arrive(company, "You charged me twice!")[0]


def test_by_touch_on_a_phone(company, open_page, case):
    page = open_page("mara", f"/cases/{case.pk}/", **PHONE)
    page.get_by_role("link", name="Next question").tap()
    panel = page.locator("#case-playbook")
    expect(panel).to_be_in_viewport()
    expect(panel).to_contain_text("What is this message?")
    still(page)
    picture(page, "phone-playbook-light")
    small = page.evaluate(
        """() => [...document.querySelectorAll("#case-playbook .btn")]
          .filter((one) => one.getBoundingClientRect().height < 44).map((one) => one.outerHTML.slice(0, 120))"""
    )
    assert small == []
    panel.get_by_role("button", name="Somebody is unhappy").tap()
    expect(panel).to_contain_text("Did we cause the problem?")
    expect(panel).to_be_in_viewport()
    panel.get_by_role("button", name="Yes, or probably").tap()
    panel.get_by_role("button", name="Billing: a charge").tap()
    expect(panel).to_contain_text("Hand over to billing")
    picture(page, "phone-outcome-light")
    panel.get_by_role("button", name="Undo the last answer").tap()
    expect(panel).to_contain_text("Who can fix it?")
    panel.get_by_role("button", name="Billing: a charge").tap()
    panel.get_by_role("button", name="Hand over to Billing").tap()
    expect(page.get_by_text("Handed over to Billing.")).to_be_visible()
    assert Case.objects.get(pk=case.pk).department == company.billing
    assert CasePlaybook.objects.get(case=case).outcome == "to-billing"
    assert [line for line in page.said if "Error" in line or "Content Security" in line] == []


@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing_serious(company, open_page, case, width):
    page = open_page("mara", f"/cases/{case.pk}/", viewport={"width": width, "height": 900})
    sound(page, *SCHEMES)
    page.locator("#case-playbook").get_by_role("button", name="It is only meant to provoke").click()
    page.locator("#case-playbook").get_by_role("button", name="No", exact=True).click()
    expect(page.locator("#case-playbook")).to_contain_text("Leave it")
    sound(page, *SCHEMES)
    page.goto("/notices/")
    sound(page, *SCHEMES)


def test_by_keys(company, open_page, case):
    page = open_page("mara", f"/cases/{case.pk}/", viewport={"width": 1440, "height": 900})
    panel = page.locator("#case-playbook")
    page.locator("#case-bar h2").focus()
    picture(page, "playbook-light")
    for digit, expected in (("2", "Did we cause"), ("1", "Who can fix it?"), ("1", "anything personal"),
                            ("1", "Ask for a private message")):  # fmt: skip
        page.keyboard.press(digit)
        expect(panel).to_contain_text(expected)
    picture(page, "playbook-outcome-light")
    panel.get_by_role("button", name="Ask for a private message").press("Enter")
    expect(page.locator("#answer")).to_have_value("I am sorry about this and would like to put it right. Please send "
        "us a private message with your order number, and I will look at once.")  # fmt: skip
    expect(page.locator("#answer")).to_be_focused()
    assert Draft.objects.get(case=case).user == company.manager


def test_without_scripts_in_the_dark(company, open_page, case):
    page = open_page("mara", f"/cases/{case.pk}/", java_script_enabled=False, color_scheme="dark", **PHONE)
    page.get_by_role("link", name="Next question").click()
    page.locator("#case-playbook").get_by_role("button", name="It is only meant to provoke").click()
    page.locator("#case-playbook").get_by_role("button", name="No", exact=True).click()
    expect(page.locator("#case-playbook")).to_contain_text("Leave it")
    picture(page, "phone-no-script-dark")
    page.get_by_role("button", name="Dismiss it").click()
    expect(page.locator("#case-bar")).to_contain_text("dismissed")
    assert Case.objects.get(pk=case.pk).close_reason == "Provocation, no question"


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390)])
def test_the_editor_is_sound_and_edits(company, open_page, case, scheme, width):
    UserFactory(username="adam", role=Role.ADMINISTRATOR)
    page = open_page("adam", "/playbook/", color_scheme=scheme, viewport={"width": width, "height": 900})
    picture(page, f"playbook-page-{scheme}")
    page.get_by_role("link", name="Edit the draft").click()
    page.get_by_role("link", name="Edit Do you know the answer?").click()
    page.get_by_label("Question", exact=True).fill("Can you answer it?")
    page.get_by_role("button", name="Another answer").click()
    expect(page.get_by_text("Not saved yet")).to_be_visible()
    last = page.locator(".answer-rows li").last
    last.get_by_label("Answer", exact=True).fill("Nobody can")
    last.get_by_label("Leads to").select_option(label="Apologise, and say what changes")
    last.get_by_role("button", name="up").click()
    picture(page, f"playbook-question-{scheme}")
    sound(page)
    page.get_by_role("button", name="Save to the draft").click()
    expect(page.get_by_text("“Can you answer it?”: new answer “Nobody can”")).to_be_visible()
    picture(page, f"playbook-draft-{scheme}")
    sound(page)
    page.get_by_role("link", name="Try the draft").click()
    page.get_by_role("link", name="A question, and nobody is upset").click()
    expect(page.get_by_text("Can you answer it?")).to_be_visible()
    picture(page, f"playbook-try-{scheme}")
    sound(page)
    page.goto("/playbook/draft/")
    page.get_by_label("Why").fill("Shorter")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Version 2 is live.")).to_be_visible()
    for path in ("/playbook/", "/playbook/versions/", "/playbook/draft/outcomes/thank/"):
        page.goto(path)
        sound(page)


@pytest.mark.parametrize("height", [600, 720, 1000])
def test_the_context_does_not_lie_on_the_case_where_it_stands_below_it(company, open_page, case, height):
    page = open_page("mara", f"/cases/{case.pk}/", viewport={"width": 1280, "height": height})
    expect(page.locator("#case-playbook")).to_contain_text("What is this message?")
    # Both at once: a live update may put others in their place.
    pane, side = page.evaluate(
        "['#case > .pane', '#case-side'].map((one) => document.querySelector(one).getBoundingClientRect().toJSON())"
    )
    assert pane["height"] >= min(height, 704) - 1
    assert side["y"] >= pane["y"] + pane["height"] - 1
    picture(page, f"case-{height}")
    page.locator("#case-bar button", has_text="Resolve").click()
    expect(page.locator("#case-bar")).to_contain_text("resolved")
