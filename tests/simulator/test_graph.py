from __future__ import annotations

import json
from urllib.parse import parse_qsl, urlsplit

import facebook
import pytest
import requests

COMMENTS = {"filter": "stream", "order": "reverse_chronological", "fields": "id,message,from,created_time,parent{id},is_hidden,permalink_url"}  # fmt: skip


@pytest.fixture
def page(sim):
    return sim.account("facebook")["remote_id"]


@pytest.fixture
def post(sim, page):
    return sim.graph().get_connections(page, "posts", limit=1)["data"][0]["id"]


def refusal(call) -> dict:
    with pytest.raises(facebook.GraphAPIError) as caught:
        call()
    return caught.value.result["error"]


def test_a_page_token_says_who_one_is(sim, page):
    assert sim.graph().get_object("me", fields="id,name,username") == {
        "id": page,
        "name": "Kettle & Fern",
        "username": "kettleandfern",
    }


def test_bad_tokens_and_proofs_are_refused(sim):
    assert refusal(lambda: sim.graph(token="nonsense").get_object("me"))["code"] == 190
    graph = sim.graph()
    graph.session.params = {"appsecret_proof": "0" * 64}
    assert refusal(lambda: graph.get_object("me"))["code"] == 100
    sim.post("/_sim/settings", {"require_appsecret_proof": True})
    graph.session.params = {}
    assert "appsecret_proof" in refusal(lambda: graph.get_object("me"))["message"]
    sim.post("/_sim/tokens/revoke", {"network": "facebook"})
    assert refusal(lambda: sim.graph().get_object("me"))["code"] == 190


def test_comments_with_nested_replies(sim, page, post):
    top = sim.say("How long is the cord?", "facebook", "ada", in_reply_to=post)
    reply = sim.say("I want to know too", "facebook", "bob", in_reply_to=top["id"])
    deeper = sim.say("Same", "facebook", "cleo", in_reply_to=reply["id"])
    data = sim.graph().get_connections(post, "comments", **COMMENTS)["data"]
    assert [one["id"] for one in data] == [deeper["id"], reply["id"], top["id"]]
    assert [one.get("parent", {}).get("id") for one in data] == [top["id"], top["id"], None]
    assert data[2]["from"]["name"] == "ada"
    assert f"reply_comment_id={reply['id'].partition('_')[2]}" in data[1]["permalink_url"]
    toplevel = sim.graph().get_connections(post, "comments")["data"]
    assert [one["id"] for one in toplevel] == [top["id"]]


def walk(graph, owner, edge, **asked):
    """Every page by its `next` address."""
    pages = []
    while True:
        page = graph.get_connections(owner, edge, **asked)
        pages.append(page)
        address = page.get("paging", {}).get("next")
        if not address:
            return pages
        assert urlsplit(address).netloc == "graph.facebook.com"
        asked = dict(parse_qsl(urlsplit(address).query))
        assert asked.pop("access_token") == graph.access_token


def test_comment_pages_have_no_gaps_or_doubles(sim, post):
    sent = sim.post("/_sim/messages", [
        {"network": "facebook", "text": f"number {n}", "author": f"a{n}", "in_reply_to": post} for n in range(60)
    ])["messages"]  # fmt: skip
    pages = walk(sim.graph(), post, "comments", **COMMENTS, limit=7)
    assert [one["id"] for page in pages for one in page["data"]] == [one["id"] for one in sent][::-1]


def test_feed_pages_by_time_and_holds_visitor_posts(sim, page):
    sent = sim.post("/_sim/messages", [
        {"network": "facebook", "kind": "visitor_post", "text": f"post {n}", "author": f"a{n}"} for n in range(9)
    ])["messages"]  # fmt: skip
    found = [one["id"] for part in walk(sim.graph(), page, "feed", limit=4) for one in part["data"]]
    assert found[:9] == [one["id"] for one in sent][::-1]
    assert len(found) == len(set(found)) == 19
    tagged = sim.say("look at @Kettle & Fern", "facebook", kind="tagged")
    assert [one["id"] for one in sim.graph().get_connections(page, "tagged")["data"]] == [tagged["id"]]
    assert tagged["id"] not in found


def test_since_leaves_out_what_is_older(sim, page, post):
    sim.say("old", "facebook", in_reply_to=post, created_at="2026-01-01T00:00:00Z")
    new = sim.say("new", "facebook", in_reply_to=post, created_at="2026-01-02T00:00:00Z")
    for order in ("chronological", "reverse_chronological"):
        found = sim.graph().get_connections(
            post, "comments", order=order, filter="stream", since="1767312000"
        )["data"]
        assert [one["id"] for one in found] == [new["id"]]


def test_field_expansion_nests_edges_with_their_own_paging(sim, page, post):
    for n in range(3):
        sim.say(f"c{n}", "facebook", in_reply_to=post)
    fields = "feed.limit(1){id,message,comments.filter(stream).order(reverse_chronological).limit(2){id,message,from}}"
    feed = sim.graph().get_object(page, fields=fields)["feed"]
    comments = feed["data"][0]["comments"]
    assert [one["message"] for one in comments["data"]] == ["c2", "c1"]
    rest = dict(parse_qsl(urlsplit(comments["paging"]["next"]).query))
    rest.pop("access_token")
    assert [one["message"] for one in sim.graph().get_connections(post, "comments", **rest)["data"]] == ["c0"]


def test_conversations_with_their_messages(sim, page):
    first = sim.say("Hello?", "facebook", "ada", kind="direct")
    sim.say("Hi", "facebook", "bob", kind="direct")
    sim.say("Anyone?", "facebook", "ada", kind="direct")
    fields = "id,updated_time,participants,messages.limit(1){id,message,from,to,created_time}"
    body = sim.graph().get_connections(page, "conversations", platform="messenger", fields=fields, limit=1)
    (talk,) = body["data"]
    assert talk["messages"]["data"][0]["message"] == "Anyone?"
    assert talk["messages"]["data"][0]["to"]["data"][0]["id"] == page
    older = dict(parse_qsl(urlsplit(talk["messages"]["paging"]["next"]).query))
    older.pop("access_token")
    assert sim.graph().get_connections(talk["id"], "messages", **older)["data"][0]["id"] == first["id"]
    more = dict(parse_qsl(urlsplit(body["paging"]["next"]).query))
    more.pop("access_token")
    assert (
        sim.graph().get_connections(page, "conversations", **more)["data"][0]["messages"]["data"][0][
            "message"
        ]
        == "Hi"
    )


def test_answers_in_messenger_and_the_24_hour_window(sim, page):
    asked = sim.say("Hello?", "facebook", "ada", kind="direct")
    graph = sim.graph()

    def send(**more):
        return graph.put_object(page, "messages", message=json.dumps({"text": "Hi Ada"}), **more)

    to_ada = json.dumps({"id": asked["author"]})
    sent = send(recipient=to_ada, messaging_type="RESPONSE")
    assert sent["recipient_id"] == asked["author"]
    assert graph.get_object(sent["message_id"], fields="message,from")["from"]["id"] == page
    assert refusal(lambda: send(recipient={"id": asked["author"]}))["code"] == 100
    old = sim.say("long ago", "facebook", "bob", kind="direct", created_at="2026-01-01T00:00:00Z")
    error = refusal(lambda: send(recipient=json.dumps({"id": old["author"]})))
    assert (error["code"], error["error_subcode"]) == (10, 2018278)


def test_private_reply_once_per_comment(sim, page, post):
    comment = sim.say("call me", "facebook", "ada", in_reply_to=post)
    graph = sim.graph()

    def send():
        return graph.put_object(
            page,
            "messages",
            recipient=json.dumps({"comment_id": comment["id"]}),
            message=json.dumps({"text": "Hello"}),
        )

    assert send()["recipient_id"] == comment["author"]
    assert refusal(send)["code"] == 10900


def test_comment_like_hide_edit_and_delete(sim, page, post):
    comment = sim.say("nonsense", "facebook", in_reply_to=post)
    graph = sim.graph()
    reply = graph.put_comment(comment["id"], "Please be kind")["id"]
    assert graph.put_like(comment["id"]) == {"success": True}
    assert graph.request(f"v25.0/{comment['id']}", post_args={"is_hidden": "true"}) == {"success": True}
    assert graph.get_object(comment["id"], fields="is_hidden,user_likes,comment_count") == {
        "is_hidden": True, "user_likes": True, "comment_count": 1, "id": comment["id"],
    }  # fmt: skip
    graph.request(f"v25.0/{reply}", post_args={"message": "Please be kind."})
    assert graph.get_object(reply)["message"] == "Please be kind."
    graph.delete_object(comment["id"])
    for gone in (comment["id"], reply):
        error = refusal(lambda gone=gone: graph.get_object(gone))
        assert (error["code"], error["error_subcode"]) == (100, 33)
    assert refusal(lambda: graph.put_comment(comment["id"], "late"))["error_subcode"] == 33


def test_several_objects_at_once_fail_together(sim, post):
    one, two = (sim.say(text, "facebook", in_reply_to=post) for text in "ab")
    graph = sim.graph()
    found = graph.get_objects([one["id"], two["id"]], fields="message")
    assert {key: value["message"] for key, value in found.items()} == {one["id"]: "a", two["id"]: "b"}
    sim.post(f"/_sim/messages/{one['id']}/delete", {})
    assert refusal(lambda: graph.get_objects([one["id"], two["id"]]))["code"] == 100


@pytest.mark.parametrize(
    ("fields", "code"), [("nonsense", 100), ("id,", 2500), ("comments{id", 2500), ("a.b", 2500)]
)
def test_bad_fields_are_refused(sim, post, fields, code):
    assert refusal(lambda: sim.graph().get_object(post, fields=fields))["code"] == code


def test_usage_headers(sim, page):
    token = sim.account("facebook")["secrets"]["page_token"]
    answer = requests.get(f"{sim.url}/graph/v25.0/me", params={"access_token": token}, timeout=5)
    assert json.loads(answer.headers["x-app-usage"])["call_count"] == 0
    assert json.loads(answer.headers["x-business-use-case-usage"])[page][0]["type"] == "pages"
    assert answer.headers["facebook-api-version"] == "v25.0"


def test_another_pages_objects_are_not_there(sim, post):
    sim.post("/_sim/accounts", {"network": "facebook", "handle": "otherpage"})
    assert refusal(lambda: sim.graph("otherpage").get_object(post))["error_subcode"] == 33
