"""Whom a Graph request speaks for: Page tokens, user tokens, app tokens; and the usage headers."""

from __future__ import annotations

import hashlib
import hmac
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from simulator.graph.errors import (
    GraphProblem,
    bad_token_error,
    dead_token_error,
    parameter_error,
    too_many_error,
)
from simulator.records import App, BrandAccount, Grant
from simulator.world import World

HOUR_MS = 3600 * 1000
#: Calls an hour and Page. Meta allows 4,800 × engaged users in 24 h; a busy Page has thousands.
CALLS_PER_HOUR = 40_000
#: What a connected Page grants.
PAGE_SCOPES = (
    "pages_show_list", "pages_read_engagement", "pages_read_user_content", "pages_manage_engagement", "pages_manage_posts",
    "pages_messaging", "pages_manage_metadata",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Caller:
    """The Page, or the person (`grant`), or only the app that a token speaks for."""

    token: str
    app: App | None
    page: BrandAccount | None = None
    grant: Grant | None = None

    def need_page(self) -> BrandAccount:
        """Return the Page of the token. Raises `GraphProblem` when the token is not a Page's."""
        if self.page is None:
            raise GraphProblem(403, "(#210) A page access token is required to request this resource.", 210)
        return self.page


def authenticate(world: World, parameters: Mapping[str, str], header: str) -> Caller:
    """Return the caller behind `access_token` (parameter or bearer header). Raises `GraphProblem`."""
    token = parameters.get("access_token") or header.removeprefix("Bearer ").strip()
    if not token:
        raise GraphProblem(400, "An access token is required to request this resource.", 104)
    if token in world.revoked:
        raise dead_token_error()
    caller = _caller(world, token)
    if caller is None:
        raise bad_token_error()
    _check_proof(world, caller, parameters.get("appsecret_proof"))
    return caller


def _caller(world: World, token: str) -> Caller | None:
    for account in world.accounts.values():
        if account.network == "facebook" and account.secrets.get("page_token") == token:
            return Caller(token, world.apps.get(account.secrets.get("app_id", "")), account)
    grant = world.grants.get(token)
    if grant is not None and grant.kind == "fb_user":
        if grant.revoked or grant.expires_at <= world.clock():
            raise dead_token_error()
        return Caller(token, world.apps.get(grant.client_id), grant=grant)
    app_id, bar, app_secret = token.partition("|")
    app = world.apps.get(app_id)
    if bar and app is not None and hmac.compare_digest(app.client_secret.encode(), app_secret.encode()):
        return Caller(token, app)
    return None


def _check_proof(world: World, caller: Caller, proof: str | None) -> None:
    if caller.app is None or (caller.page is None and caller.grant is None):
        return
    if proof is None:
        if world.settings.require_appsecret_proof:
            raise GraphProblem(400, "API calls from the server require an appsecret_proof argument", 100)
        return
    expected = hmac.new(caller.app.client_secret.encode(), caller.token.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), proof.encode()):
        raise parameter_error("Invalid appsecret_proof provided in the API argument")


class Usage:
    """Counts calls per app and Page over a sliding hour, told in the two usage headers."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._calls: dict[str, deque[int]] = {}
        self.pretended: dict[str, int] = {}

    def spend(self, caller: Caller) -> dict[str, str]:
        """Count one call. Raises `GraphProblem` when the hour's allowance is used up."""
        owner = caller.page.remote_id if caller.page else (caller.app.client_id if caller.app else "")
        now = self._world.clock()
        calls = self._calls.setdefault(owner, deque())
        calls.append(now)
        while calls[0] < now - HOUR_MS:
            calls.popleft()
        share = self.pretended.get(owner, len(calls) * 100 // CALLS_PER_HOUR)
        headers = {
            "x-app-usage": _json({"call_count": share, "total_cputime": share // 2, "total_time": share // 2})
        }
        if caller.page is not None:
            wait = 0 if share < 100 else 6
            headers["x-business-use-case-usage"] = _json(
                {owner: [{"type": "pages", "call_count": share, "total_cputime": share // 2, "total_time": share // 2, "estimated_time_to_regain_access": wait}]}
            )  # fmt: skip
        if share >= 100 and self._world.settings.limits:
            problem = too_many_error(caller.page is not None)
            problem.__dict__["headers"] = headers
            raise problem
        return headers

    def reset(self) -> None:
        self._calls.clear()
        self.pretended.clear()


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
