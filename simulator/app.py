"""The ASGI application: both networks, their public pages, and the control room."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import BaseRoute, Mount
from starlette.types import ASGIApp

from simulator.control import Control, ControlRefused, Reply, read_json
from simulator.demo import set_up
from simulator.faults import Faults
from simulator.graph.routes import graph_routes
from simulator.public import Public
from simulator.weather import FaultMiddleware
from simulator.world import World
from simulator.x.routes import x_routes


def build_app(world: World, control: Control) -> ASGIApp:
    """Build everything that one process serves. Adds the demo's company to an empty world."""
    set_up(world)
    faults = Faults(world, world.seed)
    faults.register_routes(control)
    x, limits = x_routes(world)
    graph, usage = graph_routes(world)

    async def reset_limits(request: Request) -> Reply:
        limits.reset()
        usage.reset()
        return 200, {"limits": "reset"}

    async def pretend_usage(request: Request) -> Reply:
        """`{"account": …, "percent": 80}`: what Graph's usage headers say from now on."""
        body = await read_json(request)
        account = world.account("facebook", str(body.get("account", "")))
        if account is None or not isinstance(body.get("percent"), int):
            raise ControlRefused("account (a Page) and percent (a whole number) are needed")
        usage.pretended[account.remote_id] = body["percent"]
        return 200, {"account": account.remote_id, "percent": body["percent"]}

    control.add("POST", "/limits/reset", reset_limits)
    control.add("POST", "/usage", pretend_usage)
    routes: list[BaseRoute] = [
        Mount("/_sim", routes=control.routes()),
        *Public(world).routes(),
        Mount("/x", routes=x),
        Mount("/graph", routes=graph),
    ]
    return FaultMiddleware(Starlette(routes=routes), faults)
