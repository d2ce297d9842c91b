from __future__ import annotations

import json
import signal
import socket
import time

import pytest
import requests

from simulator.control import is_loopback


def post(sim, path, body):
    return requests.post(sim.url + path, json=body, timeout=5)


def test_the_ledger_tells_everything_once_and_then_only_changes(sim):
    start = sim.get("/_sim/ledger.json")["next"]
    one, two = sim.say("@kettleandfern one"), sim.say("@kettleandfern two")
    sim.post(f"/_sim/messages/{one['id']}/delete", {})
    body = sim.get("/_sim/ledger.json", after=start)
    assert [(m["text"], m["deleted"]) for m in body["messages"]] == [
        ("@kettleandfern two", False),
        ("@kettleandfern one", True),
    ]
    assert sim.get("/_sim/ledger.json", after=body["next"])["messages"] == []
    sim.post(f"/_sim/messages/{two['id']}/edit", {"text": "@kettleandfern 2"})
    assert [m["text"] for m in sim.get("/_sim/ledger.json", after=body["next"])["messages"]] == [
        "@kettleandfern 2"
    ]


def test_the_ledger_in_pages_is_the_ledger(sim):
    sim.post(
        "/_sim/messages", [{"network": "x", "text": f"@kettleandfern {n}", "author": "a"} for n in range(25)]
    )
    whole = sim.get("/_sim/ledger.json")["messages"]
    found, after = [], 0
    while True:
        body = sim.get("/_sim/ledger.json", after=after, limit=7)
        found += body["messages"]
        after = body["next"]
        if not body["more"]:
            break
    assert found == whole


def test_brand_messages_carry_who_sent_them(sim):
    asked = sim.say("@kettleandfern hello")
    sim.x().create_tweet(text="hi", in_reply_to_tweet_id=asked["id"], user_auth=True)
    (reply,) = [m for m in sim.get("/_sim/ledger.json")["messages"] if m["origin"] == "api"]
    assert reply["in_reply_to"] == asked["id"]
    assert "Tweepy" in reply["client"]["user_agent"]
    native = sim.say("from the phone", by_brand=True, in_reply_to=asked["id"])
    assert (native["origin"], native["by_brand"]) == ("native", True)


def test_many_messages_are_posted_all_or_none(sim):
    before = sim.get("/_sim/health")["messages"]
    answer = post(
        sim,
        "/_sim/messages",
        [{"network": "x", "text": "fine", "author": "a"}, {"network": "x", "author": "a"}],
    )
    assert answer.status_code == 400
    assert answer.json()["error"] == "message 1: text is missing"
    assert sim.get("/_sim/health")["messages"] == before


@pytest.mark.parametrize("body", [
    {"network": "myspace", "text": "a"}, {"network": "x", "text": "a", "kind": "comment"}, {"network": "x", "text": "a", "account": "nobody"},
    {"network": "x", "text": "a", "in_reply_to": "1"}, {"network": "x", "text": 5}, {"network": "x", "text": "a", "created_at": "soon"},
])  # fmt: skip
def test_a_senseless_message_is_refused_with_a_reason(sim, body):
    answer = post(sim, "/_sim/messages", body)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_what_is_not_json_is_refused(sim):
    for path in ("/_sim/messages", "/_sim/rate", "/_sim/settings", "/_sim/accounts", "/_sim/tokens/revoke"):
        assert requests.post(sim.url + path, data=b"{nonsense", timeout=5).status_code == 400


def test_a_new_account_works_at_once(sim):
    made = sim.post("/_sim/accounts", {"network": "x", "handle": "second_brand", "name": "Second"})
    assert sim.x("second_brand").get_me(user_auth=True)["data"]["id"] == made["remote_id"]
    page = sim.post("/_sim/accounts", {"network": "facebook", "handle": "secondpage", "posts": False})
    assert sim.graph("secondpage").get_object("me")["id"] == page["remote_id"]
    assert post(sim, "/_sim/accounts", {"network": "x", "handle": "second_brand"}).status_code == 400


@pytest.mark.slow
def test_everything_outlives_a_kill(simulator_of, tmp_path):
    options = ("--rate", "0", "--limits", "off", "--state", str(tmp_path / "state.sqlite"))
    sim = simulator_of(*options)
    asked = sim.say("@kettleandfern hello", author="ada")
    edited = sim.post(
        f"/_sim/messages/{sim.say('@kettleandfern helo')['id']}/edit", {"text": "@kettleandfern hello!"}
    )
    sim.x().create_tweet(text="hi", in_reply_to_tweet_id=asked["id"], user_auth=True)
    sim.say("psst", "facebook", kind="direct")
    sim.post("/_sim/accounts", {"network": "x", "handle": "second_brand"})
    sim.post("/_sim/tokens/revoke", {"network": "facebook"})
    before = [
        sim.get("/_sim/" + name) for name in ("ledger.json", "attempts.json", "accounts.json", "apps.json")
    ]
    sim.process.kill()
    sim.process.wait()
    again = simulator_of(*options)
    assert [
        again.get("/_sim/" + name) for name in ("ledger.json", "attempts.json", "accounts.json", "apps.json")
    ] == before
    own = again.account("x")["remote_id"]
    found = again.x().get_users_mentions(own, user_auth=True, max_results=5)["data"]
    assert [one["id"] for one in found] == [edited["id"], asked["id"]]
    new = again.say("@kettleandfern after")
    assert int(new["id"]) > int(edited["id"])
    with pytest.raises(Exception, match="session has been invalidated"):
        again.graph().get_object("me")


@pytest.mark.slow
def test_it_stops_within_two_seconds_even_while_someone_hangs(simulator_of):
    sim = simulator_of("--rate", "20")
    sim.faults(fault="hang", seconds=600)
    secret = sim.account("facebook")["secrets"]["page_token"]
    with socket.create_connection(("127.0.0.1", int(sim.url.rpartition(":")[2]))) as hanging:
        hanging.sendall(f"GET /graph/v25.0/me?access_token={secret} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        time.sleep(0.3)
        started = time.monotonic()
        sim.process.send_signal(signal.SIGTERM)
        assert sim.process.wait(90) == 0
        # Two seconds on a machine of its own; the one that hangs would keep it for ten minutes.
        assert time.monotonic() - started < 60
    assert sim.process.stderr.read() == ""


@pytest.mark.slow
def test_a_taken_port_is_said_plainly(simulator_of):
    import subprocess
    import sys

    from tests.simulator.conftest import ROOT

    port = simulator_of("--rate", "0").url.rpartition(":")[2]
    command = [sys.executable, "-m", "simulator", "--port", port]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20)
    assert done.returncode == 1
    assert "cannot listen" in done.stderr


class Asked:
    def __init__(self, address, **headers):
        self.client = type("Client", (), {"host": address})()
        self.headers = headers


def test_control_is_for_this_machine_only():
    assert is_loopback(Asked("127.0.0.1", host="127.0.0.1:8900"))
    assert is_loopback(Asked("::1", host="[::1]:8900"))
    assert is_loopback(Asked("127.0.0.1", host="h:1", origin="http://h:1"))
    assert not is_loopback(Asked("10.0.0.5", host="h:1"))
    assert not is_loopback(Asked("127.0.0.1", host="h:1", origin="http://evil.example"))
    assert not is_loopback(Asked("testclient"))


def test_settings_and_usage(sim):
    page = sim.account("facebook")
    sim.post("/_sim/usage", {"account": "kettleandfern", "percent": 80})
    answer = requests.get(
        f"{sim.url}/graph/v25.0/me", params={"access_token": page["secrets"]["page_token"]}, timeout=5
    )
    assert json.loads(answer.headers["x-app-usage"])["call_count"] == 80
    assert post(sim, "/_sim/settings", {"nonsense": True}).status_code == 400
    asked = sim.say("@kettleandfern hi")
    sim.post("/_sim/settings", {"x_duplicates": False})
    for _ in range(2):
        sim.x().create_tweet(text="same", in_reply_to_tweet_id=asked["id"], user_auth=True)
