"""Facebook Login: the dialog, codes, and user tokens from which Page tokens follow."""

from __future__ import annotations

import hmac
import secrets
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from simulator import html
from simulator.demo import ADMIN_ID
from simulator.graph.auth import PAGE_SCOPES
from simulator.graph.errors import GraphProblem
from simulator.records import App, Grant
from simulator.world import World
from simulator.x.signing_in import sound_redirect, with_query

CODE_MS = 10 * 60_000
SHORT_MS = 2 * 3600 * 1000
LONG_MS = 60 * 24 * 3600 * 1000
KNOWN_SCOPES = frozenset((*PAGE_SCOPES, "public_profile", "email", "business_management"))


class GraphSignIn:
    def __init__(self, world: World) -> None:
        self.world = world

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/{version}/dialog/oauth", self.dialog, methods=["GET", "POST"]),
            Route("/{version}/oauth/access_token", self.access_token, methods=["GET", "POST"]),
        ]

    async def dialog(self, request: Request) -> Response:
        query = request.query_params
        app = self.world.apps.get(query.get("client_id", ""))
        redirect = query.get("redirect_uri", "")
        if app is None or app.network != "facebook" or not sound_redirect(app, redirect):
            return html.refused_page("Invalid app ID or redirect_uri: the app cannot send you back there.")
        state = {"state": query["state"]} if "state" in query else {}
        scopes = [scope for scope in query.get("scope", "public_profile").split(",") if scope]
        if set(scopes) - KNOWN_SCOPES:
            return html.refused_page(f"Invalid Scopes: {', '.join(sorted(set(scopes) - KNOWN_SCOPES))}.")
        pages = [account for account in self.world.accounts.values() if account.network == "facebook"]
        if request.method == "GET":
            fields = html.choices("checkbox", "page", [(page.remote_id, page.name) for page in pages])
            return html.consent_page("Facebook", "An app wants to manage your Pages", fields, scopes)
        form = await request.form()
        if form.get("decision") != "allow":
            return html.redirect_to(
                with_query(
                    redirect, error="access_denied", error_code="200", error_reason="user_denied", **state
                )
            )
        chosen = [
            str(page_id) for page_id in form.getlist("page") if f"facebook:{page_id}" in self.world.accounts
        ]
        grant = Grant(
            "AQ" + secrets.token_urlsafe(96), "fb_code", app.client_id, ADMIN_ID, ",".join(scopes), redirect,
            expires_at=self.world.clock() + CODE_MS, pages=chosen,
        )  # fmt: skip
        self.world.save_grant(grant)
        return html.redirect_to(with_query(redirect, code=grant.key, **state))

    async def access_token(self, request: Request) -> Response:
        sent = dict(request.query_params)
        if request.method == "POST":
            sent |= {key: str(value) for key, value in (await request.form()).items()}
        try:
            return _answer(200, self._exchanged(sent))
        except GraphProblem as problem:
            return _answer(problem.status, problem.body)

    def _exchanged(self, sent: dict[str, str]) -> dict[str, Any]:
        app = self.world.apps.get(sent.get("client_id", ""))
        if app is None or app.network != "facebook":
            raise GraphProblem(
                400, "Error validating application. Cannot get application info due to a system error.", 101
            )
        if not hmac.compare_digest(app.client_secret.encode(), sent.get("client_secret", "").encode()):
            raise GraphProblem(400, "Error validating client secret.", 1)
        if sent.get("grant_type") == "client_credentials":
            return {"access_token": f"{app.client_id}|{app.client_secret}", "token_type": "bearer"}
        if sent.get("grant_type") == "fb_exchange_token":
            return self._user_token(self._known(sent.get("fb_exchange_token", ""), "fb_user", app), LONG_MS)
        grant = self._known(sent.get("code", ""), "fb_code", app)
        if sent.get("redirect_uri") != grant.redirect_uri:
            raise GraphProblem(400, "Error validating verification code. Please make sure your redirect_uri is identical to the one you used in the OAuth dialog request", 100, 36008)  # fmt: skip
        grant.revoked = True
        self.world.save_grant(grant)
        self._renew_pages(grant)
        return self._user_token(grant, SHORT_MS)

    def _known(self, key: str, kind: str, app: App) -> Grant:
        grant = self.world.grants.get(key)
        if grant is None or grant.kind != kind or grant.client_id != app.client_id:
            raise GraphProblem(400, "Invalid verification code format." if kind == "fb_code" else "Invalid OAuth access token.", 100 if kind == "fb_code" else 190)  # fmt: skip
        if grant.revoked:
            raise GraphProblem(400, "This authorization code has been used.", 100, 36009)
        if grant.expires_at <= self.world.clock():
            raise GraphProblem(400, "This authorization code has expired.", 100, 36007)
        return grant

    def _user_token(self, grant: Grant, life: int) -> dict[str, Any]:
        token = Grant(
            "EAA" + secrets.token_urlsafe(120), "fb_user", grant.client_id, grant.subject, grant.scope,
            expires_at=self.world.clock() + life, pages=grant.pages,
        )  # fmt: skip
        self.world.save_grant(token)
        return {"access_token": token.key, "token_type": "bearer", "expires_in": life // 1000}

    def _renew_pages(self, grant: Grant) -> None:
        """Give a Page a new token when access is granted again. Its old one was taken back."""
        for page in grant.pages:
            account = self.world.accounts[f"facebook:{page}"]
            if account.secrets["page_token"] in self.world.revoked:
                account.secrets["page_token"] = "EAA" + secrets.token_urlsafe(120)
                self.world.add_account(account)


def _answer(status: int, body: dict[str, Any]) -> Response:
    return Response(
        orjson.dumps(body), status, {"cache-control": "no-store"}, "application/json; charset=UTF-8"
    )
