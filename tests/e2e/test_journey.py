"""The main job, with nothing in between left out: `up`, a post on a simulated network, a person, the public answer."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
from playwright.sync_api import expect

from config.demo_company import PASSWORD
from tests.e2e.conftest import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.slow]
#: What the suite's plugin set for its own servers: `up` shall bring its own.
OURS = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "CREDENTIAL_KEYS", "STATICFILES_BACKEND", "HTTPS")
QUESTION = "My kettle sings in the night, is that a feature?"
ANSWER = "It should not: we are sending you another one today."


@pytest.fixture
def product(tmp_path):
    """The running product's address and that of its simulated networks."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if name not in OURS}
    environment |= {"HORSESHOE_HOME": str(tmp_path / "home"), "UNDO_SECONDS": "1", "POLL_INTERVAL_MAX": "2"}
    command = [sys.executable, str(ROOT / "manage.py"), "up", "--port", str(port), "--rate", "0"]
    with (tmp_path / "up.log").open("w") as log:
        up = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        until = time.monotonic() + 180
        while "Ctrl-C stops it." not in (tmp_path / "up.log").read_text():
            assert up.poll() is None, (tmp_path / "up.log").read_text()
            assert time.monotonic() < until, (tmp_path / "up.log").read_text()
            time.sleep(0.5)
        networks = json.loads((tmp_path / "home" / "demo.json").read_text())["port"]
        yield f"http://127.0.0.1:{port}", f"http://127.0.0.1:{networks}"
    finally:
        up.send_signal(signal.SIGTERM)
        up.wait(30)


def ask(address, body=None):
    request = urllib.request.Request(address, None if body is None else json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def test_a_post_becomes_a_case_changes_department_is_answered_in_public_and_resolved(product, browser):
    address, networks = product
    page = browser.new_context(base_url=address).new_page()
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.goto("/auth/login/")
    page.fill("[name=login]", "juno")
    page.fill("[name=password]", PASSWORD)
    page.click("button.go")
    page.wait_for_url(f"{address}/")

    post = {"network": "x", "author": {"handle": "night_owl"}, "text": f"@kettleandfern {QUESTION}"}
    posted = ask(f"{networks}/_sim/messages", post)["messages"][0]
    row = page.locator(".row", has_text=QUESTION)
    expect(row).to_be_visible(timeout=30_000)
    row.locator(".who").click()
    expect(page.locator("#thread")).to_contain_text(QUESTION)
    expect(page.get_by_text("Why here")).to_be_visible()

    page.locator("#case-bar summary", has_text="Hand over").click()
    page.locator("#hand-over-to").select_option("billing")
    page.locator("#hand-over-reason").fill("Paid twice, says the customer")
    page.locator("#case-bar .sheet button", has_text="Hand over").click()
    expect(page.get_by_text("Handed over to ")).to_be_visible()

    page.goto(page.url if "/cases/" in page.url else "/")
    if "/cases/" not in page.url:
        page.locator(".row", has_text=QUESTION).locator(".who").click()
    expect(page.locator("#thread")).to_contain_text("Billing")
    page.locator("#answer").fill(ANSWER)
    page.locator("#answer").press("Control+Enter")
    expect(page.locator(".msg.pending")).to_contain_text(ANSWER)
    expect(page.locator(".msg.pending")).to_have_count(0, timeout=30_000)
    expect(page.locator(".msg.out")).to_contain_text(ANSWER)

    public = browser.new_context().new_page()
    public.goto(f"{networks}/x/kettleandfern/status/{posted['id']}")
    expect(public.locator("body")).to_contain_text(ANSWER)
    assert len(re.findall(re.escape(ANSWER), public.locator("body").inner_text())) == 1

    page.locator("#case-bar button", has_text="Resolve").click()
    expect(page.locator("#case-bar")).to_contain_text("resolved")
    assert [line for line in said if "Content Security" in line] == []

    ours = [
        one for one in ask(f"{networks}/_sim/ledger.json")["messages"] if one["in_reply_to"] == posted["id"]
    ]
    assert [one["by_brand"] for one in ours if ANSWER in one["text"]] == [True]
