from __future__ import annotations

import requests


def page(sim, path):
    return requests.get(sim.url + path, timeout=5)


def test_the_account_page_shows_posts_but_no_direct_messages(sim):
    sim.say("@kettleandfern in the open", author="ada")
    sim.say("my secret address", kind="direct", author="ada")
    sim.say("my secret number", "facebook", kind="direct", author="ada")
    sim.say("a visit", "facebook", kind="visitor_post", author="bob")
    on_x, on_facebook = page(sim, "/x/kettleandfern").text, page(sim, "/facebook/kettleandfern").text
    assert "in the open" in on_x
    assert "a visit" in on_facebook
    assert "secret" not in on_x + on_facebook


def test_a_direct_message_has_no_thread_page(sim):
    for network in ("x", "facebook"):
        secret = sim.say("my secret", network, kind="direct")
        for path in (
            f"/x/kettleandfern/status/{secret['id']}",
            f"/facebook/kettleandfern/posts/{secret['id']}",
        ):
            answer = page(sim, path)
            assert answer.status_code == 404
            assert "secret" not in answer.text


def test_a_thread_shows_question_and_answer(sim):
    asked = sim.say("@kettleandfern where is it?", author="ada")
    reply = sim.x().create_tweet(text="On its way", in_reply_to_tweet_id=asked["id"], user_auth=True)["data"]
    for message_id in (asked["id"], reply["id"]):
        text = page(sim, f"/x/kettleandfern/status/{message_id}").text
        assert text.index("where is it?") < text.index("On its way")
    post = sim.graph().get_connections("me", "posts", limit=1)["data"][0]["id"]
    comment = sim.say("how long?", "facebook", in_reply_to=post)
    nested = sim.graph().put_comment(comment["id"], "Two days")["id"]
    for path in (post, post.partition("_")[2], nested):
        text = page(sim, f"/facebook/kettleandfern/posts/{path}").text
        assert text.index("how long?") < text.index("Two days")


def test_hidden_deleted_and_edited(sim):
    post = sim.graph().get_connections("me", "posts", limit=1)["data"][0]["id"]
    rude = sim.say("rude words", "facebook", in_reply_to=post)
    gone = sim.say("gone words", "facebook", in_reply_to=post)
    sim.graph().request(f"v25.0/{rude['id']}", post_args={"is_hidden": "true"})
    sim.post(f"/_sim/messages/{gone['id']}/delete", {})
    text = page(sim, f"/facebook/kettleandfern/posts/{post}").text
    assert "rude words" not in text
    assert "gone words" not in text


def test_hostile_text_is_inert(sim):
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>\u202e"
    sim.say(evil, author={"handle": "evil", "name": "<b>\"'x"})
    answer = page(sim, "/x/kettleandfern")
    assert "&lt;script&gt;" in answer.text
    assert "<script" not in answer.text
    assert "<img" not in answer.text
    assert "<b>" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_a_deep_thread_is_shown_whole_and_well_formed(sim):
    last = sim.say("@kettleandfern level 0")
    root = last
    for level in range(1, 8):
        last = sim.say(f"level {level}", in_reply_to=last["id"])
    text = page(sim, f"/x/kettleandfern/status/{root['id']}").text
    assert all(f"level {level}" in text for level in range(8))
    assert text.count("<li>") == text.count("</li>")
    assert text.count("<ol ") == text.count("</ol>")


def test_unknown_pages_are_404(sim):
    for path in ("/x/nobody", "/x/kettleandfern/status/1", "/facebook/nobody", "/nothing"):
        assert page(sim, path).status_code == 404
    assert "kettleandfern" in page(sim, "/").text
