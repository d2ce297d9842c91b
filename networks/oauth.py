"""Connecting an account: the person grants access on the network's page, which sends them back with a code.

`begin_authorisation` returns the URL to send the browser to and the values to keep in the session;
`finish_authorisation` exchanges the code for the accounts that may be connected, each with its secrets. For X
this is one account; for Facebook it is every Page of the person. `api_base` replaces the network's own URL,
as in `Connector`; `authorize_base` replaces the URL that the browser is sent to.
"""

from __future__ import annotations

import base64
import hashlib
import secrets as random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from urllib.parse import urlencode

import requests

from networks import transport, wire
from networks.base import Credentials, OwnAccount, Reauthorise, Rejected, RetryLater
from networks.facebook import errors, walk
from networks.facebook.connector import GRAPH_VERSION, build_graph_api
from networks.transport import HTTPAnswer
from networks.x import auth
from networks.x.connector import XConnector

#: The scopes that are requested from each network.
OAUTH_SCOPES: dict[str, tuple[str, ...]] = {
    "x": (
        "tweet.read", "tweet.write", "tweet.moderate.write", "users.read", "like.write", "dm.read", "dm.write",
        "offline.access",
    ),
    "facebook": (
        "pages_show_list", "pages_read_engagement", "pages_read_user_content", "pages_manage_engagement",
        "pages_manage_metadata", "pages_messaging", "business_management",
    ),
}  # fmt: skip
_AUTHORIZE_BASES = {"x": "https://x.com", "facebook": "https://www.facebook.com"}
_MAX_PAGES = 50
#: Why an account may be missing among those that a network hands out.
MISSING_ACCOUNT_HINTS = {
    "facebook": (
        "Facebook shares only the Pages that are ticked in its dialog, and those of a business portfolio only "
        "together with the permission “business_management”. Try again, choose “Edit settings” there, and tick the "
        "Page, its business and that permission."
    ),
}
#: What a person has to be allowed on a Page to answer as it. MANAGE stands for everything.
_ANSWERING_TASKS = {"MODERATE": "comments", "MESSAGING": "direct messages"}


@dataclass(frozen=True, slots=True)
class OAuthApp:
    """An application registered with a network.

    `extra` is copied into the secrets of every account (verify_token, consumer_secret).
    """

    client_id: str
    client_secret: str = field(default="", repr=False)
    extra: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Authorisation:
    """The URL to send the browser to, and values for the session.

    Keep `state` and `verifier` in the session; compare `state` when the browser comes back.
    """

    url: str
    state: str = field(repr=False)
    verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class GrantableAccount:
    """An account that the person may connect, with its secrets.

    `cannot_answer` is what the person may not answer as it.
    """

    network: str
    account: OwnAccount
    secrets: Mapping[str, str] = field(repr=False)
    cannot_answer: tuple[str, ...] = ()

    @property
    def is_only_seen(self) -> bool:
        """Return whether the person may look at the account and nothing else."""
        return len(self.cannot_answer) == len(_ANSWERING_TASKS)


def begin_authorisation(
    network: str, app: OAuthApp, redirect_uri: str, *, authorize_base: str = ""
) -> Authorisation:
    """Return the URL where the person grants access.

    Raises `KeyError` for a network without OAuth.
    """
    state, verifier = random.token_urlsafe(32), random.token_urlsafe(64)
    query = {
        "response_type": "code",
        "client_id": app.client_id,
        "redirect_uri": redirect_uri,
        "state": state,
    }
    if network == "x":
        digest = hashlib.sha256(verifier.encode()).digest()
        query |= {
            "scope": " ".join(OAUTH_SCOPES[network]),
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        path = "/i/oauth2/authorize"
    else:
        query["scope"] = ",".join(OAUTH_SCOPES[network])
        path = f"/{GRAPH_VERSION}/dialog/oauth"
    base = (authorize_base or _AUTHORIZE_BASES[network]).rstrip("/")
    return Authorisation(f"{base}{path}?{urlencode(query)}", state, verifier)


def finish_authorisation(
    network: str,
    app: OAuthApp,
    redirect_uri: str,
    *,
    code: str,
    verifier: str,
    api_base: str = "",
    clock: transport.Clock = transport.utc_now,
) -> list[GrantableAccount]:
    """Return the accounts that a code gives access to.

    Raises `Rejected` when the network does not accept the code (used, expired, issued to another app), or any
    other `NetworkError`.
    """
    finisher = {"x": _finish_x, "facebook": _finish_facebook}[network]
    return finisher(app, redirect_uri, code, verifier, api_base, clock)


def _finish_x(
    app: OAuthApp, redirect_uri: str, code: str, verifier: str, api_base: str, clock: transport.Clock
) -> list[GrantableAccount]:
    secrets = {**app.extra, "client_id": app.client_id, "client_secret": app.client_secret}
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
    }
    session = requests.Session()
    mounted = transport.mount_transport(session, api_base)
    refusal = ""
    try:
        tokens = auth.request_token(session, mounted, secrets, form, clock())
    except Reauthorise as error:
        refusal = error.code
    if refusal:
        raise Rejected("X did not accept this sign-in. Start again.", code=refusal)
    own = XConnector(Credentials("x", "", tokens), api_url=api_base, clock=clock).verify()
    return [GrantableAccount("x", own, tokens)]


def _finish_facebook(
    app: OAuthApp, redirect_uri: str, code: str, verifier: str, api_base: str, clock: transport.Clock
) -> list[GrantableAccount]:
    del verifier  # Facebook's dialog has no PKCE for confidential apps; the app secret protects the code.
    graph, mounted = build_graph_api("", "", api_base)
    answer = transport.attempt_call(
        mounted,
        lambda: graph.get_access_token_from_code(code, redirect_uri, app.client_id, app.client_secret),
    )
    short = _require_token(answer, clock)
    graph, mounted = build_graph_api(short, "", api_base)
    answer = transport.attempt_call(
        mounted, lambda: graph.extend_access_token(app.client_id, app.client_secret)
    )
    return _fetch_pages(app, _require_token(answer, clock), api_base, clock)


def _require_token(answer: HTTPAnswer | transport.NoAnswer, clock: transport.Clock) -> str:
    error = errors.classify_facebook_answer(answer, write=False, now=clock())
    if isinstance(error, Reauthorise):
        raise Rejected("Facebook did not accept this sign-in. Start again.", code=error.code)
    if error is not None:
        raise error
    document = wire.as_mapping(answer.document) if isinstance(answer, HTTPAnswer) else {}
    token = wire.optional_text(document.get("access_token"))
    if not token:
        raise RetryLater("Facebook sent a response that could not be read.", code="malformed")
    return token


def _fetch_pages(
    app: OAuthApp, user_token: str, api_base: str, clock: transport.Clock
) -> list[GrantableAccount]:
    """Fetch every Page of the person with its own token.

    The Page tokens do not expire, because the user token is long-lived.
    """
    graph, mounted = build_graph_api(user_token, app.client_secret, api_base)
    pages: list[GrantableAccount] = []
    args: dict[str, Any] = {"fields": "id,name,username,access_token,tasks", "limit": 100}
    for _ in range(_MAX_PAGES):
        answer = transport.attempt_call(mounted, partial(graph.get_connections, "me", "accounts", **args))
        error = errors.classify_facebook_answer(answer, write=False, now=clock(), scope="pages_show_list")
        if error is not None:
            raise error
        document = wire.as_mapping(answer.document) if isinstance(answer, HTTPAnswer) else {}
        pages += [page for item in wire.as_list(document.get("data")) if (page := _parse_page(item, app))]
        following = walk.next_page_params(document.get("paging"))
        if following is None:
            break
        args |= following
    answer = transport.attempt_call(mounted, partial(graph.get_connections, "me", "permissions"))
    scopes = _granted_scopes(answer)
    return [replace(page, account=replace(page.account, scopes=scopes)) for page in pages]


def _granted_scopes(answer: HTTPAnswer | transport.NoAnswer) -> tuple[str, ...]:
    """Return the scopes that the person granted.

    They may be fewer than were asked for. None when Facebook does not say: that must not prevent connecting.
    """
    document = wire.as_mapping(answer.document) if isinstance(answer, HTTPAnswer) else {}
    entries = [wire.as_mapping(entry) for entry in wire.as_list(document.get("data"))]
    granted = (entry.get("permission") for entry in entries if entry.get("status") == "granted")
    return tuple(scope for permission in granted if (scope := wire.optional_text(permission)))


def _parse_page(item: object, app: OAuthApp) -> GrantableAccount | None:
    """Parse one Page; None for one whose token the person did not grant.

    Also None for a malformed id.
    """
    page = wire.as_mapping(item)
    token, name = wire.optional_text(page.get("access_token")), wire.optional_text(page.get("name"))
    try:
        remote_id = wire.require_id(page.get("id"))
    except ValueError:
        return None
    if not token:
        return None
    secrets = {**app.extra, "page_token": token, "app_id": app.client_id, "app_secret": app.client_secret}
    own = OwnAccount(remote_id, wire.optional_text(page.get("username")) or name, name)
    return GrantableAccount("facebook", own, secrets, _find_refused_tasks(page.get("tasks")))


def _find_refused_tasks(tasks: object) -> tuple[str, ...]:
    """Return what the person may not answer as a Page; nothing where Facebook does not say."""
    if not isinstance(tasks, list) or "MANAGE" in tasks:
        return ()
    return tuple(words for task, words in _ANSWERING_TASKS.items() if task not in tasks)
