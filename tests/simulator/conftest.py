"""The real server in a process of its own, reached through the real libraries."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import facebook
import pytest
import requests
import tweepy
from requests.adapters import HTTPAdapter

ROOT = Path(__file__).resolve().parents[2]


class Rewrite(HTTPAdapter):
    """Sends what a library addressed to its network to the simulator instead."""

    def __init__(self, base: str, timeout: float = 10) -> None:
        super().__init__()
        self.base = urlsplit(base)
        self.timeout = timeout

    def send(self, request, *args, **kwargs):
        asked = urlsplit(request.url)
        request.url = urlunsplit(
            (self.base.scheme, self.base.netloc, self.base.path + asked.path, asked.query, "")
        )
        kwargs["timeout"] = self.timeout
        return super().send(request, *args, **kwargs)


class Simulator:
    """A running simulator and short ways to speak with it."""

    def __init__(self, *options: str) -> None:
        command = [sys.executable, "-m", "simulator", "--port", "0", *options]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        line = self.process.stdout.readline()
        if "http://" not in line:
            raise RuntimeError(f"{line}{self.process.communicate()[1]}")
        self.url = "http://" + line.split("http://")[1].split()[0]

    def get(self, path: str, **query: Any) -> Any:
        answer = requests.get(self.url + path, params=query, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def post(self, path: str, body: Any) -> Any:
        answer = requests.post(self.url + path, json=body, timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    def account(self, network: str, handle: str = "kettleandfern") -> dict[str, Any]:
        found = self.get("/_sim/accounts.json")["accounts"]
        return next(one for one in found if one["network"] == network and one["handle"] == handle)

    def say(self, text: str, network: str = "x", author: str = "ada", **more: Any) -> dict[str, Any]:
        return self.post("/_sim/messages", {"network": network, "text": text, "author": author, **more})[
            "messages"
        ][0]

    def faults(self, **fault: Any) -> dict[str, Any]:
        return self.post("/_sim/faults", fault)

    def clear_faults(self) -> None:
        requests.delete(f"{self.url}/_sim/faults", timeout=10).raise_for_status()

    def x(self, handle: str = "kettleandfern", timeout: float = 10, **change: str) -> tweepy.Client:
        secrets = {**self.account("x", handle)["secrets"], **change}
        client = tweepy.Client(**secrets, return_type=dict, wait_on_rate_limit=False)
        client.session.mount("https://", Rewrite(self.url + "/x", timeout))
        return client

    def graph(self, handle: str = "kettleandfern", timeout: float = 10, token: str = "") -> facebook.GraphAPI:
        secrets = self.account("facebook", handle)["secrets"]
        token = token or secrets["page_token"]
        graph = facebook.GraphAPI(token)
        graph.version = "v25.0"
        proof = hmac.new(secrets["app_secret"].encode(), token.encode(), hashlib.sha256).hexdigest()
        graph.session.params = {"appsecret_proof": proof}
        graph.session.mount("https://", Rewrite(self.url + "/graph", timeout))
        return graph

    def stop(self) -> None:
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.communicate(timeout=5)
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()


class Nursery:
    """A process that has read the simulator's code and waits: each simulator is forked from it, and runs at once."""

    _CODE = """
import os, signal, sys, traceback
from simulator.__main__ import main
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for line in sys.stdin:
    if os.fork() == 0:
        try:
            print(os.getpid(), flush=True)
            main(line.split())
        except BaseException:
            traceback.print_exc()
        finally:
            print("ended", flush=True)
            os._exit(0)
"""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", self._CODE],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    def start(self, *options: str) -> tuple[int, str]:
        """Its process id, and the line that it says when it listens."""
        self.process.stdin.write(" ".join(["--port", "0", *options]) + "\n")
        return int(self.process.stdout.readline()), self.process.stdout.readline()

    def end(self) -> None:
        self.process.communicate()


class Nursling(Simulator):
    """One from the nursery."""

    def __init__(self, nursery: Nursery, *options: str) -> None:
        self.pid, line = nursery.start(*options)
        assert "http://" in line, line
        self.url = line.split()[-1]

    def stop(self) -> None:
        os.kill(self.pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    found = Nursery()
    yield found
    found.end()


@pytest.fixture
def sim(nursery: Nursery) -> Iterator[Simulator]:
    """A simulator of its own: nobody posts unless told to, limits never refuse."""
    found = Nursling(nursery, "--limits", "off", "--rate", "0")
    yield found
    found.stop()


@pytest.fixture
def simulator_of():
    """Starts simulators with other options."""
    running: list[Simulator] = []

    def start(*options: str) -> Simulator:
        running.append(Simulator(*options))
        return running[-1]

    yield start
    for one in running:
        one.stop()


def as_json(value: Any) -> str:
    return json.dumps(value)
