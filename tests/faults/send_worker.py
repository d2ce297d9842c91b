"""A send worker that may be killed at any moment: `python -m tests.faults.send_worker`.

The process that was started only forks: it prints the pid of each worker, and forks the next when that one has died.
A worker does what beat's tick and the Celery workers of the queue `send` do, with four brand accounts at a time.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import django


def tick(pool: ThreadPoolExecutor, busy: dict) -> None:
    from django.utils import timezone

    from inbox.replies import account_turns, outbox

    now = timezone.now()
    outbox.expire_reply_leases(now)
    for brand_account_id in outbox.brand_accounts_with_due_replies(now):
        if brand_account_id not in busy or busy[brand_account_id].done():
            task = account_turns.work_off_brand_account
            busy[brand_account_id] = pool.submit(done_with_connection, task, brand_account_id)


def done_with_connection(task, brand_account_id: int) -> None:
    from django.db import connection

    try:
        task(brand_account_id)
    finally:
        connection.close()


def work() -> None:
    # Read here, so that each worker is a process of its own from its first statement on.
    from networks import transport

    # What hangs is cut after seconds instead of a minute, as the leases of the test are short, too.
    transport.TIMEOUT, transport.DEADLINE_SECONDS = (1.0, 1.5), 3.0
    pool, busy = ThreadPoolExecutor(4), {}
    while True:
        tick(pool, busy)
        time.sleep(0.1)


def main() -> None:
    django.setup()
    # Loaded before forking: a worker that dies is replaced at once.
    import inbox.replies.account_turns  # noqa: F401

    while os.getppid() != 1:
        pid = os.fork()
        if pid == 0:
            try:
                work()
            finally:
                os._exit(1)
        print(pid, flush=True)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)


if __name__ == "__main__":
    sys.exit(main())
