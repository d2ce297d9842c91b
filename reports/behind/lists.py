"""Lists behind numbers: one row for each thing that the number counts, in pages, with the total.

A list is a statement that ends with a table `unit`, one row for each exchange, case, hand-over or clock: `case_id`, `n`
(which one within the case), `at` (the time by which it is counted), `span` (how long it took, or has waited so far) and
`state` (a key of `_STATE_WORDS`). Rows may be of cases that the reader may not open: they show no content and no link.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.urls import reverse

from accounts.models import User
from inbox.changes.refusals import Invalid
from inbox.models import Identity, Status
from inbox.visibility import CaseSnapshot, case_scope
from networks.registry import network_label
from reports.scopes import fetch_all
from reports.wording import format_duration

#: The orders of lists: a title for people, and the number by which rows are ordered, largest first.
NEWEST = ("newest first", "(extract(epoch FROM at) * 1000000)::bigint")
LONGEST = ("longest first", "coalesce((extract(epoch FROM span) * 1000000)::bigint, -1)")
SOONEST = ("soonest first", "-coalesce((extract(epoch FROM span) * 1000000)::bigint, -1)")

_FIRST_KEY = (2**62, 2**62, 2**62)
_STATE_WORDS = {
    "answered": "{}",
    "sent": "sent",
    "waiting": "{}, still waiting",
    "closed": "closed without an answer",
    "quiet": "needs no answer",
    "accepted": "{}",
    "unaccepted": "{}, never accepted",
    "met": "met",
    "missed": "missed",
    "overdue": "{} overdue, still open",
    "late": "missed by {}",
    "due": "due in {}",
    "spent": "{}",
    "given_up": "closed after {}",
    "thanked": "{}, then thanks",
    "fixed": "{}, then said to be fixed",
    "again": "{}, then wrote again",
    "escalated": "{}, then escalated",
    "silent": "{}, then silent",
    "unripe": "{}, silent so far",
    "reopened": "opened again",
    "stayed": "not opened again",
}
# What is listed is computed once: where Postgres expects a single row, it would compute it again for every row that it is joined with.
_RANKED = """,
ranked AS MATERIALIZED (SELECT unit.*, {rank} AS rank FROM unit)
SELECT r.rank, r.case_id, r.n, r.at, r.span, r.state, {total},
       c.department_id, c.brand_account_id, c.visibility, c.network, c.status, c.preview, i.handle, i.name, b.handle, d.name,
       coalesce(nullif(trim(u.first_name || ' ' || u.last_name), ''), u.username, '')
FROM ranked r
JOIN inbox_case c ON c.id = r.case_id
JOIN inbox_identity i ON i.id = c.identity_id
JOIN accounts_brandaccount b ON b.id = c.brand_account_id
JOIN accounts_department d ON d.id = c.department_id
LEFT JOIN accounts_user u ON u.id = c.assignee_id
"""
_ORDER = "ORDER BY r.rank DESC, r.case_id DESC, r.n DESC"
_PAGE = f"WHERE (r.rank, r.case_id, r.n) < (%s, %s, %s) {_ORDER} LIMIT %s"
_ALL = " SELECT count(*) FROM unit"
_CASES = " SELECT DISTINCT case_id FROM unit LIMIT %s"
_COUNT = "(SELECT count(*) FROM unit)"


class ListRow(NamedTuple):
    """One row as the database returns it; `total` is the number of all rows, 0 where nobody asked."""

    rank: int
    case_id: int
    n: int
    at: dt.datetime
    span: dt.timedelta | None
    state: str
    total: int
    department_id: int
    brand_account_id: int
    visibility: str
    network: str
    status: str
    preview: str
    handle: str
    name: str
    account: str
    department: str
    assignee: str

    @property
    def case(self) -> CaseSnapshot:
        """The case as `inbox.visibility` asks for it."""
        return CaseSnapshot(self.department_id, self.brand_account_id, self.visibility)

    @property
    def customer(self) -> str:
        return Identity(handle=self.handle, name=self.name).display_name

    @property
    def status_label(self) -> str:
        return str(Status(self.status).label)

    @property
    def outcome(self) -> str:
        """The span with what became of it: "2 h 05, still waiting"."""
        return _STATE_WORDS[self.state].format(format_duration(self.span))


@dataclass(frozen=True, slots=True)
class NumberList:
    """The content of one number: `units` is the statement with its parameters, `unit` what a row is, in the plural."""

    title: str
    unit: str
    units: tuple[str, list[Any]]
    order: tuple[str, str] = NEWEST
    at_label: str = "Opened"
    span_label: str = "First response"
    #: The people whose own work the list shows.
    person_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page of formatted rows, the number of all, and the next page's key ("" on the last)."""

    rows: list[dict[str, str]]
    total: int
    after: str


def fetch_page(behind: NumberList, user: User, after: str, size: int, *, zone: ZoneInfo) -> ListPage:
    """Return one page of a list.

    `after` is the key that came with the previous page; an invalid key returns the first page. One statement.
    """
    sql, parameters = behind.units
    statement = sql + _RANKED.format(rank=behind.order[1], total=_COUNT) + _PAGE
    rows = [ListRow(*row) for row in fetch_all(statement, [*parameters, *_parse_key(after), size + 1])]
    last = rows[size - 1] if len(rows) > size else None
    next_key = f"{last.rank}_{last.case_id}_{last.n}" if last else ""
    scope = case_scope(user)
    shown = [_format_row(row, zone, is_readable=scope.includes(row.case)) for row in rows[:size]]
    return ListPage(shown, rows[0].total if rows else 0, next_key)


def count_rows(behind: NumberList) -> int:
    """Return how many rows a list has. One statement."""
    sql, parameters = behind.units
    return int(fetch_all(sql + _ALL, parameters)[0][0])


def read_case_ids(behind: NumberList, most: int) -> list[int]:
    """Return the cases of a list, each once. Raises `Invalid` for more than `most`. One statement."""
    sql, parameters = behind.units
    rows = fetch_all(sql + _CASES, [*parameters, most + 1])
    if len(rows) > most:
        raise Invalid(f"The list has more than {most:,} cases. Choose a shorter period, or more filters.")
    return [row[0] for row in rows]


def every_row_sql(behind: NumberList) -> tuple[str, list[Any]]:
    """Return the statement of all rows of a list (`ListRow`), in order."""
    sql, parameters = behind.units
    return sql + _RANKED.format(rank=behind.order[1], total="0") + _ORDER, parameters


def _parse_key(text: str) -> tuple[int, int, int]:
    match = re.fullmatch(r"(-?[0-9]{1,17})_([0-9]{1,15})_([0-9]{1,15})", text)
    return (int(match[1]), int(match[2]), int(match[3])) if match else _FIRST_KEY


def _format_row(row: ListRow, zone: ZoneInfo, *, is_readable: bool) -> dict[str, str]:
    shown = {
        "at": f"{row.at.astimezone(zone):%-d %b %H:%M}",
        "at_iso": row.at.isoformat(timespec="seconds"),
        "span": row.outcome,
        "href": "",
    }
    if not is_readable:
        return shown
    return shown | {
        "href": reverse("inbox:case", args=[row.case_id]),
        "case": f"{row.case_id}",
        "customer": row.customer,
        "preview": row.preview,
        "department": row.department,
        "status": row.status_label,
        "account": f"@{row.account} · {network_label(row.network)}",
        "assignee": row.assignee,
    }
