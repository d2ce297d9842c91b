from __future__ import annotations

import time
from urllib.parse import parse_qsl, urlsplit

import facebook
import pytest
import requests
import tweepy


@pytest.fixture
def own(sim):
    return sim.account("x")["remote_id"]


@pytest.fixture
def post(sim):
    return sim.graph().get_connections("me", "posts", limit=1)["data"][0]["id"]


def me(sim, **more):
    return sim.x(**more).get_me(user_auth=True)


def test_too_many_requests_with_and_without_a_reset(sim):
    sim.faults(fault="rate_limited", network="x", times=1)
    with pytest.raises(tweepy.TooManyRequests) as caught:
        me(sim)
    assert caught.value.reset_time >= time.time() - 1
    sim.faults(fault="rate_limited_without_reset", network="x", times=1)
    with pytest.raises(tweepy.TooManyRequests) as caught:
        me(sim)
    assert caught.value.reset_time is None
    assert me(sim)["data"]


def test_usage_cap(sim):
    sim.faults(fault="usage_capped", network="x", times=1)
    with pytest.raises(tweepy.TooManyRequests) as caught:
        me(sim)
    assert caught.value.response.json()["title"] == "UsageCapExceeded"


@pytest.mark.parametrize("fault", ["server_error", "server_error_html", "server_error_bare"])
def test_server_errors_of_x(sim, fault):
    sim.faults(fault=fault, network="x", times=1)
    with pytest.raises(tweepy.TwitterServerError) as caught:
        me(sim)
    kind = "text/html" if fault.endswith("html") else "application/json"
    assert caught.value.response.headers["content-type"].startswith(kind)


@pytest.mark.parametrize(
    ("fault", "code"), [("rate_limited", 80001), ("usage_capped", 4), ("server_error", 2), ("revoked", 190), ("missing_permission", 200)]
)  # fmt: skip
def test_refusals_of_graph_by_code(sim, fault, code):
    sim.faults(fault=fault, network="facebook", times=1)
    with pytest.raises(facebook.GraphAPIError) as caught:
        sim.graph().get_object("me")
    assert caught.value.code == code
    assert sim.graph().get_object("me")["id"]


def test_a_bare_5xx_of_graph_looks_like_success_to_the_library(sim):
    sim.faults(fault="server_error_bare", network="facebook", times=1)
    assert sim.graph().get_object("me") == {"status": "unavailable"}


def test_hanging(sim):
    sim.faults(fault="hang", network="x", seconds=30, times=1)
    started = time.monotonic()
    with pytest.raises(requests.exceptions.ReadTimeout):
        me(sim, timeout=0.5)
    assert time.monotonic() - started < 15
    sim.faults(fault="hang", network="x", seconds=0.2, times=1)
    with pytest.raises(requests.exceptions.ConnectionError):
        me(sim)


def test_a_half_answer(sim):
    sim.faults(fault="truncated", network="x", times=1)
    with pytest.raises(requests.exceptions.RequestException):
        me(sim)


def test_slow(sim):
    sim.faults(fault="slow", network="x", seconds=0.4, times=1)
    started = time.monotonic()
    assert me(sim)["data"]
    assert time.monotonic() - started >= 0.4


def test_duplicates_and_disorder_within_a_page(sim, own):
    sent = [sim.say(f"@kettleandfern {n}")["id"] for n in range(20)]
    client = sim.x()
    sim.faults(fault="duplicates", times=1)
    doubled = [one["id"] for one in client.get_users_mentions(own, user_auth=True, max_results=20)["data"]]
    assert len(doubled) > 20
    assert set(doubled) == set(sent)
    sim.faults(fault="shuffled", times=1)
    shuffled = [one["id"] for one in client.get_users_mentions(own, user_auth=True, max_results=20)["data"]]
    assert shuffled != sent[::-1]
    assert sorted(shuffled) == sorted(sent)


def test_a_token_that_leads_back(sim, own):
    for n in range(12):
        sim.say(f"@kettleandfern {n}")
    client = sim.x()
    sim.faults(fault="looping")
    first = client.get_users_mentions(own, user_auth=True, max_results=5)
    token = first["meta"]["next_token"]
    second = client.get_users_mentions(own, user_auth=True, max_results=5, pagination_token=token)
    assert second["data"] == first["data"]
    assert second["meta"]["next_token"] == token


@pytest.mark.parametrize("order", ["chronological", "reverse_chronological"])
def test_an_address_that_leads_back(sim, post, order):
    for n in range(6):
        sim.say(f"{n}", "facebook", in_reply_to=post)
    graph = sim.graph()
    sim.faults(fault="looping")
    first = graph.get_connections(post, "comments", limit=2, order=order)
    query = dict(parse_qsl(urlsplit(first["paging"]["next"]).query))
    query.pop("access_token")
    assert graph.get_connections(post, "comments", **query)["data"] == first["data"]
    posts = graph.get_connections("me", "posts", limit=3)
    query = dict(parse_qsl(urlsplit(posts["paging"]["next"]).query))
    query.pop("access_token")
    assert graph.get_connections("me", "posts", **query)["data"] == posts["data"]


def test_an_empty_page_with_a_next_token(sim, own):
    for n in range(6):
        sim.say(f"@kettleandfern {n}")
    sim.faults(fault="empty_page", times=1)
    page = sim.x().get_users_mentions(own, user_auth=True, max_results=5)
    assert page["data"] == []
    assert page["meta"]["next_token"]


def test_accepted_but_the_answer_never_came(sim, post):
    asked = sim.say("@kettleandfern hello?")
    sim.faults(fault="accepted_silent", kind="write", times=2)
    with pytest.raises(requests.exceptions.ConnectionError):
        sim.x().create_tweet(text="Hello", in_reply_to_tweet_id=asked["id"], user_auth=True)
    with pytest.raises(requests.exceptions.ConnectionError):
        sim.graph().put_comment(post, "Hello all")
    texts = [one["text"] for one in sim.get("/_sim/ledger.json")["messages"] if one["origin"] == "api"]
    assert texts == ["Hello", "Hello all"]


def test_refused_and_the_answer_never_came(sim):
    asked = sim.say("@kettleandfern hello?")
    sim.faults(fault="refused_silent", kind="write", times=1)
    with pytest.raises(requests.exceptions.ConnectionError):
        sim.x().create_tweet(text="Hello", in_reply_to_tweet_id=asked["id"], user_auth=True)
    assert not [one for one in sim.get("/_sim/ledger.json")["messages"] if one["origin"] == "api"]
    assert sim.x().create_tweet(text="Hello", in_reply_to_tweet_id=asked["id"], user_auth=True)["data"]["id"]


def test_accepted_with_a_server_error(sim):
    asked = sim.say("@kettleandfern hello?")
    sim.faults(fault="accepted_server_error", kind="write", times=1)
    with pytest.raises(tweepy.TwitterServerError):
        sim.x().create_tweet(text="Hello", in_reply_to_tweet_id=asked["id"], user_auth=True)
    assert [one["text"] for one in sim.get("/_sim/ledger.json")["messages"] if one["origin"] == "api"] == [
        "Hello"
    ]


def test_scopes(sim, own):
    sim.faults(fault="revoked", account="kettlefern_help", kind="read")
    assert me(sim)["data"]
    assert sim.graph().get_object("me")["id"]
    with pytest.raises(tweepy.Unauthorized):
        me(sim, handle="kettlefern_help")
    sim.faults(fault="missing_permission", account="kettleandfern", network="facebook", kind="write")
    assert sim.graph().get_object("me")["id"]
    with pytest.raises(facebook.GraphAPIError):
        sim.graph().put_object("me", "feed", message="x")
    requests.delete(sim.url + "/_sim/faults", timeout=5)
    assert me(sim, handle="kettlefern_help")["data"]


def test_skip_lets_the_first_pass(sim):
    sim.faults(fault="server_error", skip=2, times=1)
    client = sim.x()
    assert client.get_me(user_auth=True)["data"]
    assert client.get_me(user_auth=True)["data"]
    with pytest.raises(tweepy.TwitterServerError):
        client.get_me(user_auth=True)
    assert client.get_me(user_auth=True)["data"]


def test_chance_is_the_same_for_the_same_seed(sim):
    def outcomes():
        requests.delete(sim.url + "/_sim/faults", timeout=5)
        sim.post("/_sim/faults", {"seed": 5})
        sim.faults(fault="server_error", probability=0.4)
        client, found = sim.x(), []
        for _ in range(30):
            try:
                client.get_me(user_auth=True)
                found.append(True)
            except tweepy.TwitterServerError:
                found.append(False)
        return found

    first = outcomes()
    assert first == outcomes()
    assert 4 < first.count(False) < 22


@pytest.mark.parametrize("body", [{"fault": "nonsense"}, {"fault": "hang", "colour": 1}, {"fault": "hang", "kind": "x"}, {"fault": "hang", "account": "kettleandfern"}, [1]])  # fmt: skip
def test_a_senseless_fault_is_refused(sim, body):
    assert requests.post(sim.url + "/_sim/faults", json=body, timeout=5).status_code == 400


def test_accepted_and_kept_waiting(sim):
    asked = sim.say("@kettleandfern hello?")
    sim.faults(fault="accepted_hang", kind="write", seconds=30, times=1)
    with pytest.raises(requests.exceptions.ReadTimeout):
        sim.x(timeout=0.5).create_tweet(text="Hello", in_reply_to_tweet_id=asked["id"], user_auth=True)
    assert [one["text"] for one in sim.get("/_sim/ledger.json")["messages"] if one["origin"] == "api"] == [
        "Hello"
    ]


@pytest.mark.parametrize(("fault", "stands"), [("accepted_duplicate", 1), ("refused_duplicate", 0)])
def test_called_a_duplicate(sim, post, fault, stands):
    asked = sim.say("@kettleandfern hello?")
    sim.faults(fault=fault, kind="write", times=2)
    with pytest.raises(tweepy.Forbidden, match="duplicate content"):
        sim.x().create_tweet(text="Hello", in_reply_to_tweet_id=asked["id"], user_auth=True)
    with pytest.raises(facebook.GraphAPIError, match="Duplicate status message"):
        sim.graph().put_comment(post, "Hello all")
    own = [one for one in sim.get("/_sim/ledger.json")["messages"] if one["origin"] == "api"]
    assert len(own) == 2 * stands
