from __future__ import annotations

import base64
import hashlib
from urllib.parse import parse_qs, urlsplit

import facebook
import pytest
import requests
import tweepy

from tests.simulator.conftest import Rewrite

BACK = "http://127.0.0.1:9/callback"
VERIFIER = "v" * 64
SCOPES = "tweet.read tweet.write users.read dm.read dm.write like.write tweet.moderate.write offline.access"


@pytest.fixture
def app(sim):
    return sim.get("/_sim/apps.json")


def challenge(verifier=VERIFIER):
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def asked(app, **change):
    return {
        "response_type": "code", "client_id": app["x"]["client_id"], "redirect_uri": BACK, "scope": SCOPES, "state": "s1",
        "code_challenge": challenge(), "code_challenge_method": "S256", **change,
    }  # fmt: skip


def decide(sim, path, query, **form):
    answer = requests.post(sim.url + path, params=query, data=form, allow_redirects=False, timeout=5)
    return {key: values[0] for key, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def x_code(sim, app, **change):
    account = sim.account("x", "kettlefern_help")["remote_id"]
    back = decide(sim, "/x/i/oauth2/authorize", asked(app, **change), decision="allow", account=account)
    assert back["state"] == "s1"
    return back["code"]


def token(sim, app, secret=None, **form):
    auth = (app["x"]["client_id"], secret or app["x"]["client_secret"])
    return requests.post(sim.url + "/x/2/oauth2/token", data=form, auth=auth, timeout=5)


def exchanged(sim, app, code, verifier=VERIFIER, back=BACK):
    return token(
        sim, app, grant_type="authorization_code", code=code, code_verifier=verifier, redirect_uri=back
    )


def speaks(sim, access):
    client = tweepy.Client(access, return_type=dict)
    client.session.mount("https://", Rewrite(sim.url + "/x"))
    return client


def test_the_consent_page_names_accounts_and_wishes(sim, app):
    answer = requests.get(sim.url + "/x/i/oauth2/authorize", params=asked(app), timeout=5)
    assert answer.status_code == 200
    assert "@kettlefern_help" in answer.text
    assert "tweet.write" in answer.text
    assert "script" not in answer.text


def test_pkce_from_consent_to_a_token_that_speaks_for_the_account(sim, app):
    body = exchanged(sim, app, x_code(sim, app)).json()
    assert body["expires_in"] == 7200
    assert speaks(sim, body["access_token"]).get_me(user_auth=False)["data"]["username"] == "kettlefern_help"


def test_tweepys_own_handler_passes(sim, app, monkeypatch):
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    handler = tweepy.OAuth2UserHandler(
        client_id=app["x"]["client_id"],
        client_secret=app["x"]["client_secret"],
        redirect_uri=BACK,
        scope=SCOPES.split(),
    )
    handler.mount("https://", Rewrite(sim.url + "/x"))
    address = urlsplit(handler.get_authorization_url())
    account = sim.account("x")["remote_id"]
    answer = requests.post(
        f"{sim.url}/x{address.path}?{address.query}", data={"decision": "allow", "account": account}, allow_redirects=False, timeout=5
    )  # fmt: skip
    assert handler.fetch_token(answer.headers["location"])["refresh_token"]


def test_a_code_works_once_and_only_with_its_verifier_and_address(sim, app):
    for bad in ({"verifier": "w" * 64}, {"back": "http://127.0.0.1:9/other"}):
        assert exchanged(sim, app, x_code(sim, app), **bad).status_code == 400
    code = x_code(sim, app)
    assert exchanged(sim, app, code).ok
    assert exchanged(sim, app, code).json()["error"] == "invalid_request"
    assert (
        token(sim, app, secret="wrong", grant_type="authorization_code", code=x_code(sim, app)).status_code
        == 401
    )


def test_refresh_tokens_rotate(sim, app):
    first = exchanged(sim, app, x_code(sim, app)).json()
    second = token(sim, app, grant_type="refresh_token", refresh_token=first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert (
        token(sim, app, grant_type="refresh_token", refresh_token=first["refresh_token"]).status_code == 400
    )
    assert speaks(sim, second["access_token"]).get_me(user_auth=False)["data"]


def test_scopes_bind(sim, app):
    body = exchanged(sim, app, x_code(sim, app, scope="tweet.read users.read")).json()
    assert "refresh_token" not in body
    client = speaks(sim, body["access_token"])
    assert client.get_me(user_auth=False)["data"]
    with pytest.raises(tweepy.Forbidden):
        client.create_tweet(text="hello", user_auth=False)


def test_denying_and_revoking(sim, app):
    back = decide(sim, "/x/i/oauth2/authorize", asked(app), decision="deny")
    assert back == {"error": "access_denied", "state": "s1"}
    body = exchanged(sim, app, x_code(sim, app)).json()
    auth = (app["x"]["client_id"], app["x"]["client_secret"])
    assert requests.post(
        sim.url + "/x/2/oauth2/revoke", data={"token": body["access_token"]}, auth=auth, timeout=5
    ).ok
    with pytest.raises(tweepy.Unauthorized):
        speaks(sim, body["access_token"]).get_me(user_auth=False)
    assert token(sim, app, grant_type="refresh_token", refresh_token=body["refresh_token"]).status_code == 400


@pytest.mark.parametrize(
    "change", [{"client_id": "x"}, {"redirect_uri": "javascript:alert(1)"}, {"code_challenge": ""}, {"code_challenge_method": "plain"}, {"state": ""}]
)  # fmt: skip
def test_a_senseless_request_is_not_sent_anywhere(sim, app, change):
    for method in ("GET", "POST"):
        answer = requests.request(
            method,
            sim.url + "/x/i/oauth2/authorize",
            params=asked(app, **change),
            allow_redirects=False,
            timeout=5,
        )
        assert answer.status_code == 400


def fb_code(sim, app, page):
    query = {
        "client_id": app["facebook"]["app_id"],
        "redirect_uri": BACK,
        "state": "s2",
        "scope": "pages_show_list,pages_messaging",
    }
    assert (
        "Kettle &amp; Fern"
        in requests.get(sim.url + "/graph/v25.0/dialog/oauth", params=query, timeout=5).text
    )
    back = decide(sim, "/graph/v25.0/dialog/oauth", query, decision="allow", page=page)
    assert back["state"] == "s2"
    return back["code"]


def test_facebook_from_the_dialog_to_a_page_token(sim, app):
    page, secrets = sim.account("facebook"), app["facebook"]
    graph = sim.graph(token="none")
    graph.access_token, graph.session.params = None, {}
    code = fb_code(sim, app, page["remote_id"])
    short = graph.get_access_token_from_code(code, BACK, secrets["app_id"], secrets["app_secret"])[
        "access_token"
    ]
    with pytest.raises(facebook.GraphAPIError):
        graph.get_access_token_from_code(code, BACK, secrets["app_id"], secrets["app_secret"])
    user = sim.graph(token=short)
    long = user.extend_access_token(secrets["app_id"], secrets["app_secret"])["access_token"]
    user = sim.graph(token=long)
    assert user.get_object("me")["name"] == "Robin Ashgrove"
    (found,) = user.get_connections("me", "accounts", fields="id,name,access_token")["data"]
    assert found == {
        "id": page["remote_id"],
        "name": "Kettle & Fern",
        "access_token": page["secrets"]["page_token"],
    }
    assert user.get_permissions("me") == {"pages_show_list", "pages_messaging"}
    debugged = user.debug_access_token(found["access_token"], secrets["app_id"], secrets["app_secret"])[
        "data"
    ]
    assert (debugged["is_valid"], debugged["type"], debugged["profile_id"]) == (
        True,
        "PAGE",
        page["remote_id"],
    )


def test_granting_again_renews_a_revoked_page_token(sim, app):
    page, secrets = sim.account("facebook"), app["facebook"]
    sim.post("/_sim/tokens/revoke", {"network": "facebook"})
    graph = sim.graph(token="none")
    graph.access_token, graph.session.params = None, {}
    code = fb_code(sim, app, page["remote_id"])
    user = graph.get_access_token_from_code(code, BACK, secrets["app_id"], secrets["app_secret"])[
        "access_token"
    ]
    (found,) = sim.graph(token=user).get_connections("me", "accounts", fields="access_token")["data"]
    assert sim.graph(token=found["access_token"]).get_object("me")["id"] == page["remote_id"]
    with pytest.raises(facebook.GraphAPIError):
        sim.graph(token=page["secrets"]["page_token"]).get_object("me")


def test_a_dead_user_token_or_wrong_secret_is_refused(sim, app):
    secrets = app["facebook"]
    graph = sim.graph(token="none")
    graph.access_token, graph.session.params = None, {}
    code = fb_code(sim, app, sim.account("facebook")["remote_id"])
    with pytest.raises(facebook.GraphAPIError):
        graph.get_access_token_from_code(code, BACK, secrets["app_id"], "wrong")
    with pytest.raises(facebook.GraphAPIError):
        graph.get_access_token_from_code(
            code, "http://127.0.0.1:9/other", secrets["app_id"], secrets["app_secret"]
        )
