"""The paths of Graph under /graph, any version."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from simulator.graph import reads
from simulator.graph.auth import Usage, authenticate
from simulator.graph.errors import GraphProblem
from simulator.graph.signing_in import GraphSignIn
from simulator.graph.writes import Writer
from simulator.world import World

_VERSION = re.compile(r"v\d{1,2}\.\d")
LATEST = "v26.0"


async def parameters_of(request: Request) -> dict[str, str]:
    """Query, form and JSON body together, as Graph takes them."""
    parameters = dict(request.query_params)
    if request.method in ("POST", "DELETE"):
        if "json" in request.headers.get("content-type", ""):
            body = orjson.loads(await request.body() or b"{}")
            parameters |= {
                key: value if isinstance(value, str) else orjson.dumps(value).decode()
                for key, value in body.items()
            }
        else:
            async with request.form() as form:
                parameters |= {key: value for key, value in form.items() if isinstance(value, str)}
    return parameters


def answer(status: int, body: Any, version: str, headers: dict[str, str]) -> Response:
    head = {"facebook-api-version": version, "x-fb-rev": "1019283746", **headers}
    return Response(orjson.dumps(body), status, head, "application/json; charset=UTF-8")


def dispatch(world: World, request: Request, version: str, path: str, parameters: dict[str, str], usage: Usage) -> tuple[Any, dict[str, str]]:  # fmt: skip
    """Return the body and headers for one request. Raises `GraphProblem`."""
    caller = authenticate(world, parameters, request.headers.get("authorization", ""))
    headers = usage.spend(caller)
    parts = [part for part in path.split("/") if part]
    if len(parts) > 2:
        raise GraphProblem(400, f"Unknown path components: /{'/'.join(parts[2:])}", 2500)
    target = parts[0] if parts else ""
    edge = parts[1] if len(parts) == 2 else ""
    if request.method == "GET":
        if target == "debug_token":
            return reads.debug_token(world, caller, parameters), headers
        ask = reads.build_graph_request(world, version, caller)
        if not target:
            return reads.read_objects(ask, parameters), headers
        body = (
            reads.read_edge(ask, target, edge, parameters)
            if edge
            else reads.read_object(ask, target, parameters)
        )
        return body, headers
    writer = Writer(world, caller, parameters, request.headers.get("user-agent", ""))
    if edge == "likes":
        return writer.like(target, request.method == "POST"), headers
    if request.method == "DELETE":
        return writer.delete(target), headers
    return (writer.publish(target, edge) if edge else writer.change(target)), headers


def graph_routes(world: World) -> tuple[list[BaseRoute], Usage]:
    """Return the routes (relative to /graph) and the counter of usage."""
    usage = Usage(world)

    async def endpoint(request: Request) -> Response:
        version, _, path = request.path_params["path"].partition("/")
        if not _VERSION.fullmatch(version):
            version, path = LATEST, request.path_params["path"]
        try:
            body, headers = dispatch(world, request, version, path, await parameters_of(request), usage)
        except GraphProblem as problem:
            return answer(problem.status, problem.body, version, getattr(problem, "headers", {}))
        except (orjson.JSONDecodeError, AttributeError):
            return answer(400, GraphProblem(400, "(#100) Invalid JSON body", 100).body, version, {})
        return answer(200, body, version, headers)

    handler: Callable[[Request], Awaitable[Response]] = endpoint
    routes = [*GraphSignIn(world).routes(), Route("/{path:path}", handler, methods=["GET", "POST", "DELETE"])]
    return routes, usage
