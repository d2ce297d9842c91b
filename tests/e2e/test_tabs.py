"""Many tabs of one browser over plain HTTP/1.1, where a browser opens six connections to a host."""

from __future__ import annotations

import time
import urllib.request

import pytest
from playwright.sync_api import expect

from inbox.models import Draft
from tests.e2e.test_inbox import arrive, write_again

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
NO_WORKER = "delete window.SharedWorker"
NO_ELECTION = f"{NO_WORKER}; delete window.BroadcastChannel"
#: A turn that comes only when the test says so: what happens in between happens to tabs, too.
LATE_TURN = """
const request = navigator.locks.request.bind(navigator.locks);
navigator.locks.request = (name, options, hold) => request(name, async () => {
  await new Promise((resolve) => { window.takeTurn = resolve; });
  return hold();
});
"""
#: A page that says of itself what a tab behind another one says.
LOOK = """hidden => {
  Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


def count_streams(server):
    return int(urllib.request.urlopen(f"{server}/streams/", timeout=30).read())


def wait_for_streams(server, number):
    until = time.monotonic() + 60
    while (found := count_streams(server)) != number:
        assert time.monotonic() < until, f"{found} streams are open, not {number}"
        time.sleep(0.1)


def open_tabs(page, cases):
    """A tab for each case in the browser of `page`. One that finds no connection free would wait for ever."""
    tabs = [page, *(page.context.new_page() for _ in cases[1:])]
    for tab, (case, _) in zip(tabs, cases, strict=True):
        tab.goto(f"/cases/{case.pk}/", timeout=60_000)
    return tabs


@pytest.mark.parametrize("script", ["", NO_WORKER])
def test_seven_tabs_load_act_and_keep_drafts_with_one_stream(company, open_page, server, script):
    cases = [arrive(company, f"Parcel {number}") for number in range(7)]
    page = open_page()
    page.context.add_init_script(script)
    tabs = open_tabs(page, cases)
    for tab in tabs:
        tab.wait_for_selector("html[data-stream=open]", state="attached")
    wait_for_streams(server, 1)
    tabs[0].get_by_role("button", name="Take it").click()
    expect(tabs[0].get_by_text("It is yours.")).to_be_visible()
    for number, tab in enumerate(tabs):
        tab.locator("#answer").fill(f"Half a sentence {number}")
        expect(tab.locator("#draft-state")).to_have_text("Draft kept")
    assert Draft.objects.count() == 7
    for case, _ in cases:
        write_again(case, "And now?")
    for tab in tabs:
        expect(tab.locator("#thread")).to_contain_text("And now?")
    # What came while it was written has not been seen yet: it is shown first.
    tabs[6].locator("#answer").press("Control+Enter")
    tabs[6].get_by_role("button", name="Send as it is").click()
    expect(tabs[6].locator(".msg.pending")).to_contain_text("Half a sentence 6")


@pytest.mark.parametrize("script", ["", NO_WORKER, NO_ELECTION])
def test_no_stream_while_every_tab_is_hidden(company, open_page, server, script):
    cases = [arrive(company), arrive(company, "Another one")]
    page = open_page()
    page.context.add_init_script(script)
    tabs = open_tabs(page, cases)
    for tab in tabs:
        tab.wait_for_selector("html[data-stream=open]", state="attached")
        tab.evaluate(LOOK, True)
    wait_for_streams(server, 0)
    write_again(cases[1][0], "While nobody looked")
    tabs[1].evaluate(LOOK, False)
    expect(tabs[1].locator("#thread")).to_contain_text("While nobody looked")
    wait_for_streams(server, 1)


@pytest.mark.parametrize("script", ["", NO_WORKER])
def test_the_stream_outlives_the_tab_that_opened_it(company, open_page, server, script):
    cases = [arrive(company), arrive(company, "Another one")]
    page = open_page()
    page.context.add_init_script(script)
    tabs = open_tabs(page, cases)
    tabs[1].wait_for_selector("html[data-stream=open]", state="attached")
    tabs[0].close()
    write_again(cases[1][0], "Still there?")
    expect(tabs[1].locator("#thread")).to_contain_text("Still there?")
    tabs[1].close()
    wait_for_streams(server, 0)


def test_a_tab_that_was_hidden_before_its_turn_came_lets_the_next_have_it(company, open_page, server):
    case, _ = arrive(company)
    page = open_page()
    page.context.add_init_script(f"{NO_WORKER}; {LATE_TURN}")
    page.goto(f"/cases/{case.pk}/")
    page.wait_for_function("() => window.takeTurn")
    page.evaluate(LOOK, True)
    page.evaluate("() => window.takeTurn()")
    until = time.monotonic() + 60
    while page.evaluate("async () => (await navigator.locks.query()).held.length"):
        assert time.monotonic() < until, "the turn is not given back"
    wait_for_streams(server, 0)
    page.evaluate("() => { window.takeTurn = null }")
    page.evaluate(LOOK, False)
    page.wait_for_function("() => window.takeTurn")
    page.evaluate("() => window.takeTurn()")
    page.wait_for_selector("html[data-stream=open]", state="attached")
