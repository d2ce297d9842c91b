from __future__ import annotations

import pytest
import tweepy

from simulator.x import signature

FIELDS = {
    "max_results": 100,
    "expansions": ["author_id", "in_reply_to_user_id", "referenced_tweets.id"],
    "tweet_fields": [
        "created_at", "conversation_id", "referenced_tweets", "in_reply_to_user_id", "public_metrics", "lang", "entities",
        "edit_history_tweet_ids",
    ],
    "user_fields": ["public_metrics", "verified", "profile_image_url"],
}  # fmt: skip


def mentions(client: tweepy.Client, own: str, **more):
    return client.get_users_mentions(own, user_auth=True, **{**FIELDS, **more})


def test_signature_of_the_rfc_example():
    parameters = [
        ("status", "Hello Ladies + Gentlemen, a signed OAuth request!"), ("include_entities", "true"),
        ("oauth_consumer_key", "xvz1evFS4wEEPTGEFPHBog"), ("oauth_nonce", "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg"),
        ("oauth_signature_method", "HMAC-SHA1"), ("oauth_timestamp", "1318622958"),
        ("oauth_token", "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb"), ("oauth_version", "1.0"),
    ]  # fmt: skip
    found = signature.sign(
        "POST", "https://api.twitter.com/1.1/statuses/update.json", parameters,
        "kAcSOqF21Fu85e7zjz7ZN2U4ZRhF3WpwPg", "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
    )  # fmt: skip
    # Worked through with oauthlib, an implementation that is not ours.
    from oauthlib.oauth1 import Client
    from oauthlib.oauth1.rfc5849 import signature as other

    base = other.signature_base_string(
        "POST", "https://api.twitter.com/1.1/statuses/update.json", other.normalize_parameters(parameters)
    )
    client = Client(
        "xvz1evFS4wEEPTGEFPHBog",
        client_secret="kAcSOqF21Fu85e7zjz7ZN2U4ZRhF3WpwPg",
        resource_owner_secret="LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
    )
    assert found == other.sign_hmac_sha1_with_client(base, client)


def test_a_good_signature_says_who_one_is(sim):
    assert sim.x().get_me(user_auth=True)["data"]["username"] == "kettleandfern"
    assert sim.x("kettlefern_help").get_me(user_auth=True)["data"]["username"] == "kettlefern_help"


@pytest.mark.parametrize("secret", ["consumer_key", "consumer_secret", "access_token", "access_token_secret"])
def test_any_wrong_secret_is_refused(sim, secret):
    with pytest.raises(tweepy.Unauthorized):
        sim.x(**{secret: "wrong"}).get_me(user_auth=True)


def test_a_signature_covers_the_query_and_cannot_be_replayed(sim):
    import requests

    client = sim.x()
    own = sim.account("x")["remote_id"]
    auth = tweepy.OAuth1UserHandler(*sim.account("x")["secrets"].values()).apply_auth()
    asked = requests.Request(
        "GET", f"https://api.twitter.com/2/users/{own}/mentions?max_results=5", auth=auth
    )
    signed = client.session.prepare_request(asked)
    header = {"Authorization": signed.headers["Authorization"]}
    path = f"{sim.url}/x/2/users/{own}/mentions"
    assert requests.get(path, params={"max_results": 6}, headers=header, timeout=5).status_code == 401
    assert requests.get(path, params={"max_results": 5}, headers=header, timeout=5).status_code == 200
    assert requests.get(path, params={"max_results": 5}, headers=header, timeout=5).status_code == 401


def test_a_mention_carries_its_author_and_times(sim):
    posted = sim.say("@kettleandfern a < b & c", author="ada.lovelace")
    own = sim.account("x")["remote_id"]
    page = mentions(sim.x(), own)
    (tweet,) = page["data"]
    assert tweet["id"] == posted["id"]
    assert tweet["text"] == "@kettleandfern a &lt; b &amp; c"
    assert tweet["author_id"] == page["includes"]["users"][0]["id"]
    assert page["includes"]["users"][0]["username"] == "ada.lovelace"
    assert tweet["entities"]["mentions"][0]["id"] == own
    assert page["meta"] == {"result_count": 1, "newest_id": posted["id"], "oldest_id": posted["id"]}


def test_pages_have_no_gaps_or_doubles_while_others_post(sim):
    sent = [one["id"] for one in sim.post("/_sim/messages", {"messages": [
        {"network": "x", "text": f"@kettleandfern number {n}", "author": f"a{n}"} for n in range(130)
    ]})["messages"]]  # fmt: skip
    own, client = sim.account("x")["remote_id"], sim.x()
    got, token = [], None
    while True:
        page = mentions(client, own, max_results=10, pagination_token=token)
        got += [one["id"] for one in page["data"]]
        sim.say("@kettleandfern in between", author="busy")
        token = page["meta"].get("next_token")
        if token is None:
            break
    assert got == sent[::-1]


def test_since_id_gives_only_what_is_newer(sim):
    first = sim.say("@kettleandfern one")
    second = sim.say("@kettleandfern two")
    own = sim.account("x")["remote_id"]
    assert [one["id"] for one in mentions(sim.x(), own, since_id=first["id"])["data"]] == [second["id"]]
    assert mentions(sim.x(), own, since_id=second["id"]) == {"meta": {"result_count": 0}}


def test_only_the_last_800_mentions_are_offered(sim):
    sim.post(
        "/_sim/messages", [{"network": "x", "text": f"@kettleandfern {n}", "author": "a"} for n in range(820)]
    )
    own, client = sim.account("x")["remote_id"], sim.x()
    count, token = 0, None
    while True:
        page = mentions(client, own, pagination_token=token)
        count += page["meta"]["result_count"]
        if (token := page["meta"].get("next_token")) is None:
            break
    assert count == 800


@pytest.mark.parametrize(
    ("name", "value"),
    [("max_results", 101), ("max_results", 4), ("pagination_token", "zzz"), ("tweet_fields", ["nonsense"])],
)
def test_bad_parameters_are_named(sim, name, value):
    with pytest.raises(tweepy.BadRequest) as caught:
        mentions(sim.x(), sim.account("x")["remote_id"], **{name: value})
    assert name.replace("_fields", ".fields") in caught.value.response.json()["errors"][0]["parameters"]


def test_an_edit_gets_a_new_id_in_the_same_history(sim):
    old = sim.say("@kettleandfern my ketle leaks")
    new = sim.post(f"/_sim/messages/{old['id']}/edit", {"text": "@kettleandfern my kettle leaks"})
    assert new["id"] != old["id"] == new["first_id"]
    (tweet,) = mentions(sim.x(), sim.account("x")["remote_id"], since_id=old["id"])["data"]
    assert tweet["edit_history_tweet_ids"] == [old["id"], new["id"]]
    found = sim.x().get_tweets([old["id"], new["id"]], user_auth=True)["data"]
    assert [one["text"] for one in found] == [
        "@kettleandfern my ketle leaks",
        "@kettleandfern my kettle leaks",
    ]


def test_a_deleted_post_comes_as_200_with_errors(sim):
    gone, kept = sim.say("@kettleandfern gone"), sim.say("@kettleandfern kept")
    sim.post(f"/_sim/messages/{gone['id']}/delete", {})
    body = sim.x().get_tweets([gone["id"], kept["id"]], user_auth=True)
    assert [one["id"] for one in body["data"]] == [kept["id"]]
    assert body["errors"][0]["resource_id"] == gone["id"]
    assert body["errors"][0]["type"].endswith("/resource-not-found")


def test_a_reply_stands_in_the_conversation(sim):
    asked = sim.say("@kettleandfern where is my order?", author="ada")
    client = sim.x()
    made = client.create_tweet(
        in_reply_to_tweet_id=asked["id"], text="On its way: https://example.com/a", user_auth=True
    )
    assert made["data"]["text"].startswith("@ada On its way: https://t.co/")
    found = client.search_recent_tweets(
        f"conversation_id:{asked['id']} from:kettleandfern",
        user_auth=True,
        tweet_fields=["referenced_tweets"],
    )
    assert found["data"][0]["referenced_tweets"] == [{"type": "replied_to", "id": asked["id"]}]
    (entry,) = [one for one in sim.get("/_sim/ledger.json")["messages"] if one["in_reply_to"] == asked["id"]]
    assert (entry["id"], entry["by_brand"], entry["text"]) == (
        made["data"]["id"],
        True,
        "On its way: https://example.com/a",
    )


def test_refusals_of_a_reply(sim):
    asked = sim.say("@kettleandfern hello")
    stranger = sim.say("@kettlefern_help not for the other account")
    client = sim.x()
    client.create_tweet(in_reply_to_tweet_id=asked["id"], text="once", user_auth=True)
    with pytest.raises(tweepy.Forbidden, match="duplicate"):
        client.create_tweet(in_reply_to_tweet_id=asked["id"], text="once", user_auth=True)
    with pytest.raises(tweepy.Forbidden, match="too long"):
        client.create_tweet(in_reply_to_tweet_id=asked["id"], text="字" * 141, user_auth=True)
    with pytest.raises(tweepy.Forbidden, match="not been mentioned"):
        client.create_tweet(in_reply_to_tweet_id=stranger["id"], text="let me in", user_auth=True)
    sim.post(f"/_sim/messages/{asked['id']}/delete", {})
    with pytest.raises(tweepy.Forbidden, match="deleted"):
        client.create_tweet(in_reply_to_tweet_id=asked["id"], text="late", user_auth=True)
    outcomes = [one["outcome"].partition(":")[0] for one in sim.get("/_sim/attempts.json")["attempts"]]
    assert outcomes == ["accepted", "refused", "refused", "refused", "refused"]


def test_140_wide_characters_are_280(sim):
    asked = sim.say("@kettleandfern hello")
    assert sim.x().create_tweet(in_reply_to_tweet_id=asked["id"], text="字" * 140, user_auth=True)["data"][
        "id"
    ]


def test_direct_messages_both_ways(sim):
    asked = sim.say("my order number is 123", kind="direct", author="ada")
    client = sim.x()
    sent = client.create_direct_message(dm_conversation_id=asked["thread"], text="Thank you", user_auth=True)[
        "data"
    ]
    events = client.get_direct_message_events(
        dm_event_fields=["created_at", "sender_id", "dm_conversation_id"], expansions=["sender_id"], max_results=1,
        user_auth=True,
    )  # fmt: skip
    assert events["data"][0]["id"] == sent["dm_event_id"]
    second = client.get_direct_message_events(
        max_results=1, pagination_token=events["meta"]["next_token"], user_auth=True
    )
    assert second["data"][0] == {
        "id": asked["id"],
        "event_type": "MessageCreate",
        "text": "my order number is 123",
    }
    assert sim.x("kettlefern_help").get_direct_message_events(user_auth=True) == {"meta": {"result_count": 0}}


def test_like_hide_and_delete(sim):
    client, own = sim.x(), sim.account("x")["remote_id"]
    root = client.get_users_tweets(own, user_auth=True, max_results=5)["data"][0]
    comment = sim.say("nonsense", in_reply_to=root["id"])
    assert client.like(comment["id"], user_auth=True)["data"] == {"liked": True}
    assert client.hide_reply(comment["id"], user_auth=True)["data"] == {"hidden": True}
    reply = client.create_tweet(in_reply_to_tweet_id=comment["id"], text="hm", user_auth=True)["data"]
    assert client.delete_tweet(reply["id"], user_auth=True)["data"] == {"deleted": True}
    ledger = {one["id"]: one for one in sim.get("/_sim/ledger.json")["messages"]}
    assert ledger[comment["id"]]["hidden"] is True
    assert ledger[comment["id"]]["likes"] == [own]
    assert ledger[reply["id"]]["deleted"] is True
    with pytest.raises(tweepy.Forbidden):
        client.delete_tweet(comment["id"], user_auth=True)


def test_limits_are_told_and_enforced(simulator_of):
    sim = simulator_of("--rate", "0")
    client = sim.x()
    client.return_type = __import__("requests").Response
    remaining = [int(client.get_me(user_auth=True).headers["x-rate-limit-remaining"]) for _ in range(3)]
    assert remaining == [74, 73, 72]
    with pytest.raises(tweepy.TooManyRequests) as caught:
        for _ in range(80):
            client.get_me(user_auth=True)
    assert caught.value.response.headers["x-rate-limit-remaining"] == "0"


@pytest.mark.parametrize("query", ["", "-from:a", "(a", "a OR"])
def test_a_bad_search_is_refused(sim, query):
    with pytest.raises(tweepy.BadRequest):
        sim.x().search_recent_tweets(query or " ", user_auth=True)


@pytest.mark.parametrize("text", [
    "", "plain words", "é as e and accent: e\u0301", "日本語 and ascii", "한국어", "👍", "👩‍👩‍👧 family", "👋🏽 wave", "🇩🇪🇫🇷", "1️⃣ one",
    "https://example.com/a?b=c and https://example.com", "see example.com now", "a@example.com", "…“quotes”—dash", "½ ÷ ×", "x" * 300,
    "(https://example.com/path).", "❤️ ☎️ ✈️", "kettle.and.fern", "🤷‍♀️", "‏RTL عربي",
])  # fmt: skip
def test_the_length_is_the_one_of_twitter_text(text):
    from twitter_text import parse_tweet

    from simulator.x.length import weighted

    assert weighted(text) == parse_tweet(text).weightedLength
