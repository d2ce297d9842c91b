"""Counting facts, from cells where these cover the period and from facts where not; one statement each."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence, Sized
from typing import Any, NamedTuple, TypeVar

from accounts.models import User
from reports.models import Cell, FactKind
from reports.rollups.choices import Choice, with_departments
from reports.rollups.covering import Cover
from reports.rollups.freshness import read_kept

#: The dimensions that a group does not have. Named, because the index of cells has them before the week.
_UNDIVIDED = {
    Cell.Group.EACH: "true",
    Cell.Group.ALL: "c.department_id = 0 AND c.brand_account_id = 0",
    Cell.Group.DEPARTMENT: "c.brand_account_id = 0",
    Cell.Group.BRAND_ACCOUNT: "c.department_id = 0",
}


_Rows = list[tuple[Any, ...]]
_Read = TypeVar("_Read", bound=Sized)


class Tally(NamedTuple):
    """A number of facts, with the columns by which they were counted."""

    step: int
    by: tuple[Any, ...]
    n: int


def count_facts(
    kind: FactKind, user: User, choice: Choice, cover: Cover, by: Sequence[str] = ("state",)
) -> list[Tally]:
    """Count facts by step and by columns (state, department_id, brand_account_id)."""
    group = Cell.Group.EACH if choice.has_cells else None
    return _sum(kind, user, choice, cover, by, group, _as_tallies)


def read_counts(
    kind: FactKind,
    user: User,
    choice: Choice,
    cover: Cover,
    by: Sequence[str],
    read: Callable[[_Rows], _Read],
) -> _Read:
    """Read rows (step, what `by` names, number) by `read_kept`."""
    return _sum(kind, user, choice, cover, by, Cell.Group.EACH if choice.has_cells else None, read)


def list_values(
    kind: FactKind, user: User, choice: Choice, cover: Cover, state: str
) -> list[tuple[int, int]]:
    """Return how long facts of a state took: (seconds as shown, number), shortest first, over all steps."""
    return _sum(kind, user, choice, cover, ("value",), choice.group, _as_values, state=state)


def read_values_by_account(
    kind: FactKind, user: User, choice: Choice, cover: Cover, read: Callable[[_Rows], _Read]
) -> _Read:
    """Read rows (step, state, value, brand account, number) by `read_kept`."""
    has_cells = choice.has_cells and choice.department_ids is None
    group = Cell.Group.BRAND_ACCOUNT if has_cells else None
    return _sum(kind, user, choice, cover, ("state", "value", "brand_account_id"), group, read)


def read_values(
    kind: FactKind, user: User, choice: Choice, cover: Cover, read: Callable[[_Rows], _Read]
) -> _Read:
    """Read rows (step, state, value, number) by `read_kept`."""
    return _sum(kind, user, choice, cover, ("state", "value"), choice.group, read)


def nearest_rank(values: Sequence[tuple[int, int]], share: float) -> dt.timedelta | None:
    """Return a percentile of `list_values`, as Postgres' percentile_disc; None without values."""
    rank = max(math.ceil(share * sum(number for _, number in values)), 1)
    for value, number in values:
        rank -= number
        if rank <= 0:
            return dt.timedelta(seconds=value)
    return None


def _sum(
    kind: FactKind, user: User, choice: Choice, cover: Cover, by: Sequence[str], group: Cell.Group | None,
    read: Callable[[_Rows], _Read], *, state: str = "",
) -> _Read:  # fmt: skip
    """Count by step and columns; with `state` only facts of that state, and all steps together, as step 0."""
    columns = ", ".join(by)
    of_step = "0" if state else "{}.step"
    of_state = " AND {}.state = %s" if state else ""
    states = [state] if state else []
    parts, parameters = [], list[Any]()
    rest = cover.rest
    if group is None:
        rest = [*rest, *cover.weeks]
    elif cover.weeks:
        condition, more = choice.as_sql("c")
        parts.append(f"""
SELECT {of_step.format("w")} AS step, {columns}, sum(c.n) AS n FROM unnest(%s::timestamptz[], %s::int[]) AS w(start, step)
JOIN reports_cell c ON c.week = w.start WHERE c.kind = {kind} AND c.grouped = {group} AND {condition}
  AND {_UNDIVIDED[group]} AND c.week >= %s AND c.week <= %s{of_state.format("c")} GROUP BY 1, {columns}
""")  # noqa: S608 (constants)
        starts, _, steps = zip(*cover.weeks, strict=True)
        # The planner does not look into the list of weeks; by the range it reads only these.
        parameters += [list(starts), list(steps), *more, min(starts), max(starts), *states]
    if rest:
        condition, more = with_departments(choice, user).as_sql("f")
        cases, more_of_cases = choice.cases_sql("f")
        parts.append(f"""
SELECT {of_step.format("r")} AS step, {columns}, count(*) AS n FROM unnest(%s::timestamptz[], %s::timestamptz[], %s::int[]) AS r(first, after, step)
JOIN reports_fact f ON f.at >= r.first AND f.at < r.after WHERE f.kind = {kind} AND {condition}{cases}{of_state.format("f")} GROUP BY 1, {columns}
""")  # noqa: S608 (constants)
        parameters += [*map(list, zip(*rest, strict=True)), *more, *more_of_cases, *states]
    return read_kept(user, choice, " UNION ALL ".join(parts), parameters, read) if parts else read([])


def _as_tallies(rows: _Rows) -> list[Tally]:
    return [Tally(step, tuple(keys), int(n)) for step, *keys, n in rows]


def _as_values(rows: _Rows) -> list[tuple[int, int]]:
    numbers: dict[int, int] = {}
    for _, value, n in rows:
        if value is not None:
            numbers[value] = numbers.get(value, 0) + int(n)
    return sorted(numbers.items())
