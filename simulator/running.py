"""The work that goes on by itself while the networks are served: the stream of a file first, then the population."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from simulator.control import Control, ControlRefused, Reply, read_json
from simulator.population.director import Director, Pace
from simulator.stream import Rows, Streamer
from simulator.world import World


class BackgroundPosting:
    def __init__(self, world: World, pace: Pace, control: Control) -> None:
        self.world = world
        self.director = Director(world, pace)
        self.streamer: Streamer | None = None
        control.on_health.append(self.health)
        control.add("POST", "/rate", self.set_rate)

    def set_stream(self, rows: Rows, rate: float) -> None:
        """Post a file's rows before the population goes on."""
        self.streamer = Streamer(self.world, rows, rate)

    def health(self) -> dict[str, Any]:
        report = self.director.health()
        if self.streamer is not None:
            report |= self.streamer.health()
        return report

    async def post_forever(self) -> None:
        if self.streamer is not None:
            await self.streamer.run()
        await self.director.post_forever()

    async def set_rate(self, request: Request) -> Reply:
        """`{"rate": 2, "reaction": 5, "patience": 60, "until": 100}`, any of them."""
        body = await read_json(request)
        pace = self.director.pace
        for name in ("rate", "reaction", "patience"):
            value = body.get(name, getattr(pace, name))
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1_000_000:
                raise ControlRefused(f"{name} must be a number from 0 on")
            setattr(pace, name, float(value))
        if "until" in body:
            until = body["until"]
            if until is not None and (isinstance(until, bool) or not isinstance(until, int)):
                raise ControlRefused("until must be a whole number or null")
            pace.until = until
        return 200, self.health()
