"""The one way to change history that the database otherwise keeps as it was written.

For erasing a person's data, and for tests that need another past. The guards (`accounts_keep_history`) let it pass only
for the owner of the tables: a role with nothing but the right to read and write gets no further with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

#: Lets the owner's statements pass until the transaction ends.
OPEN_HISTORY_STATEMENT = "SET LOCAL horseshoe.history = 'open'"


@contextmanager
def open_history() -> Iterator[None]:
    """Let statements in this block change and delete history.

    In a transaction of its own, or in a savepoint of the running one.
    """
    with transaction.atomic():
        _run(OPEN_HISTORY_STATEMENT)
        yield
        _run("SET LOCAL horseshoe.history = 'closed'")


def _run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
