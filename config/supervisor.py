"""Keeps a set of child processes alive: starts them, starts again what dies, stops them in the reverse order.

It touches nothing that it did not start. The kernel ends every child when this process is killed (see
`config.embedded.process.spawn_process`).
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from config.embedded.process import EmbeddedError, rotate_log, spawn_process, stop_process, tail_log

#: A child that lived less than this many seconds died quickly, and after so many quick deaths it is given up.
QUICK_SECONDS = 20.0
QUICK_DEATHS_MAX = 5
FIRST_DELAY = 0.5
WATCH_SECONDS = 0.25
ROTATE_SECONDS = 60.0


class StopRequested(BaseException):
    """Somebody asked us to stop. Not an Exception: nothing on the way may swallow it."""


class GivenUpError(EmbeddedError):
    """A child died again and again."""


class Child(Protocol):
    """What can be kept alive; the embedded servers are such."""

    name: str
    log: Path
    process: subprocess.Popen[bytes] | None

    def launch(self) -> None:
        """Start it without waiting until it is of use."""

    def stop(self) -> None:
        """Stop it and wait for its end."""


@dataclass
class Program:
    """A child that is one command. `patience`: seconds between SIGTERM and SIGKILL."""

    name: str
    command: Sequence[str]
    log: Path
    env: dict[str, str]
    cwd: Path
    patience: float = 4.0
    process: subprocess.Popen[bytes] | None = None

    def launch(self) -> None:
        """Start it."""
        self.process = spawn_process(self.command, self.log, env=self.env, cwd=self.cwd)

    def request_stop(self) -> None:
        """Send SIGTERM and return at once."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def stop(self) -> None:
        """Wait for its end, then end whatever is left of its session."""
        if self.process is not None:
            self.request_stop()
            stop_process(self.process, (None, self.patience))
            self.process = None


@dataclass
class _KeptChild:
    child: Child
    started: float
    quick_deaths: int = 0
    again_at: float | None = None


@dataclass
class Supervisor:
    """Children in stages: a stage is stopped as a whole before the stage that started earlier."""

    say: Callable[[str], None]
    _stages: list[list[_KeptChild]] = field(default_factory=list)
    _rotated: float = field(default_factory=time.monotonic)

    def keep_alive(self, *children: Child) -> None:
        """Add a stage. Children that do not run yet are launched."""
        stage: list[_KeptChild] = []
        self._stages.append(stage)
        for child in children:
            if child.process is None:
                child.launch()
            stage.append(_KeptChild(child, time.monotonic()))

    def restart_dead_children(self, now: float) -> None:
        """Start again what has died and whose time has come (`now`: monotonic). Raises GivenUpError."""
        for stage in self._stages:
            for kept_child in stage:
                if kept_child.again_at is not None:
                    if now >= kept_child.again_at:
                        self._launch_again(kept_child, now)
                elif kept_child.child.process is not None and kept_child.child.process.poll() is not None:
                    self._handle_death(kept_child, now)
        if now - self._rotated > ROTATE_SECONDS:
            self._rotated = now
            for stage in self._stages:
                for kept_child in stage:
                    rotate_log(kept_child.child.log)

    def watch_children(self) -> None:
        """Look after the children until a signal raises Stopping. Or until one is given up."""
        while True:
            time.sleep(WATCH_SECONDS)
            self.restart_dead_children(time.monotonic())

    def stop(self) -> None:
        """Stop everything, the last stage first; within a stage all are asked first, then waited for."""
        while self._stages:
            stage = self._stages.pop()
            programs = [kept_child.child for kept_child in stage if isinstance(kept_child.child, Program)]
            for program in reversed(programs):
                program.request_stop()
            deadline = time.monotonic() + max((program.patience for program in programs), default=0)
            for kept_child in reversed(stage):
                if isinstance(kept_child.child, Program):
                    kept_child.child.patience = max(deadline - time.monotonic(), 0.05)
                kept_child.child.stop()

    def _handle_death(self, kept_child: _KeptChild, now: float) -> None:
        child = kept_child.child
        status = child.process.returncode if child.process is not None else 0
        quick = now - kept_child.started < QUICK_SECONDS
        kept_child.quick_deaths = kept_child.quick_deaths + 1 if quick else 1
        how = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
        if kept_child.quick_deaths >= QUICK_DEATHS_MAX:
            raise GivenUpError(
                f"{child.name} {how}, for the {kept_child.quick_deaths}th time in a row. Everything is stopped; "
                f"nothing stored is lost. The end of {child.log}:\n{tail_log(child.log)}"
            )
        delay = FIRST_DELAY * 2 ** (kept_child.quick_deaths - 1)
        kept_child.again_at = now + delay
        self.say(f"{child.name} {how}; starting it again in {delay:g} s. Its log: {child.log}")
        if status > 0 and (last := tail_log(child.log, 1)):
            self.say(last)

    def _launch_again(self, kept_child: _KeptChild, now: float) -> None:
        kept_child.again_at = None
        kept_child.started = now
        # What its session left behind (a worker's pool) must not work beside the new one.
        if kept_child.child.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(kept_child.child.process.pid, signal.SIGKILL)
        kept_child.child.launch()
