from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from networks import oauth
from networks.base import Credentials, NetworkError, Rejected, RetryLater
from networks.facebook.connector import FacebookConnector
from networks.oauth import OAuthApp
from networks.x.connector import XConnector
from tests.networks.contract import CANARY, NOW
from tests.networks.server import Network

APP = OAuthApp("client", "hush" + CANARY, {"consumer_secret": "c"})
BACK = "https://inbox.example/connect/back"


def finish(network: Network, which: str, code: str = "the-code") -> list[oauth.GrantableAccount]:
    return oauth.finish_authorisation(
        which, APP, BACK, code=code, verifier="v" * 60, api_base=network.url, clock=lambda: NOW
    )


class TestBegin:
    def query(self, url: str) -> dict[str, str]:
        return {key: values[0] for key, values in parse_qs(urlsplit(url).query).items()}

    def test_x_uses_pkce(self) -> None:
        started = oauth.begin_authorisation("x", APP, BACK)
        query = self.query(started.url)
        assert started.url.startswith("https://x.com/i/oauth2/authorize?")
        digest = hashlib.sha256(started.verifier.encode()).digest()
        assert query["code_challenge"] == base64.urlsafe_b64encode(digest).decode().rstrip("=")
        assert query["code_challenge_method"] == "S256"
        assert query["state"] == started.state
        assert "offline.access" in query["scope"].split()
        assert 43 <= len(started.verifier) <= 128

    def test_facebook_opens_the_dialog(self) -> None:
        started = oauth.begin_authorisation("facebook", APP, BACK, authorize_base="http://127.0.0.1:9/graph/")
        query = self.query(started.url)
        assert started.url.startswith("http://127.0.0.1:9/graph/v25.0/dialog/oauth?")
        assert (query["client_id"], query["redirect_uri"], query["response_type"]) == ("client", BACK, "code")
        assert "pages_messaging" in query["scope"].split(",")

    def test_secrets_and_states_are_never_the_same_nor_shown(self) -> None:
        first, second = oauth.begin_authorisation("x", APP, BACK), oauth.begin_authorisation("x", APP, BACK)
        assert first.state != second.state
        assert first.verifier != second.verifier
        assert first.verifier not in first.url + repr(first)
        assert CANARY not in repr(APP) + first.url


class TestX:
    def test_a_code_becomes_an_account(self, network: Network) -> None:
        network.then(
            200,
            {
                "token_type": "bearer",
                "expires_in": 7200,
                "access_token": "A1",
                "refresh_token": "R1",
                "scope": "tweet.read dm.read",
            },
        )
        network.then(200, {"data": {"id": "42", "username": "brand", "name": "Brand"}})
        (found,) = finish(network, "x")
        assert (found.account.remote_id, found.account.handle, found.account.scopes) == (
            "42",
            "brand",
            ("tweet.read", "dm.read"),
        )
        token = network.asked[0]
        assert token.path == "/2/oauth2/token"
        assert token.form == {
            "grant_type": "authorization_code",
            "code": "the-code",
            "redirect_uri": BACK,
            "code_verifier": "v" * 60,
            "client_id": "client",
        }
        assert token.headers["authorization"].startswith("Basic ")
        assert network.asked[1].headers["authorization"] == "Bearer A1"
        network.then(200, {"data": [], "meta": {"result_count": 0}})
        XConnector(
            Credentials("x", found.account.remote_id, found.secrets), api_url=network.url, clock=lambda: NOW
        ).poll("mentions", {})
        assert network.asked[2].headers["authorization"] == "Bearer A1"
        assert "A1" not in repr(found)

    def test_a_used_code(self, network: Network) -> None:
        network.then(
            400,
            {
                "error": "invalid_request",
                "error_description": "Value passed for the authorization code was invalid.",
            },
        )
        with pytest.raises(Rejected) as caught:
            finish(network, "x")
        assert caught.value.code == "invalid_request"


class TestFacebook:
    def test_a_code_becomes_pages(self, network: Network) -> None:
        network.then(200, {"access_token": "short", "token_type": "bearer"})
        network.then(200, {"access_token": "long", "expires_in": 5183944})
        network.then(200, {"data": [{"id": "1", "name": "One", "access_token": "P1"}, {"id": "2", "name": "Not granted"}, None],
                           "paging": {"next": "https://graph.facebook.com/v25.0/me/accounts?access_token=long&after=a2"}})  # fmt: skip
        network.then(200, {"data": [{"id": 3, "name": "Three", "username": "three", "access_token": "P3"}]})
        permissions = {
            "pages_messaging": "granted",
            "pages_show_list": "granted",
            "pages_manage_metadata": "declined",
        }
        network.then(
            200, {"data": [{"permission": name, "status": status} for name, status in permissions.items()]}
        )
        pages = finish(network, "facebook")
        assert {page.account.scopes for page in pages} == {("pages_messaging", "pages_show_list")}
        assert [(page.account.remote_id, page.account.handle) for page in pages] == [
            ("1", "One"),
            ("3", "three"),
        ]
        code, longer, first, second, asked_for = network.asked
        assert asked_for.path.endswith("/me/permissions")
        assert code.query["code"] == "the-code"
        assert code.query["redirect_uri"] == BACK
        assert "appsecret_proof" not in code.query
        assert (longer.query["grant_type"], longer.query["fb_exchange_token"]) == (
            "fb_exchange_token",
            "short",
        )
        assert first.query["access_token"] == "long"
        assert first.query["appsecret_proof"]
        assert second.query["after"] == "a2"
        assert "P1" not in repr(pages)
        network.then(200, {"id": "1", "name": "One"})
        page = FacebookConnector(Credentials("facebook", "1", pages[0].secrets), api_url=network.url)
        assert page.verify().remote_id == "1"
        assert network.asked[-1].query["access_token"] == "P1"

    @pytest.mark.parametrize(
        ("tasks", "cannot_answer"),
        [
            (["ANALYZE"], ("comments", "direct messages")),
            (["ANALYZE", "MODERATE"], ("direct messages",)),
            (["MESSAGING", "ADVERTISE"], ("comments",)),
            (["MANAGE"], ()),
            (["MODERATE", "MESSAGING"], ()),
            ([], ("comments", "direct messages")),
            (None, ()),
        ],
    )
    def test_what_the_person_may_do_on_a_page(
        self, network: Network, tasks: object, cannot_answer: tuple[str, ...]
    ) -> None:
        network.then(200, {"access_token": "short"}).then(200, {"access_token": "long"})
        network.then(200, {"data": [{"id": "1", "name": "One", "access_token": "P1", "tasks": tasks}]})
        network.then(200, {"data": []})
        (page,) = finish(network, "facebook")
        assert page.cannot_answer == cannot_answer
        assert page.is_only_seen is (len(cannot_answer) == 2)
        assert "tasks" in network.asked[2].query["fields"]

    def test_pages_of_a_business_are_asked_for(self) -> None:
        assert "business_management" in oauth.OAUTH_SCOPES["facebook"]

    @pytest.mark.parametrize("code", [100, 190])
    def test_a_used_code(self, network: Network, code: int) -> None:
        network.then(400, {"error": {"message": "This authorization code has been used.", "code": code}})
        with pytest.raises(Rejected):
            finish(network, "facebook")


@pytest.mark.parametrize("which", ["x", "facebook"])
@pytest.mark.parametrize("body", [b"<html>", b"{}", b"[]", b'{"access_token": 5}'])
def test_nonsense_is_tried_later(network: Network, which: str, body: bytes) -> None:
    network.then(200, body)
    with pytest.raises(RetryLater):
        finish(network, which)


@pytest.mark.parametrize("which", ["x", "facebook"])
def test_errors_do_not_tell_the_code(network: Network, which: str) -> None:
    network.then(400, {"error": {"message": f"code={CANARY} is bad", "code": 100}})
    with pytest.raises(NetworkError) as caught:
        finish(network, which, code=CANARY)
    assert CANARY not in str(caught.value)
    context: Any = caught.value.__context__
    assert context is None
