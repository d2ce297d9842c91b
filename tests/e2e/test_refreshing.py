"""Somebody works while the page under their hands refreshes itself, in a real browser."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from inbox.models import Draft, NoticeKind
from inbox.notices.notify import notify_users
from inbox.replies import outcomes
from tests.e2e.test_inbox import arrive, listening, write_again
from tests.factories import MessageFactory, ReplyFactory

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
# The list and the navigation have been asked for again, and what came of it has been done.
ANSWERED = """() => {
  const waiting = new Set(["case-list", "rail"]);
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    waiting.delete(detail.target.id);
    if (!waiting.size) document.body.dataset.answered = "yes";
  });
}"""


def test_a_row_that_changes_while_it_is_pressed_is_opened(company, open_page):
    case, _ = arrive(company)
    page = listening(open_page())
    row = page.locator(f'.row[data-case="{case.pk}"] .who')
    box = row.bounding_box()
    page.mouse.move(box["x"] + 10, box["y"] + 10)
    page.mouse.down()
    page.evaluate(ANSWERED)
    other, _ = arrive(company, "Another one")
    page.wait_for_selector("body[data-answered]")
    page.mouse.up()
    expect(page.locator("#thread")).to_contain_text("Where is my parcel?")
    page.wait_for_url(f"**/cases/{case.pk}/")
    page.locator("#case-list .newer").click()
    expect(page.locator(f'.row[data-case="{other.pk}"]')).to_be_visible()


def test_the_list_of_notices_keeps_the_focus(company, open_page):
    case, _ = arrive(company)
    notify_users([company.agent.pk], case.pk, NoticeKind.SOLVED, "Solved.", key="one", now=timezone.now())
    page = listening(open_page("sana", "/notices/"))
    page.keyboard.press("j")
    first = page.locator("#notice-list .row button.who", has_text="Solved.")
    expect(first).to_be_focused()
    notify_users(
        [company.agent.pk], case.pk, NoticeKind.BOUNCED, "It came back.", key="two", now=timezone.now()
    )
    expect(page.locator("#notice-list .row")).to_have_count(2)
    expect(first).to_be_focused()


def test_a_draft_is_kept_when_a_refresh_comes_while_it_is_typed(company, open_page):
    case, _ = arrive(company)
    page = listening(open_page(path=f"/cases/{case.pk}/"))
    with page.expect_response(lambda response: "/thread/" in response.url):
        page.locator("#answer").fill("Half a sent")
        page.evaluate("document.dispatchEvent(new CustomEvent('horseshoe:case'))")
    expect(page.locator("#draft-state")).to_have_text("Draft kept")
    assert Draft.objects.get(case=case).text == "Half a sent"


def test_what_is_unfolded_marked_and_stood_on_outlasts_a_refresh(company, open_page):
    (case, message), now = arrive(company), timezone.now()
    message.text, message.network_time = "A long letter. " * 300, now - dt.timedelta(hours=2)
    message.save()
    reply = ReplyFactory(parent=message, author=company.agent, text="It leaves today.", created_at=now)
    outcomes.record_reply_failed(reply.pk, "X refused it.", now=now, detail="You are not permitted.")
    page = listening(open_page(path=f"/cases/{case.pk}/"))
    thread = page.locator("#thread-newest")
    rest, said = thread.locator("details.rest"), page.locator(f"#reply-{reply.pk} details")
    rest.locator("summary").click()
    said.locator("summary").click()
    page.locator("#case-tags details summary").click()
    page.evaluate(
        "getSelection().selectAllChildren(document.querySelector('#thread-newest .pending .said bdi'))"
    )
    # A late one comes in between, so that the answer stands in another place than before.
    MessageFactory(case=case, text="From before", network_time=now - dt.timedelta(hours=1))
    write_again(case, "And one more thing")
    expect(thread).to_contain_text("And one more thing")
    expect(thread).to_contain_text("From before")
    for details in (rest, said, page.locator("#case-tags details")):
        expect(details).to_have_attribute("open", "")
    expect(thread.locator("details[open]")).to_have_count(2)
    assert page.evaluate("String(getSelection())") == "It leaves today."

    said.locator("summary").focus()
    write_again(case, "And now?")
    expect(thread).to_contain_text("And now?")
    expect(said.locator("summary")).to_be_focused()
    page.keyboard.press("Enter")
    write_again(case, "Hello?")
    expect(thread).to_contain_text("Hello?")
    expect(thread.locator("details[open]")).to_have_count(1)


def test_who_has_left_the_answer_is_not_taken_back_to_it(company, open_page):
    case, _ = arrive(company)
    page = listening(open_page(path=f"/cases/{case.pk}/"))
    page.locator("#answer").focus()
    write_again(case, "And one more thing")
    expect(page.locator("#thread")).to_contain_text("And one more thing")
    expect(page.locator("#answer")).to_be_focused()
    page.keyboard.press("Escape")
    write_again(case, "And now?")
    expect(page.locator("#thread")).to_contain_text("And now?")
    assert page.evaluate("document.activeElement === document.body")
    page.keyboard.press("e")
    expect(page.locator("#case-bar")).to_contain_text("resolved")
