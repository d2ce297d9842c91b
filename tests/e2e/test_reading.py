"""Correcting how a message was read, in a real browser."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from inbox.models import Message, MessageCorrection
from tests.e2e.moments import heard
from tests.e2e.test_inbox import arrive, listening, write_again

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def test_a_message_read_wrongly_is_corrected_in_place_and_back(company, open_page):
    case, message = arrive(company, "Oh great, third parcel lost. Just wonderful.")
    Message.objects.update(sentiment="positive", language="en", needs_answer=False, urgency=1)
    page = open_page(path=f"/cases/{case.pk}/")
    page.get_by_role("link", name="+ positive").click()
    form = page.get_by_role("form", name="How this message was read")
    expect(form.get_by_label("Sentiment")).to_be_focused()
    form.get_by_label("Sentiment").select_option("negative")
    form.get_by_label("Needs an answer").select_option("yes")
    form.get_by_role("button", name="Save").click()
    expect(page.get_by_text("✎ − negative")).to_be_visible()
    expect(page.get_by_text("✎ needs an answer")).to_be_visible()
    expect(page.get_by_text("corrected how a message was read")).to_be_visible()
    page.get_by_role("link", name="✎ − negative").click()
    expect(page.get_by_text("it was read as positive tone")).to_be_visible()
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_role("form", name="How this message was read")).to_have_count(0)
    assert set(MessageCorrection.objects.values_list("field", "machine", "value")) == {
        ("sentiment", "positive", "negative"),
        ("needs_answer", False, True),
    }
    # The browser says so of a form that comes in with the focus already moved.
    assert [line for line in page.said if "Autofocus" not in line] == []


HOLD = """(first) => {
  // A refresh that was asked for before the form, whose answer comes while the form's is on its way: first or second.
  const { open, send } = XMLHttpRequest.prototype;
  const moments = {};
  const moment = (name) => new Promise((resolve) => { moments[name] = resolve; });
  const asked = moment("asked");
  const shown = moment("shown");
  XMLHttpRequest.prototype.open = function (method, address, ...more) {
    this.kind = address.includes("/reading/") ? "form" : address.includes("/thread/") ? "refresh" : "";
    return open.call(this, method, address, ...more);
  };
  XMLHttpRequest.prototype.send = function (...sent) {
    const { onload, kind } = this;
    if (kind) document.body.dataset[kind] = "asked";
    if (kind === "form") moments.asked();
    if (kind && kind === first) this.onload = (event) => asked.then(() => { onload(event); setTimeout(moments.shown, 100); });
    else if (kind) this.onload = (event) => shown.then(() => onload(event));
    return send.apply(this, sent);
  };
}"""


@pytest.mark.parametrize("first", ["form", "refresh"])
def test_a_refresh_that_was_under_way_leaves_the_form(company, open_page, first):
    case, _ = arrive(company, "Oh great, third parcel lost. Just wonderful.")
    Message.objects.update(sentiment="positive")
    page = listening(open_page(path=f"/cases/{case.pk}/"))
    page.evaluate(HOLD, first)
    page.evaluate("document.dispatchEvent(new CustomEvent('horseshoe:case'))")
    expect(page.locator("body[data-refresh]")).to_have_count(1)
    page.get_by_role("link", name="+ positive").click()
    form = page.get_by_role("form", name="How this message was read")
    expect(form).to_be_visible()
    with heard(page):
        write_again(case, "And one more thing")
    expect(form).to_be_visible()
    form.get_by_role("link", name="Cancel").click()
    expect(page.locator("#thread")).to_contain_text("And one more thing")
    expect(form).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_the_form_is_accessible_and_fits(company, open_page, scheme, width):
    case, _ = arrive(company, "Where is my parcel? I am stranded without it.")
    Message.objects.update(sentiment="negative", language="en", urgency=1)
    page = open_page(path=f"/cases/{case.pk}/", viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.get_by_role("link", name="− negative").click()
    form = page.get_by_role("form", name="How this message was read")
    expect(form).to_be_visible()
    box = form.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    results = Axe().run(page, context="#thread")
    assert results.violations_count == 0, results.generate_report()
