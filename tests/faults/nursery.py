"""Workers that are born in moments: `python -m tests.faults.nursery` forks one for each line, and prints its pid.

A line names the queues of the worker. Everything is loaded before the first fork; nothing is connected.
When its input ends, all workers end, too.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import TextIO


class ForkedWorker:
    """A forked worker, with what the fleet asks of a process."""

    stdout = None

    def __init__(self, pid: int, queues: str) -> None:
        self.pid, self.queues = pid, queues

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def wait(self) -> None:
        """Wait until it has ended; the nursery buries it."""
        with contextlib.suppress(ProcessLookupError):
            while True:
                os.kill(self.pid, 0)
                time.sleep(0.005)


class Nursery:
    """The process that forks, seen from outside."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def bear(self, queues: str) -> ForkedWorker:
        self.process.stdin.write(f"{queues}\n")
        self.process.stdin.flush()
        return ForkedWorker(int(self.process.stdout.readline()), queues)

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()


def bear(run: Callable[..., None], queues: str) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        # The pids of other workers are read from the nursery's output.
        os.dup2(2, 1)
        run(queues=queues)
    finally:
        os._exit(1)


def main(lines: TextIO) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    # Only here: it sets Django up.
    from tests.faults import worker

    worker.app.loader.import_default_modules()
    pids = []
    for line in lines:
        pids.append(bear(worker.run, line.strip()))
        print(pids[-1], flush=True)
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main(sys.stdin)
