"""The advisory locks of the product: one table, so that no two uses ever share a number.

A new lock is one member of `AdvisoryLock` with a number of its own; `enum.unique` refuses a number that is taken.
"""

from __future__ import annotations

import enum

from django.db import connection


@enum.unique
class AdvisoryLock(enum.IntEnum):
    """What may be locked, by the number that Postgres knows it by. The numbers are stored nowhere."""

    RULES = 0x726F7574
    PLAYBOOK = 0x706C6179
    SERVICE_LEVELS = 0x736C6173
    ASSIGNMENT = 7_205_101


def take_lock(lock: AdvisoryLock) -> None:
    """Wait for a lock and hold it until the transaction ends.

    Needs a transaction; one statement.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [int(lock)])


def try_lock(lock: AdvisoryLock) -> bool:
    """Take a lock until the transaction ends, unless somebody holds it.

    Returns whether it was free. One statement.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [int(lock)])
        return bool(cursor.fetchone()[0])
