"""Supervision of child processes: start them, restart those that die, stop them in reverse order.

A child that keeps dying is started again after longer and longer pauses, and the others go on: the pages of an inbox
that does not send for a while are worth more than none.

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

#: A child that ran for less than QUICK_SECONDS died quickly. The pause before each start is twice the one before.
QUICK_SECONDS = 20.0
FIRST_DELAY = 0.5
LONGEST_DELAY = 60.0
#: After so many quick deaths a child does not work, and a start of everything that needs it is given up.
QUICK_DEATHS_MAX = 5
WATCH_SECONDS = 0.25
ROTATE_SECONDS = 60.0


class StopRequested(BaseException):
    """A request to stop. Not an Exception, so that no `except Exception` swallows it."""


class GivenUpError(EmbeddedError):
    """A child that died quickly too many times while a start waited for it."""


@dataclass(frozen=True)
class Restarts:
    """A child that keeps dying: how often in a row, how it ended, and the seconds until its next start."""

    times: int
    how: str
    pause: float


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
    how: str = ""


@dataclass
class Supervisor:
    """Children in stages: a stage is stopped as a whole before the stage that started earlier.

    `note` is told which children keep dying, each time that changes.
    """

    say: Callable[[str], None]
    note: Callable[[dict[str, Restarts]], None] = lambda _: None
    _stages: list[list[_KeptChild]] = field(default_factory=list)
    _rotated: float = field(default_factory=time.monotonic)
    _noted: dict[str, Restarts] = field(default_factory=dict)

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

        `now` is in monotonic seconds. Logs that have grown too large are rotated once a minute.
        """
        for stage in self._stages:
            for kept_child in stage:
                if kept_child.again_at is not None:
                    if now >= kept_child.again_at:
                        self._launch_again(kept_child, now)
                elif kept_child.child.process is not None and kept_child.child.process.poll() is not None:
                    self._handle_death(kept_child, now)
                elif kept_child.quick_deaths and now - kept_child.started >= QUICK_SECONDS:
                    kept_child.quick_deaths = 0
        self._note_restarts()
        if now - self._rotated > ROTATE_SECONDS:
            self._rotated = now
            for stage in self._stages:
                for kept_child in stage:
                    with contextlib.suppress(OSError):
                        rotate_log(kept_child.child.log)

    def require(self, name: str) -> None:
        """Raise GivenUpError when the child of this name keeps dying.

        For a start that waits for it.
        """
        for stage in self._stages:
            for kept_child in stage:
                if kept_child.child.name == name and kept_child.quick_deaths >= QUICK_DEATHS_MAX:
                    raise GivenUpError(
                        f"{name} {kept_child.how}, for the {kept_child.quick_deaths}th time in a row. Everything is "
                        f"stopped; nothing stored is lost. The end of {kept_child.child.log}:\n{tail_log(kept_child.child.log)}"
                    )

    def watch_children(self) -> None:
        """Restart dead children until a signal raises StopRequested."""
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
        how = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
        self._plan_start(kept_child, how, now)
        if status > 0 and (last := tail_log(child.log, 1)):
            self.say(last)

    def _plan_start(self, kept_child: _KeptChild, how: str, now: float) -> None:
        quick = now - kept_child.started < QUICK_SECONDS
        kept_child.how, kept_child.quick_deaths = how, kept_child.quick_deaths + 1 if quick else 1
        delay = _pause_before_start(kept_child.quick_deaths)
        kept_child.again_at = now + delay
        name, log, times = kept_child.child.name, kept_child.child.log, kept_child.quick_deaths
        often = f" for the {times}th time in a row" if times >= QUICK_DEATHS_MAX else ""
        self.say(f"{name} {how}{often}; starting it again in {delay:g} s. Its log: {log}")
        if times == QUICK_DEATHS_MAX:
            self.say(f"{name} does not work. Everything else goes on; `manage.py readiness` says so, too.")

    def _launch_again(self, kept_child: _KeptChild, now: float) -> None:
        kept_child.again_at = None
        kept_child.started = now
        # Remaining processes of its session (a worker's pool) must not work beside the new ones.
        if kept_child.child.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(kept_child.child.process.pid, signal.SIGKILL)
        try:
            kept_child.child.launch()
        except (OSError, EmbeddedError) as error:
            # No process or memory left for it, or its port is taken: that may pass, and the others go on.
            self._plan_start(kept_child, f"could not be started ({error})", now)

    def _note_restarts(self) -> None:
        keep_dying = {
            kept_child.child.name: Restarts(
                kept_child.quick_deaths, kept_child.how, _pause_before_start(kept_child.quick_deaths)
            )
            for stage in self._stages
            for kept_child in stage
            if kept_child.quick_deaths > 1
        }
        if keep_dying != self._noted:
            self._noted = keep_dying
            with contextlib.suppress(OSError):
                self.note(keep_dying)


def _pause_before_start(quick_deaths: int) -> float:
    doublings = min(quick_deaths - 1, 20)
    return float(min(FIRST_DELAY * 2**doublings, LONGEST_DELAY))
