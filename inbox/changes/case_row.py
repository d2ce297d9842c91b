"""The columns of a case that ingest and the clocks read and write: one list, the fields of `CaseRow`.

A new column is one line here, besides the field of `inbox.models.Case` (and its value in `compute_clock_values`, if it
is a clock). At import, `inbox.ingest.read_sql`, `write_sql` and `rows`, `inbox.changes.clocks`,
`inbox.escalation.recompute` and `inbox.assignment.take_next` build their statements and rows from this list.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Annotated, Any, get_type_hints


class Written(enum.Enum):
    """The times at which ingest writes a column. All columns are read."""

    #: By the database or by the statement itself: the id, and the version, which grows by one.
    BY_STATEMENT = enum.auto()
    #: When the case is opened; ingest never changes it again.
    WHEN_OPENED = enum.auto()
    #: When the case is opened and whenever a message changes it.
    ALWAYS = enum.auto()


@dataclass(frozen=True, slots=True)
class Column:
    """A column of `inbox_case`: the name of its type in Postgres, whether it is a clock, when ingest writes it."""

    sql_type: str
    written: Written = Written.ALWAYS
    is_clock: bool = False


_ID = Column("bigint", Written.BY_STATEMENT)
_FIXED_ID = Column("bigint", Written.WHEN_OPENED)
_FIXED_TEXT = Column("varchar", Written.WHEN_OPENED)
_TIME = Column("timestamptz")
_CLOCK_TIME = Column("timestamptz", is_clock=True)
_CLOCK_NUMBER = Column("int", is_clock=True)


@dataclass(slots=True)
class CaseRow:
    """A row of `inbox_case`. Field names are those of the columns and of `Case`'s attributes."""

    #: 0 for a case that is not stored yet.
    id: Annotated[int, _ID]
    customer_id: Annotated[int, _FIXED_ID]
    identity_id: Annotated[int, _FIXED_ID]
    visibility: Annotated[str, _FIXED_TEXT]
    thread_id: Annotated[str, _FIXED_TEXT]
    status: Annotated[str, Column("varchar")]
    department_id: Annotated[int, Column("bigint")]
    opened_at: Annotated[dt.datetime, _TIME]
    activity_at: Annotated[dt.datetime, _TIME]
    created_at: Annotated[dt.datetime, _TIME]
    priority: Annotated[int, Column("smallint")] = 0
    tags: Annotated[list[str], Column("jsonb")] = field(default_factory=list)
    preview: Annotated[str, Column("varchar")] = ""
    sentiment: Annotated[str, Column("varchar")] = ""
    language: Annotated[str, Column("varchar")] = ""
    urgency: Annotated[int, Column("smallint")] = 0
    has_media: Annotated[bool, Column("bool")] = False
    message_count: Annotated[int, Column("int")] = 0
    historical: Annotated[bool, Column("bool")] = False
    needs_answer: Annotated[bool, Column("bool")] = True
    last_inbound_at: Annotated[dt.datetime | None, _TIME] = None
    last_outbound_at: Annotated[dt.datetime | None, _TIME] = None
    waiting_since: Annotated[dt.datetime | None, _TIME] = None
    first_response_at: Annotated[dt.datetime | None, _TIME] = None
    closed_at: Annotated[dt.datetime | None, _TIME] = None
    close_reason: Annotated[str, Column("varchar")] = ""
    reopen_count: Annotated[int, Column("smallint")] = 0
    unsent: Annotated[str, Column("varchar")] = ""
    unsent_since: Annotated[dt.datetime | None, _TIME] = None
    snoozed_since: Annotated[dt.datetime | None, _TIME] = None
    woke: Annotated[str, Column("varchar")] = ""
    #: The stored version, 0 for a case that is not stored yet; writing increments it.
    version: Annotated[int, Column("int", Written.BY_STATEMENT)] = 0
    #: The clocks, kept by `inbox.changes.clocks`; the default is the value of a clock that does not run.
    exchange_from: Annotated[dt.datetime | None, _CLOCK_TIME] = None
    first_response_due_at: Annotated[dt.datetime | None, _CLOCK_TIME] = None
    next_response_due_at: Annotated[dt.datetime | None, _CLOCK_TIME] = None
    resolution_from: Annotated[dt.datetime | None, _CLOCK_TIME] = None
    resolution_used: Annotated[int, _CLOCK_NUMBER] = 0
    resolution_due_at: Annotated[dt.datetime | None, _CLOCK_TIME] = None
    next_due_at: Annotated[dt.datetime | None, _CLOCK_TIME] = None
    next_clock_at: Annotated[dt.datetime | None, _CLOCK_TIME] = None
    sla_version: Annotated[int | None, _CLOCK_NUMBER] = None


def _column_of(hint: Any) -> Column:
    column: Column = hint.__metadata__[0]
    return column


#: Every column by its name, in the order of the fields.
CASE_COLUMNS = {name: _column_of(hint) for name, hint in get_type_hints(CaseRow, include_extras=True).items()}
#: Names of the columns that ingest writes when a case is opened, and when a message changes one.
OPENED_COLUMNS = tuple(
    name for name, column in CASE_COLUMNS.items() if column.written is not Written.BY_STATEMENT
)
CHANGED_COLUMNS = tuple(name for name, column in CASE_COLUMNS.items() if column.written is Written.ALWAYS)
#: Names of the columns in which clocks are kept, and their values while no clock runs.
CLOCK_COLUMNS = tuple(name for name, column in CASE_COLUMNS.items() if column.is_clock)
STOPPED_CLOCKS: dict[str, Any] = {
    row_field.name: row_field.default for row_field in fields(CaseRow) if row_field.name in CLOCK_COLUMNS
}
#: Names of the columns that a cursor returns as JSON text.
JSON_COLUMNS = tuple(name for name, column in CASE_COLUMNS.items() if column.sql_type == "jsonb")


def column_list(names: Iterable[str], table: str = "") -> str:
    """Return names for a statement: "a, b", or "t.a, t.b" of the alias `table`."""
    prefix = f"{table}." if table else ""
    return ", ".join(f"{prefix}{name}" for name in names)


def assignment_list(names: Iterable[str], table: str) -> str:
    """Return what an UPDATE sets: "a = t.a, b = t.b" from the alias `table`."""
    return ", ".join(f"{name} = {table}.{name}" for name in names)


def record_definition(names: Iterable[str]) -> str:
    """Return "a bigint, b varchar": the columns that `json_to_recordset` takes from a document of rows."""
    return ", ".join(f"{name} {CASE_COLUMNS[name].sql_type}" for name in names)
