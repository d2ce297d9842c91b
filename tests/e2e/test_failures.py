"""Requests that fail, in a real browser: each says so, nothing typed is lost, and it can be tried again."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import Role, User
from inbox.models import Draft, Message, Reply
from inbox.replies import outcomes
from tests.e2e.conftest import session_of
from tests.e2e.soundness import SCHEMES, sound
from tests.e2e.test_inbox import arrive, listening
from tests.factories import PASSWORD, UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
STATUSES = {
    403: "You may not do this",
    404: "It is not there any more",
    409: "Somebody else got there first",
    429: "The server has too much to do",
    500: "Something broke on our side",
}


def opened_case(company, open_page, who="mara", **options):
    case, _ = arrive(company)
    return case, listening(open_page(who, f"/cases/{case.pk}/", **options))


def sign_out_elsewhere(user):
    user.session_epoch += 1
    user.save(update_fields=["session_epoch"])


def sign_in(page, username):
    page.fill("[name=login]", username)
    page.fill("[name=password]", PASSWORD)
    page.click("button.go")


@pytest.mark.parametrize("status", STATUSES)
def test_an_answer_that_fails_says_so_and_is_sent_when_tried_again(company, open_page, status):
    case, page = opened_case(company, open_page)
    page.route("**/reply/", lambda route: route.fulfill(status=status, body="no"))
    page.locator("#answer").fill("It leaves today.")
    page.locator("#answer").press("Control+Enter")
    said = page.locator("#reply-form .failure")
    expect(said).to_contain_text(f"Not sent {STATUSES[status]}")
    expect(said).to_contain_text("What you typed is kept.")
    expect(page.locator("#answer")).to_have_value("It leaves today.")
    expect(page.locator("#draft-state")).to_have_text("Draft kept")
    assert Draft.objects.get(case=case).text == "It leaves today."
    page.unroute("**/reply/")
    if status in (404, 409):
        # What is pressed before the page has gone would be pressed on the old one.
        with page.expect_navigation():
            said.get_by_role("button", name="Reload the page").click()
        page.locator("#answer").press("Control+Enter")
    else:
        said.get_by_role("button", name="Try again").click()
    expect(page.locator(".msg.pending")).to_contain_text("It leaves today. ^ML")
    expect(page.locator(".failure")).to_have_count(0)
    assert Reply.objects.count() == 1


def test_a_note_that_is_refused_keeps_its_words(company, open_page):
    _, page = opened_case(company, open_page)
    words = "Too long. " * 1001
    page.keyboard.press("n")
    page.locator("#note-text").evaluate("field => field.removeAttribute('maxlength')")
    page.locator("#note-text").fill(words)
    with page.expect_response("**/note/") as answer:
        page.locator("#note-text").press("Control+Enter")
    assert answer.value.status == 422
    expect(page.locator("#case")).to_contain_text("at most 10,000 fit")
    expect(page.locator("#note-text")).to_have_value(words)


def test_without_a_connection_nothing_is_lost_and_the_banner_goes_by_itself(company, open_page):
    case, page = opened_case(company, open_page, color_scheme="dark", viewport={"width": 390, "height": 844})
    page.context.set_offline(True)
    expect(page.locator("#offline")).to_contain_text("You are offline")
    page.locator("#answer").fill("It leaves today.")
    expect(page.locator("#draft-state")).to_contain_text("Kept in this browser only.")
    page.locator("#answer").press("Control+Enter")
    expect(page.locator("#reply-form .failure")).to_contain_text("There is no connection to the server.")
    page.get_by_role("button", name="Take it").click()
    expect(page.locator("#case-notice .failure")).to_contain_text("It did not work")
    sound(page, *SCHEMES)
    page.context.set_offline(False)
    expect(page.locator("#offline")).to_be_hidden()
    expect(page.locator("#draft-state")).to_have_text("Draft kept")
    assert Draft.objects.get(case=case).text == "It leaves today."
    page.locator("#case-notice").get_by_role("button", name="Try again").click()
    expect(page.get_by_text("It is yours.")).to_be_visible()
    page.locator("#answer").press("Control+Enter")
    expect(page.locator(".msg.pending")).to_contain_text("It leaves today.")


def test_an_answer_whose_receipt_gets_lost_is_sent_once(company, open_page):
    case, page = opened_case(company, open_page)
    page.evaluate("htmx.config.timeout = 1500")

    def lose(route):
        route.fetch()

    page.route("**/reply/", lose)
    page.locator("#answer").fill("It leaves today.")
    page.locator("#answer").press("Control+Enter")
    said = page.locator("#reply-form .failure")
    expect(said).to_contain_text("did not answer in time")
    page.unroute("**/reply/")
    said.get_by_role("button", name="Try again").click()
    expect(page.locator(".msg.pending")).to_contain_text("It leaves today.")
    expect(page.locator("#answer")).to_have_value("")
    assert Reply.objects.count() == 1
    assert not Draft.objects.filter(case=case).exists()
    page.reload()
    expect(page.locator("#answer")).to_have_value("")


def test_signed_out_elsewhere_the_text_is_given_back_after_signing_in(company, open_page):
    case, page = opened_case(company, open_page)
    sign_out_elsewhere(company.manager)
    page.locator("#answer").fill("First sentence. Second, just now.")
    page.locator("#answer").press("Control+Enter")
    page.wait_for_url("**/auth/login/**")
    expect(page.get_by_text("What you typed is kept in this browser.")).to_be_visible()
    sign_in(page, "mara")
    page.wait_for_url(f"**/cases/{case.pk}/")
    expect(page.locator("#answer")).to_have_value("First sentence. Second, just now.")
    expect(page.locator("#draft-state")).to_have_text("Draft kept")
    assert not Reply.objects.exists()


def test_what_one_person_typed_is_never_shown_to_another(company, open_page):
    case, page = opened_case(company, open_page)
    sign_out_elsewhere(company.manager)
    page.locator("#answer").fill("Between Mara and the customer")
    page.locator("#answer").press("Control+Enter")
    page.wait_for_url("**/auth/login/**")
    sign_in(page, "sana")
    page.wait_for_url(f"**/cases/{case.pk}/")
    expect(page.locator("#answer")).to_have_value("")
    assert "Between Mara" not in page.content()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/auth/**")
    page.goto(f"/auth/login/?next=/cases/{case.pk}/")
    sign_in(page, "mara")
    page.wait_for_url(f"**/cases/{case.pk}/")
    expect(page.locator("#answer")).to_have_value("Between Mara and the customer")


def test_signing_in_again_in_another_tab_lets_the_first_go_on(company, open_page):
    case, page = opened_case(company, open_page)
    sign_out_elsewhere(company.manager)
    other = page.context.new_page()
    other.goto("/auth/login/")
    sign_in(other, "mara")
    other.wait_for_url("**/")
    page.locator("#answer").fill("It leaves today.")
    expect(page.locator("#draft-state")).to_have_text("Draft kept")
    page.locator("#note summary").click()
    page.locator("#note-text").fill("Ask the carrier.")
    page.locator("#note-text").press("Control+Enter")
    expect(page.locator(".note")).to_contain_text("Ask the carrier.")
    page.locator("#answer").press("Control+Enter")
    expect(page.locator(".msg.pending")).to_contain_text("It leaves today.")


def test_an_answer_whose_form_had_expired_leaves_no_draft(company, open_page, server):
    case, page = opened_case(company, open_page)
    page.context.add_cookies([{"name": "csrftoken", "value": "b" * 32, "url": server}])
    page.locator("#answer").fill("It leaves today.")
    with page.expect_response(lambda answer: answer.url.endswith("/reply/") and answer.ok):
        page.locator("#answer").press("Control+Enter")
    expect(page.locator(".msg.pending")).to_contain_text("It leaves today.")
    asked = len(page.asked)
    # A timer of the page that was begun last: the one that keeps a draft, 800 ms after typing, has run out before it.
    page.evaluate("new Promise((resolve) => setTimeout(resolve, 1000))")
    expect(page.locator("#answer")).to_have_value("")
    assert [address for address in page.asked[asked:] if address.endswith("/draft/")] == []
    assert not Draft.objects.filter(case=case).exclude(text="").exists()


def test_somebody_else_in_this_browser_is_not_written_for(company, open_page, server):
    case, page = opened_case(company, open_page)
    key = session_of(company.agent)
    page.context.add_cookies([{"name": "sessionid", "value": key, "url": server}])
    page.context.add_cookies([{"name": "csrftoken", "value": "b" * 32, "url": server}])
    page.locator("#note summary").click()
    page.locator("#note-text").fill("Ask the carrier.")
    page.get_by_role("button", name="Save note").click()
    expect(page.locator("#note .failure")).to_contain_text("Somebody else has signed in in this browser.")
    assert not Message.objects.filter(case=case, text="Ask the carrier.").exists()


def test_a_note_is_given_back_after_another_case_and_saved_by_a_key(company, open_page):
    case, _ = arrive(company)
    other, _ = arrive(company, "Another one")
    page = listening(open_page())
    page.locator(f'.row[data-case="{case.pk}"] .who').click()
    page.locator("#note summary").click()
    page.locator("#note-text").fill("Ask the carrier.")
    page.locator(f'.row[data-case="{other.pk}"] .who').click()
    expect(page.locator("#thread")).to_contain_text("Another one")
    page.locator(f'.row[data-case="{case.pk}"] .who').click()
    expect(page.locator("#note-text")).to_have_value("Ask the carrier.")
    expect(page.locator("#note .given-back")).to_contain_text("It is not saved yet.")
    sound(page, *SCHEMES)
    page.locator("#note-text").press("Control+Enter")
    expect(page.locator(".note")).to_contain_text("Ask the carrier.")
    page.reload()
    expect(page.locator("#note-text")).to_have_value("")


def test_leaving_with_an_unsaved_reason_asks_and_gives_it_back(company, open_page):
    case, page = opened_case(company, open_page)
    page.locator("summary", has_text="Hand over").click()
    page.locator("#hand-over-to").select_option("billing")
    page.locator("#hand-over-reason").click()
    page.keyboard.type("About a charge")
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.reload()
    assert asked == ["beforeunload"]
    expect(page.locator("#hand-over-reason")).to_have_value("About a charge")
    expect(page.locator("#hand-over-to")).to_have_value("billing")
    page.locator("#hand-over-reason").press("Control+Enter")
    expect(page.get_by_text("Handed over to Billing.")).to_be_visible()
    page.goto("/")
    assert asked == ["beforeunload"]


@pytest.fixture
def settings_page(company, open_page):
    """The page of a department, opened by an administrator."""
    UserFactory(username="ada", role=Role.ADMINISTRATOR)
    return open_page("ada", f"/departments/{company.billing.pk}/")


@pytest.mark.parametrize("fault", ["offline", 403, 429, 500])
def test_a_settings_form_that_fails_stays_and_is_saved_when_tried_again(company, settings_page, fault):
    page, name = settings_page, settings_page.locator("[name=name]")
    name.fill("Money matters")
    if fault == "offline":
        page.context.set_offline(True)
    else:
        page.route(
            page.url,
            lambda route: (
                route.fulfill(status=fault) if route.request.method == "POST" else route.continue_()
            ),
        )
    name.press("Control+Enter")
    said = page.locator("form .failure")
    expect(said).to_contain_text("Not saved")
    expect(said).to_contain_text("What you typed is kept.")
    expect(name).to_have_value("Money matters")
    sound(page)
    page.context.set_offline(False)
    page.unroute(page.url)
    said.get_by_role("button", name="Try again").click()
    expect(page.locator("#messages .success")).to_be_visible()
    company.billing.refresh_from_db()
    assert company.billing.name == "Money matters"


def test_a_settings_form_is_given_back_after_signing_in(company, settings_page):
    page, address = settings_page, settings_page.url
    sign_out_elsewhere(User.objects.get(username="ada"))
    page.locator("[name=name]").fill("Money matters")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("form .failure")).to_contain_text("You are signed out.")
    page.locator(".failure").get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/auth/login/**")
    sign_in(page, "ada")
    page.wait_for_url(address)
    expect(page.locator("[name=name]")).to_have_value("Money matters")
    expect(page.locator(".given-back")).to_contain_text("What you typed is back.")
    page.get_by_role("button", name="Discard").click()
    expect(page.locator("[name=name]")).to_have_value("Billing")


def test_a_settings_form_with_a_mistake_shows_it_and_can_be_sent(company, settings_page):
    page, name = settings_page, settings_page.locator("[name=name]")
    name.fill("Customer service")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".error").first).to_be_visible()
    expect(name).to_have_value("Customer service")
    name.fill("Money matters")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#messages .success")).to_be_visible()
    company.billing.refresh_from_db()
    assert company.billing.name == "Money matters"


def test_an_answer_that_the_network_refused_is_back_in_the_open_box(company, open_page):
    case, page = opened_case(company, open_page)
    page.locator("#answer").fill("It leaves today.")
    page.locator("#answer").press("Control+Enter")
    expect(page.locator("#answer")).to_have_value("")
    reply = Reply.objects.get()
    outcomes.record_reply_failed(reply.pk, "It was refused.", now=timezone.now())
    expect(page.locator("#answer")).to_have_value("It leaves today. ^ML")
    expect(page.locator("#count")).to_have_text("20 / 280")


def test_drafts_are_kept_after_an_answer_was_sent_from_the_same_page(company, open_page):
    case, page = opened_case(company, open_page)
    page.locator("#answer").fill("It leaves today.")
    page.locator("#answer").press("Control+Enter")
    expect(page.locator(".msg.pending")).to_be_visible()
    page.locator("#answer").fill("Something else")
    expect(page.locator("#draft-state")).to_have_text("Draft kept")
    assert Draft.objects.get(case=case).text == "Something else"
