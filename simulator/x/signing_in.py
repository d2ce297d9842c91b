"""OAuth 2 with PKCE on X: the consent page, codes, tokens and refresh tokens that work once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from simulator import html
from simulator.records import App, Grant
from simulator.world import World
from simulator.x.auth import ALL_SCOPES

CODE_MS = 60_000
ACCESS_MS = 7_200_000
REFRESH_MS = 180 * 24 * 3600 * 1000


def with_query(address: str, **more: str) -> str:
    """`address` with more query parameters."""
    parts = urlsplit(address)
    query = [*parse_qsl(parts.query, keep_blank_values=True), *more.items()]
    return str(urlunsplit(parts._replace(query=urlencode(query))))


def sound_redirect(app: App, address: str) -> bool:
    """Tell whether an app may send people to an address. That is its registered addresses, or any web address
    when it has none.
    """
    parts = urlsplit(address)
    if app.redirect_uris:
        return address in app.redirect_uris
    return parts.scheme in ("http", "https") and bool(parts.netloc) and not parts.fragment


class XSignIn:
    def __init__(self, world: World) -> None:
        self.world = world

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/i/oauth2/authorize", self.authorize, methods=["GET", "POST"]),
            Route("/2/oauth2/token", self.token, methods=["POST"]),
            Route("/2/oauth2/revoke", self.revoke, methods=["POST"]),
        ]

    def _why_not(self, query: Mapping[str, str]) -> str:
        """Say what is wrong with a request to authorise, "" for nothing. Such a request sends nobody
        anywhere.
        """
        app = self.world.apps.get(query.get("client_id", ""))
        if app is None or app.network != "x" or not sound_redirect(app, query.get("redirect_uri", "")):
            return "unknown client_id or redirect_uri."
        if query.get("response_type") != "code" or not query.get("state"):
            return "response_type=code and state are needed."
        if query.get("code_challenge_method") != "S256" or len(query.get("code_challenge", "")) != 43:
            return "an S256 code_challenge is needed."
        return ""

    async def authorize(self, request: Request) -> Response:
        query = request.query_params
        if reason := self._why_not(query):
            return html.refused_page(f"You weren't able to give access to the app: {reason}")
        redirect = query["redirect_uri"]
        scopes = query.get("scope", "").split()
        if not scopes or set(scopes) - set(ALL_SCOPES):
            return html.redirect_to(with_query(redirect, error="invalid_scope", state=query["state"]))
        if request.method == "GET":
            accounts = [account for account in self.world.accounts.values() if account.network == "x"]
            fields = html.choices(
                "radio",
                "account",
                [(account.remote_id, f"{account.name} @{account.handle}") for account in accounts],
            )
            return html.consent_page("X", "An app wants to access your X account", fields, scopes)
        form = await request.form()
        account = self.world.accounts.get(f"x:{form.get('account')}")
        if form.get("decision") != "allow" or account is None:
            return html.redirect_to(with_query(redirect, error="access_denied", state=query["state"]))
        grant = self.world.save_grant(
            Grant(
                secrets.token_urlsafe(48),
                "x_code",
                query["client_id"],
                account.remote_id,
                " ".join(scopes),
                redirect,
                query["code_challenge"],
                self.world.clock() + CODE_MS,
            )
        )
        return html.redirect_to(with_query(redirect, state=query["state"], code=grant.key))

    def _client(self, request: Request, form: dict[str, str]) -> App | None:
        """Return the confidential client that signs the request with its secret."""
        header = request.headers.get("authorization", "")
        try:
            name, _, secret = base64.b64decode(header.removeprefix("Basic ")).decode().partition(":")
        except ValueError:
            return None
        app = self.world.apps.get(name)
        if not header.startswith("Basic ") or app is None or form.get("client_id", name) != name:
            return None
        return app if hmac.compare_digest(app.client_secret.encode(), secret.encode()) else None

    async def token(self, request: Request) -> Response:
        form = {key: str(value) for key, value in (await request.form()).items()}
        app = self._client(request, form)
        if app is None:
            return _answer(
                401,
                {"error": "unauthorized_client", "error_description": "Missing valid authorization header"},
            )
        kind = form.get("grant_type")
        if kind == "authorization_code":
            grant = self._taken(form.get("code", ""), "x_code", app)
            if grant is None or not _proves(grant, form):
                return _invalid("Value passed for the authorization code was invalid.")
        elif kind == "refresh_token":
            grant = self._taken(form.get("refresh_token", ""), "x_refresh", app)
            if grant is None:
                return _invalid("Value passed for the token was invalid.")
        else:
            return _answer(
                400, {"error": "unsupported_grant_type", "error_description": "grant_type is not supported"}
            )
        return _answer(200, self._tokens(grant))

    def _taken(self, key: str, kind: str, app: App) -> Grant | None:
        """Return the grant of a code or refresh token. This uses it up."""
        grant = self.world.grants.get(key)
        if (
            grant is None
            or grant.kind != kind
            or grant.client_id != app.client_id
            or key in self.world.revoked
        ):
            return None
        if grant.revoked or grant.expires_at <= self.world.clock():
            return None
        grant.revoked = True
        return self.world.save_grant(grant)

    def _tokens(self, grant: Grant) -> dict[str, object]:
        now = self.world.clock()
        family = grant.family or secrets.token_hex(8)
        access = Grant(
            secrets.token_urlsafe(60), "x_access", grant.client_id, grant.subject, grant.scope, expires_at=now + ACCESS_MS, family=family
        )  # fmt: skip
        self.world.save_grant(access)
        body: dict[str, object] = {
            "token_type": "bearer", "expires_in": ACCESS_MS // 1000, "access_token": access.key, "scope": grant.scope,
        }  # fmt: skip
        if "offline.access" in grant.scope.split():
            refresh = Grant(
                secrets.token_urlsafe(60), "x_refresh", grant.client_id, grant.subject, grant.scope, expires_at=now + REFRESH_MS,
                family=family,
            )  # fmt: skip
            body["refresh_token"] = self.world.save_grant(refresh).key
        return body

    async def revoke(self, request: Request) -> Response:
        form = {key: str(value) for key, value in (await request.form()).items()}
        app = self._client(request, form)
        grant = self.world.grants.get(form.get("token", ""))
        if app is None:
            return _answer(
                401,
                {"error": "unauthorized_client", "error_description": "Missing valid authorization header"},
            )
        if grant is not None and grant.client_id == app.client_id:
            for other in self.world.grants.values():
                if other.key == grant.key or (grant.family and other.family == grant.family):
                    other.revoked = True
                    self.world.save_grant(other)
        return _answer(200, {"revoked": True})


def _proves(grant: Grant, form: dict[str, str]) -> bool:
    digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    return hmac.compare_digest(challenge, grant.challenge) and form.get("redirect_uri") == grant.redirect_uri


def _invalid(description: str) -> Response:
    return _answer(400, {"error": "invalid_request", "error_description": description})


def _answer(status: int, body: dict[str, object]) -> Response:
    return Response(orjson.dumps(body), status, {"cache-control": "no-store"}, "application/json")
