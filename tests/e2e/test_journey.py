"""The main job, with nothing in between left out: `up`, a post on a simulated network, a person, the public answer."""

from __future__ import annotations

import json
import re
import urllib.request

import psycopg
import pytest
from playwright.sync_api import expect

from config.demo.company import PASSWORD
from config.embedded.ports import free_port
from tests.config.conftest import Manage, clean_environment, eventually, folder
from tests.e2e.conftest import ROOT

__all__ = ["folder"]

pytestmark = [pytest.mark.browser, pytest.mark.slow]
QUESTION = "My kettle sings in the night, is that a feature?"
ANSWER = "It should not: we are sending you another one today."


@pytest.fixture
def product(folder):
    """The running product's address and that of its simulated networks. It has to become ready, and to end whole."""
    port = free_port()
    (folder / "product").mkdir()
    home = folder / "product" / "home"
    environment = clean_environment(HORSESHOE_HOME=str(home), UNDO_SECONDS="1", POLL_INTERVAL_MAX="2")
    # What the suite's plugin set for its own servers.
    for name in ("STATICFILES_BACKEND", "HTTPS"):
        environment.pop(name, None)
    up = Manage(ROOT, "up", "--port", str(port), "--rate", "0", home=home, env=environment)
    try:
        up.wait_for("Ctrl-C stops it.", 400)
        assert "Sign in as:" in up.text()
        eventually(lambda: status(f"http://127.0.0.1:{port}/readyz") == 200, 120, up.left)
        assert roles_at_work(up.running()["database_url"]) == {"horseshoe_app"}
        networks = json.loads((home / "demo.json").read_text())["port"]
        yield f"http://127.0.0.1:{port}", f"http://127.0.0.1:{networks}"
        # A command in another terminal asks the demo's networks, not the real ones with the demo's tokens.
        poll = Manage(ROOT, "poll", "--json", home=home)
        assert poll.process.wait(180) == 0, poll.text()
        streams = [json.loads(line) for line in poll.text().splitlines() if line.startswith("{")]
        assert len(streams) > 3
        assert {stream["error"] for stream in streams} <= {"", None}
    finally:
        ended = up.end(seconds=60)
    assert ended == 0
    assert up.left() == []


def roles_at_work(database_url):
    """The roles of everybody else who is connected to this database."""
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(
            "SELECT DISTINCT usename FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return {name for (name,) in rows.fetchall()}


def status(address):
    """The status of the answer, 0 when there is none."""
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return answer.status
    except OSError:
        return 0


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
    expect(row).to_be_visible(timeout=60_000)
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
    expect(page.locator(".msg.pending")).to_have_count(0, timeout=60_000)
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
