"""Whom a request to X speaks for: OAuth 1.0a signatures or OAuth 2 bearer tokens."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from starlette.requests import Request

from simulator.records import BrandAccount
from simulator.world import World
from simulator.x import signature
from simulator.x.errors import no_scope_error, unauthorized_error

PREFIX = "/x"
_NONCES_KEPT = 20_000
ALL_SCOPES = (
    "tweet.read", "tweet.write", "tweet.moderate.write", "users.read", "like.read", "like.write", "dm.read", "dm.write",
    "offline.access",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Principal:
    """The brand account a request speaks for.

    Also the token it used and what that token may do.
    """

    account: BrandAccount
    token: str
    scopes: frozenset[str]

    def need(self, *scopes: str) -> None:
        """Require scopes. Raises `Problem` 403 when the token lacks one."""
        for scope in scopes:
            if scope not in self.scopes:
                raise no_scope_error(scope)


class Authenticator:
    """Checks signatures and tokens. Remembers nonces, so that a captured request cannot be replayed."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._nonces: OrderedDict[str, None] = OrderedDict()

    async def __call__(self, request: Request) -> Principal:
        """Authenticate a request. Raises `Problem` 401."""
        header = request.headers.get("authorization", "")
        if header.startswith("OAuth "):
            return await self._oauth1(request, header)
        if header.startswith("Bearer "):
            return self._bearer(header.removeprefix("Bearer ").strip())
        raise unauthorized_error()

    async def _oauth1(self, request: Request, header: str) -> Principal:
        oauth = signature.parse_header(header)
        account = self._by_token(oauth.get("oauth_token", ""))
        if account is None or oauth.get("oauth_consumer_key") != account.secrets["consumer_key"]:
            raise unauthorized_error()
        form = ""
        if "application/x-www-form-urlencoded" in request.headers.get("content-type", ""):
            form = (await request.body()).decode("utf-8", "replace")
        sound = signature.verify(
            request.method,
            request.scope["raw_path"].decode("ascii").partition("?")[0].removeprefix(PREFIX),
            request.url.query,
            form,
            oauth,
            account.secrets["consumer_secret"],
            account.secrets["access_token_secret"],
        )
        if not sound or not self._fresh(oauth):
            raise unauthorized_error()
        return Principal(account, oauth["oauth_token"], frozenset(ALL_SCOPES))

    def _by_token(self, token: str) -> BrandAccount | None:
        if token in self._world.revoked:
            return None
        for account in self._world.accounts.values():
            if account.network == "x" and account.secrets.get("access_token") == token:
                return account
        return None

    def _fresh(self, oauth: dict[str, str]) -> bool:
        stamp, nonce = oauth.get("oauth_timestamp", ""), oauth.get("oauth_nonce", "")
        if not stamp.isdigit() or abs(int(stamp) - self._world.clock() / 1000) > signature.SKEW or not nonce:
            return False
        key = f"{oauth['oauth_token']} {stamp} {nonce}"
        if key in self._nonces:
            return False
        self._nonces[key] = None
        if len(self._nonces) > _NONCES_KEPT:
            self._nonces.popitem(last=False)
        return True

    def _bearer(self, token: str) -> Principal:
        grant = self._world.grants.get(token)
        if grant is None or grant.kind != "x_access" or grant.revoked or token in self._world.revoked:
            raise unauthorized_error()
        account = self._world.accounts.get(f"x:{grant.subject}")
        if account is None or grant.expires_at <= self._world.clock():
            raise unauthorized_error()
        return Principal(account, token, frozenset(grant.scope.split()))
