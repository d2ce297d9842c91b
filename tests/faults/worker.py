"""A Celery worker as the product runs it, with a moment to be killed in between saving the cursor and the messages.

`--cursor-first` is the mistake that the kill test must catch: there the cursor is committed by itself, before the
messages, and no poll reads again what lies before its cursor, which would find most of what was lost. Otherwise
everything is the product's own.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
import threading
import time
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import connection  # noqa: E402

from config.celery import app  # noqa: E402
from inbox.deletions import looking  # noqa: E402
from inbox.ingest import page, write_sql  # noqa: E402
from inbox.models import Message  # noqa: E402
from networks.facebook import cursor, parts, walk  # noqa: E402
from networks.x import window  # noqa: E402

#: Seconds between the cursor and the messages, or as long as somebody holds them. While they hold
#: it, a file named after the process says so.
MOMENT, HELD_MAX = 0.1, 20.0
MOMENTS = Path(os.environ["FAULTS_MOMENTS"])

_fence, _store_page = write_sql.save_cursor_and_lock, page.store_page
_has_messages = threading.local()


def store_page(stream, token, result, now):
    _has_messages.yes = bool(result.messages)
    return _store_page(stream, token, result, now)


def store_page_that_may_be_lost(stream, token, result, now):
    """Only X's public posts, and new ones: Facebook's sweeps and X's direct messages come again in any case."""
    ids = {message.canonical_id for message in result.messages}
    known = Message.objects.filter(brand_account=stream.brand_account_id, canonical_id__in=ids).count()
    may_be_lost = stream.brand_account.network == "x" and stream.kind != "direct"
    _has_messages.yes = may_be_lost and known < len(ids)
    return _store_page(stream, token, result, now)


def wait() -> None:
    if _has_messages.yes:
        time.sleep(MOMENT)
        until, sign = time.monotonic() + HELD_MAX, MOMENTS / str(os.getpid())
        while (MOMENTS / "hold").exists() and time.monotonic() < until:
            # Not before: who has not seen that it is to wait may have gone on when it is killed.
            sign.touch()
            time.sleep(0.01)
        sign.unlink(missing_ok=True)


def fence_then_wait(*arguments, **named):
    row = _fence(*arguments, **named)
    wait()
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
    # Without a row the lease was lost, and nothing was committed.
    if found[0] is not None:
        wait()
    return found[0]


def read_nothing_again() -> None:
    window.OVERLAP, window.LOOKS = dt.timedelta(0), ()
    walk.OVERLAP = walk.BRIEF_OVERLAP = 0


def hasten(seconds: float) -> None:
    """Do often what the product does every few minutes or hours: sweeps, looks for deletions, lists refused before."""
    cursor.SWEEP_SECONDS = parts._ADS_REST = int(seconds)
    looking.LOOK_AFTER = looking._REST = dt.timedelta(seconds=seconds)


def run(*flags: str, queues: str = "ticks,default,poll") -> None:
    cursor_first = "--cursor-first" in flags
    if cursor_first:
        read_nothing_again()
    if often := os.environ.get("FAULTS_OFTEN_SECONDS"):
        hasten(float(often))
    page.store_page = store_page_that_may_be_lost if cursor_first else store_page
    write_sql.save_cursor_and_lock = commit_cursor_then_wait if cursor_first else fence_then_wait
    app.worker_main(
        ["worker", "-P", "solo", "-Q", queues, "-n", f"w{os.getpid()}@%h", "-l", "WARNING"]
        + ["--without-gossip", "--without-mingle"]
    )


if __name__ == "__main__":
    run(*sys.argv[1:])
