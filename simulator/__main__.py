"""`python -m simulator`: the simulated networks in one process."""

from __future__ import annotations

import argparse
import socket
import sqlite3
import sys
from pathlib import Path

from simulator import stream
from simulator.app import build_app
from simulator.control import Control
from simulator.population.director import Pace
from simulator.running import BackgroundPosting
from simulator.server import listen, run_server
from simulator.store import Store
from simulator.world import World


def _at_least_zero(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1000:
        raise argparse.ArgumentTypeError("0 to 1000")
    return value


def parser() -> argparse.ArgumentParser:
    arguments = argparse.ArgumentParser(
        prog="python -m simulator", description="Simulated X and Facebook, on the wire."
    )
    add = arguments.add_argument
    add("--host", default="127.0.0.1")
    add("--port", type=int, default=8900, help="0 takes a free one")
    add("--state", type=Path, metavar="FILE.sqlite", help="keep everything in this file")
    add("--seed", type=int, default=7, help="the same seed gives the same customers and secrets")
    add(
        "--rate",
        type=_at_least_zero,
        default=0.5,
        metavar="POSTS",
        help="posts a second on average, 0 for silence",
    )
    add("--until", type=int, metavar="N", help="the population falls silent after N messages")
    add(
        "--reaction",
        type=_at_least_zero,
        default=20,
        metavar="SECONDS",
        help="how soon customers react to an answer",
    )
    add(
        "--patience",
        type=float,
        default=900,
        metavar="SECONDS",
        help="how long customers wait before they grow angry",
    )
    add("--stream", type=Path, metavar="FILE.csv", help="first post each row of the column `text` once")
    add("--stream-rate", type=_at_least_zero, default=40, metavar="ROWS", help="rows a second")
    add("--limits", choices=("on", "off"), default="on", help="refuse beyond the networks' rate limits")
    add("--quiet", action="store_true", help="print nothing but errors and the listening line")
    return arguments


def _serve(
    options: argparse.Namespace, rows: stream.Rows | None, store: Store, listener: socket.socket
) -> None:
    """Run everything until a signal ends it."""
    world = World(store, seed=options.seed)
    world.settings.limits = options.limits == "on"
    control = Control(world)
    running = BackgroundPosting(
        world, Pace(options.rate, options.reaction, options.patience, options.until), control
    )
    app = build_app(world, control)
    if rows is not None:
        running.set_stream(rows, options.stream_rate or 40)
    port = listener.getsockname()[1]

    def announce() -> None:
        print(f"Simulated networks on http://{options.host}:{port}", flush=True)
        if rows is not None and not options.quiet:
            print(
                f"{options.stream.name}: {len(rows.rows)} rows to post, {len(rows.skipped)} left out",
                flush=True,
            )
        for reason in rows.skipped if rows is not None else ():
            print(f"simulator: {options.stream.name}, {reason}", file=sys.stderr, flush=True)

    run_server(app, listener, [running.post_forever], announce)


def main(arguments: list[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    try:
        rows = stream.read_rows(options.stream) if options.stream else None
        store = Store(options.state)
        listener = listen(options.host, options.port)
    except stream.BadStreamFile as error:
        print(f"simulator: {error}", file=sys.stderr)
        return 2
    except sqlite3.Error as error:
        print(f"simulator: {options.state}: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"simulator: cannot listen on {options.host}:{options.port}: {error.strerror}", file=sys.stderr)
        return 1
    _serve(options, rows, store, listener)
    store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
