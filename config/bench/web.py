"""Web processes to measure, and HTTP clients that measure them."""

from __future__ import annotations

import http.client
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from config.embedded.data_folder import CHECKOUT

#: Number of web processes, as in a deployment with several.
PROCESSES = 2


@contextmanager
def serve_web(
    environment: dict[str, str], application: str = "config.asgi:application", processes: int = PROCESSES
) -> Iterator[list[int]]:
    """Run uvicorn processes while the block runs; yields their ports.

    Each has its own free loopback port, as behind a proxy that distributes requests evenly: on a port that
    processes share, one of them often gets all of eight connections.
    """
    environment = {**environment, "DATABASE_POOL": "1", "DJANGO_SETTINGS_MODULE": "config.bench.settings"}
    with ExitStack() as running:
        yield [running.enter_context(_run_web_process(environment, application)) for _ in range(processes)]


@contextmanager
def _run_web_process(environment: dict[str, str], application: str) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable, "-m", "uvicorn", application, "--host", "127.0.0.1", "--port", str(port),
        "--loop", "uvloop", "--http", "config.serving.protocol:ClientProtocol", "--no-access-log", "--log-level", "warning",
        "--timeout-graceful-shutdown", "1",
    ]  # fmt: skip
    process = subprocess.Popen(command, env=environment, cwd=CHECKOUT)
    try:
        _wait_until_open(port, process)
        yield port
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_open(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if process.poll() is not None:
            raise SystemExit(f"The web process ended with status {process.returncode}.")
        try:
            with socket.create_connection(("127.0.0.1", port), 1):
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("The web process did not answer within 60 s.")


def time_requests(
    ports: Sequence[int], paths: Sequence[str], cookies: Sequence[str], requests: int
) -> list[float]:
    """Send `requests` requests in all; return the milliseconds of each.

    Each cookie has its own thread and connection; the connections use the ports in turn. Raises SystemExit
    for anything but a 200: a fast error page is not a fast page.
    """
    took: list[list[float]] = [[] for _ in cookies]
    wrong: list[str] = []

    def browse(number: int, cookie: str) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", ports[number % len(ports)], timeout=60)
        for turn in range(requests // len(cookies)):
            path = paths[(number + turn * len(cookies)) % len(paths)]
            started = time.perf_counter()
            connection.request("GET", path, headers={"Cookie": cookie})
            response = connection.getresponse()
            response.read()
            took[number].append((time.perf_counter() - started) * 1000)
            if response.status != 200:
                wrong.append(f"{path} answered {response.status}")
                return
        connection.close()

    threads = [threading.Thread(target=browse, args=pair) for pair in enumerate(cookies)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise SystemExit(wrong[0])
    return [value for milliseconds in took for value in milliseconds]


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that `share` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered)) - 1))]


def median(values: Sequence[float]) -> float:
    return statistics.median(values)
