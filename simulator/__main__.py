"""`python -m simulator`: the simulated networks in one process."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from simulator.app import build
from simulator.control import Control
from simulator.server import Background, listen, run
from simulator.store import Store
from simulator.world import World


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(
        prog="python -m simulator", description="Simulated X and Facebook, on the wire."
    )
    found.add_argument("--host", default="127.0.0.1")
    found.add_argument("--port", type=int, default=8900, help="0 takes a free one")
    found.add_argument("--state", type=Path, metavar="FILE.sqlite", help="keep everything in this file")
    found.add_argument(
        "--seed", type=int, default=7, help="the same seed gives the same customers and secrets"
    )
    found.add_argument(
        "--rate", type=float, default=0.5, metavar="POSTS", help="posts a second on average, 0 for silence"
    )
    found.add_argument(
        "--limits", choices=("on", "off"), default="on", help="refuse beyond the networks' rate limits"
    )
    found.add_argument("--quiet", action="store_true", help="print nothing but errors and the listening line")
    return found


def main(arguments: list[str] | None = None) -> int:
    asked = parser().parse_args(arguments)
    try:
        listener = listen(asked.host, asked.port)
    except OSError as error:
        print(f"simulator: cannot listen on {asked.host}:{asked.port}: {error.strerror}", file=sys.stderr)
        return 1
    store = Store(asked.state)
    world = World(store, seed=asked.seed)
    world.settings.limits = asked.limits == "on"
    app = build(world, Control(world))
    background: list[Background] = []
    port = listener.getsockname()[1]
    run(
        app,
        listener,
        background,
        lambda: print(f"Simulated networks on http://{asked.host}:{port}", flush=True),
    )
    store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
