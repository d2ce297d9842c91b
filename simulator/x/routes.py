"""The paths of X API v2, each with its rate limit, under /x."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from simulator.world import World
from simulator.x import direct, reads, writes
from simulator.x.auth import Authenticator, Principal
from simulator.x.errors import Problem
from simulator.x.limits import Limits
from simulator.x.signing_in import XSignIn

Handler = Callable[[World, Principal, Request], dict[str, Any] | Awaitable[dict[str, Any]]]
_TABLE: tuple[tuple[str, str, str, Handler, int], ...] = (
    ("GET", "/2/users/me", "me", reads.me, 200),
    ("GET", "/2/users/by", "users", reads.users, 200),
    ("GET", "/2/users/by/username/{username}", "users", reads.users, 200),
    ("GET", "/2/users", "users", reads.users, 200),
    ("GET", "/2/users/{user_id}", "users", reads.users, 200),
    ("GET", "/2/users/{user_id}/mentions", "mentions", reads.mentions, 200),
    ("GET", "/2/users/{user_id}/tweets", "tweets", reads.tweets_of, 200),
    ("POST", "/2/users/{user_id}/likes", "like", writes.like, 200),
    ("DELETE", "/2/users/{user_id}/likes/{tweet_id}", "unlike", writes.unlike, 200),
    ("GET", "/2/tweets/search/recent", "search", reads.search_recent, 200),
    ("GET", "/2/tweets", "lookup", reads.lookup, 200),
    ("POST", "/2/tweets", "create", writes.create, 201),
    ("GET", "/2/tweets/{tweet_id}", "lookup", reads.single, 200),
    ("DELETE", "/2/tweets/{tweet_id}", "delete", writes.delete, 200),
    ("PUT", "/2/tweets/{tweet_id}/hidden", "hide", writes.hide, 200),
    ("GET", "/2/dm_events", "dm_read", direct.events, 200),
    ("GET", "/2/dm_events/{event_id}", "dm_read", direct.single, 200),
    ("DELETE", "/2/dm_events/{event_id}", "dm_write", direct.delete, 200),
    ("GET", "/2/dm_conversations/with/{participant_id}/dm_events", "dm_read", direct.events, 200),
    ("GET", "/2/dm_conversations/{conversation_id}/dm_events", "dm_read", direct.events, 200),
    ("POST", "/2/dm_conversations/with/{participant_id}/messages", "dm_write", direct.create, 201),
    ("POST", "/2/dm_conversations/{conversation_id}/messages", "dm_write", direct.create, 201),
)


def answer(status: int, body: Any, headers: dict[str, str]) -> Response:
    return Response(orjson.dumps(body), status, {"api-version": "2.162", "x-access-level": "read-write-directmessages", **headers}, "application/json; charset=utf-8")  # fmt: skip


def _endpoint(
    world: World, authenticate: Authenticator, limits: Limits, bucket: str, handler: Handler, status: int
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        headers: dict[str, str] = {}
        try:
            who = await authenticate(request)
            headers = limits.spend(who.account.remote_id, bucket)
            outcome = handler(world, who, request)
            body = await outcome if inspect.isawaitable(outcome) else outcome
        except Problem as problem:
            return answer(problem.status, problem.body, {**headers, **problem.headers})
        return answer(status, body, headers)

    return endpoint


def x_routes(world: World) -> tuple[list[BaseRoute], Limits]:
    """Return the routes (relative to /x) and the counter of their limits."""
    authenticate, limits = Authenticator(world), Limits(world)
    routes: list[BaseRoute] = [
        Route(path, _endpoint(world, authenticate, limits, bucket, handler, status), methods=[method])
        for method, path, bucket, handler, status in _TABLE
    ]
    return [*XSignIn(world).routes(), *routes], limits
