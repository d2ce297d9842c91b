"""The advisory locks of the product in one table, so that no two uses share a number.

A new lock is a new member of `AdvisoryLock` with its own number; `enum.unique` rejects a number that is
already used.
"""

from __future__ import annotations

import enum

from django.db import connection


@enum.unique
class AdvisoryLock(enum.IntEnum):
    """The locks and the numbers that Postgres knows them by. The numbers are not stored anywhere."""

    RULES = 0x726F7574
    PLAYBOOK = 0x706C6179
    SERVICE_LEVELS = 0x736C6173
    ASSIGNMENT = 7_205_101
    TROUBLES = 0x74726F75
    FIRST_ADMINISTRATOR = 0x66697273
    RETENTION = 0x72657465
    ROLLUPS = 0x726F6C6C
    TOPICS = 0x746F7069


def take_lock(lock: AdvisoryLock) -> None:
    """Wait for a lock and hold it until the transaction ends.

    Requires a transaction. One statement.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [int(lock)])


def try_lock(lock: AdvisoryLock) -> bool:
    """Take a lock until the transaction ends, unless another session holds it.

    Returns whether the lock was taken. One statement.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [int(lock)])
        return bool(cursor.fetchone()[0])
