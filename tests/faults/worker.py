"""A Celery worker as the product runs it, with a moment to be killed in between saving the cursor and the messages.

`--cursor-first` is the mistake that the kill test must catch: there the cursor is committed by itself, before the
messages. Otherwise everything is the product's own.
"""

from __future__ import annotations

import os
import sys
import threading
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import connection  # noqa: E402

from config.celery import app  # noqa: E402
from inbox import ingest_sql  # noqa: E402

#: Seconds; about as long as storing a page takes.
MOMENT = 0.05

_fence = ingest_sql.fence


def fence_then_wait(*arguments, **named):
    row = _fence(*arguments, **named)
    time.sleep(MOMENT)
    return row


def commit_cursor_then_wait(*arguments, **named):
    """On a connection of its own, so that it is committed whatever becomes of the messages."""
    found = []

    def save():
        found.append(_fence(*arguments, **named))
        connection.close()

    thread = threading.Thread(target=save)
    thread.start()
    thread.join()
    time.sleep(MOMENT)
    return found[0]


if __name__ == "__main__":
    cursor_first = "--cursor-first" in sys.argv
    ingest_sql.fence = commit_cursor_then_wait if cursor_first else fence_then_wait
    app.worker_main(
        ["worker", "-P", "solo", "-Q", "default,poll", "-n", f"w{os.getpid()}@%h", "-l", "WARNING"]
        + ["--without-gossip", "--without-mingle"]
    )
