"""Supervision of child processes: start them, restart those that die, stop them in reverse order.

It touches no process that it did not start. The kernel ends every child when this process is killed (see
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

#: A child that ran for less than QUICK_SECONDS died quickly; after QUICK_DEATHS_MAX quick deaths it is given up.
QUICK_SECONDS = 20.0
QUICK_DEATHS_MAX = 5
FIRST_DELAY = 0.5
WATCH_SECONDS = 0.25
ROTATE_SECONDS = 60.0


class StopRequested(BaseException):
    """A request to stop. Not an Exception, so that no `except Exception` swallows it."""


class GivenUpError(EmbeddedError):
    """A child that died quickly too many times."""


class Child(Protocol):
    """A process that can be kept alive, such as an embedded server."""

    name: str
    log: Path
    process: subprocess.Popen[bytes] | None

    def launch(self) -> None:
        """Start it without waiting until it is ready."""

    def stop(self) -> None:
        """Stop it and wait for its end."""


@dataclass
class Program:
    """A child that runs one command. `patience` is the seconds between SIGTERM and SIGKILL."""

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
        """Stop it and kill what is left of its session.

        SIGTERM first; SIGKILL after `patience` seconds.
        """
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
        """Add a stage; launch its children that do not run yet."""
        stage: list[_KeptChild] = []
        self._stages.append(stage)
        for child in children:
            if child.process is None:
                child.launch()
            stage.append(_KeptChild(child, time.monotonic()))

    def restart_dead_children(self, now: float) -> None:
        """Restart dead children whose delay has passed.

        `now` is in monotonic seconds. Logs that have grown too large are rotated once a minute. Raises
        GivenUpError.
        """
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
        """Restart dead children until a signal raises StopRequested.

        Raises GivenUpError when a child keeps dying.
        """
        while True:
            time.sleep(WATCH_SECONDS)
            self.restart_dead_children(time.monotonic())

    def stop(self) -> None:
        """Stop everything, the last stage first.

        Within a stage all programs are sent SIGTERM before the first is waited for.
        """
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
        # Remaining processes of its session (a worker's pool) must not work beside the new ones.
        if kept_child.child.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(kept_child.child.process.pid, signal.SIGKILL)
        kept_child.child.launch()
