"""The ASGI application: both networks, their public pages, and the control room."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount

from simulator.control import Control
from simulator.demo import set_up
from simulator.graph.routes import graph_routes
from simulator.world import World
from simulator.x.routes import x_routes


def build(world: World, control: Control) -> Starlette:
    """Everything one process serves. Adds the demo's company to an empty world."""
    set_up(world)
    x, _ = x_routes(world)
    graph, _ = graph_routes(world)
    routes: list[BaseRoute] = [
        Mount("/_sim", routes=control.routes()),
        Mount("/x", routes=x),
        Mount("/graph", routes=graph),
    ]
    return Starlette(routes=routes)
