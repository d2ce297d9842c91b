"""The rows of a list behind a number, all of them, read from a cursor in the database while they are written."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from zoneinfo import ZoneInfo

from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from accounts.models import User
from inbox.visibility import case_scope
from networks.registry import network_label
from reports.behind.lists import ListRow, NumberList, every_row_sql
from reports.exports.csv_files import Cell

#: Rows that are fetched at once.
_BATCH = 2000
#: Longer than a page may take: the rows are sorted before the first is read.
_STATEMENT_LIMIT = "5min"
#: Postgres plans a cursor for its first tenth of rows, and then joins row by row. All are read here.
_ALL_ROWS = "SELECT set_config('cursor_tuple_fraction', '1', %s)"
_COLUMNS = ("Case", "Customer", "Last message", "Network", "Account", "Department", "Assigned to", "State")


def export_columns(behind: NumberList) -> list[str]:
    """Return the header of a list's file."""
    return [*_COLUMNS, behind.at_label, f"{behind.span_label} (s)", "Outcome"]


def export_rows(behind: NumberList, user: User, zone: ZoneInfo) -> Iterator[list[Cell]]:
    """Yield each row of a list, in its order.

    What the reader may not open is a row without content, as on the page. One statement, in a transaction that
    ends with the last row.
    """
    with transaction.atomic():
        with connection.cursor() as settings:
            settings.execute("SELECT set_config('statement_timeout', %s, true)", [_STATEMENT_LIMIT])
            settings.execute(_ALL_ROWS, [True])
        yield from _read_rows(behind, user, zone, connection)


def export_rows_outside(behind: NumberList, user: User, zone: ZoneInfo) -> Generator[list[Cell], None, None]:
    """Yield the same rows without an open transaction.

    What the caller commits in between counts at once.
    """
    with _reading_connection() as reading:
        with reading.cursor() as settings:
            settings.execute(_ALL_ROWS, [False])
        try:
            yield from _read_rows(behind, user, zone, reading)
        finally:
            # The connection has other work after this.
            with reading.cursor() as settings:
                settings.execute("RESET cursor_tuple_fraction")


@contextmanager
def _reading_connection() -> Iterator[BaseDatabaseWrapper]:
    """Open what a cursor lives in while others' transactions come and go.

    The connection itself, where Django declares a cursor WITH HOLD outside a transaction. Behind a transaction pooler
    that cursor would be left on another connection, so a second one reads in one transaction.
    """
    if not connection.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS"):
        yield connection
        return
    own = connections.create_connection(DEFAULT_DB_ALIAS)
    try:
        own.set_autocommit(False)
        yield own
    finally:
        own.close()


def _read_rows(
    behind: NumberList, user: User, zone: ZoneInfo, reading: BaseDatabaseWrapper
) -> Iterator[list[Cell]]:
    scope = case_scope(user)
    sql, parameters = every_row_sql(behind)
    with reading.chunked_cursor() as cursor:
        cursor.execute(sql, parameters)
        while rows := cursor.fetchmany(_BATCH):
            for values in rows:
                row = ListRow(*values)
                yield _cells(row, zone, is_readable=scope.includes(row.case))


def _cells(row: ListRow, zone: ZoneInfo, *, is_readable: bool) -> list[Cell]:
    content: list[Cell] = [""] * len(_COLUMNS)
    if is_readable:
        content = [
            row.case_id,
            row.customer,
            row.preview,
            network_label(row.network),
            f"@{row.account}",
            row.department,
            row.assignee,
            row.status_label,
        ]
    return [*content, row.at.astimezone(zone), row.span, row.outcome]
