"""The measurements of the page of the horseshoe, with the words and addresses that its sections share."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from inbox.horseshoe.parts import PartKind
from inbox.visibility import list_departments
from reports.behind.selections import Selection
from reports.dashboards.part_times import Scale, choose_scale, round_together
from reports.measures.closure import Closure
from reports.measures.horseshoe import Horseshoe
from reports.periods import Period
from reports.rollups.readers.closure import count_unripe, measure_closure
from reports.rollups.readers.horseshoe import measure_horseshoe

#: A part as it is shown: its kind and department; the way back is one part, whoever answered.
ShownKey = tuple[PartKind, int]
KIND_LABELS = {
    PartKind.FRONT: "Front line",
    PartKind.UNACCEPTED: "Not yet accepted",
    PartKind.WORK: "Departments at work",
    PartKind.WAY_BACK: "Way back",
}
_NO_TIME = dt.timedelta()


@dataclass(frozen=True, slots=True)
class Shown:
    """A horseshoe with its times as they are shown: exact and rounded by part, the gap and the total."""

    shoe: Horseshoe
    exact: dict[ShownKey, dt.timedelta]
    rounded: dict[ShownKey, dt.timedelta]

    @property
    def total(self) -> dt.timedelta:
        return sum(self.rounded.values(), _NO_TIME)

    def of_kind(self, kind: PartKind) -> dt.timedelta:
        """Return the rounded sum of the parts of one kind."""
        return sum((time for (each, _), time in self.rounded.items() if each is kind), _NO_TIME)


@dataclass(frozen=True, slots=True)
class HorseshoeBoard:
    """The measurements of the page: both periods, their closure, and how times and names are shown."""

    selection: Selection
    now: Shown
    before: Shown | None
    closure: Closure
    closure_before: Closure | None
    #: Customers without closure whose answers may still come in time.
    unripe: int
    scale: Scale
    names: dict[int, str]

    @property
    def keys(self) -> list[ShownKey]:
        """The parts of both periods in the order of the drawing."""
        places = {pk: place for place, pk in enumerate(self.names)}
        keys = {*self.now.exact, *(self.before.exact if self.before else ())}
        order = list(PartKind)
        return sorted(keys, key=lambda key: (order.index(key[0]), places.get(key[1], -1)))

    def href(self, part: str, department_id: int = 0) -> str:
        """Return the address of the list behind a part."""
        at: dict[str, Any] = {"at": department_id} if department_id else {}
        return self.selection.list_href("way", part=part, **at)

    def name(self, key: ShownKey) -> str:
        """Return the name of a part in the drawing."""
        kind, department_id = key
        if kind is PartKind.WAY_BACK:
            return "Answer to closure"
        name = self.names.get(department_id, "")
        return f"to {name}" if kind is PartKind.UNACCEPTED else name

    def before_of(self, key: ShownKey) -> dt.timedelta | None:
        """Return the rounded time of a part in the period before; None without one."""
        return self.before.rounded.get(key, _NO_TIME) if self.before else None

    def change(self, now: dt.timedelta, before: dt.timedelta | None) -> str:
        """Return a change in words; "" without a period before."""
        return "" if before is None else self.scale.change(now, before)


def measure_board(selection: Selection) -> HorseshoeBoard:
    """Measure both periods: three statements each."""
    user, filters, compared = selection.user, selection.filters, selection.compared
    in_business_time, now = selection.in_business_time, selection.now

    def measure(period: Period) -> Horseshoe:
        return measure_horseshoe(user, period, filters, in_business_time=in_business_time, now=now)

    shoe, shoe_before = measure(selection.period), measure(compared) if compared else None
    totals = [shoe.total, *([shoe_before.total] if shoe_before else [])]
    scale = choose_scale(totals, has_days=not in_business_time)
    is_comparable = shoe_before is not None and bool(shoe_before.middle)
    return HorseshoeBoard(
        selection,
        _show(shoe, scale),
        _show(shoe_before, scale) if shoe_before is not None and is_comparable else None,
        measure_closure(user, selection.period, filters, now=now),
        measure_closure(user, compared, filters, now=now) if compared else None,
        count_unripe(user, selection.period, filters, now=now),
        scale,
        {department.pk: department.name for department in list_departments(user)},
    )


def _show(shoe: Horseshoe, scale: Scale) -> Shown:
    exact: dict[ShownKey, dt.timedelta] = {}
    for (kind, department_id), time in shoe.parts.items():
        key = (kind, 0 if kind is PartKind.WAY_BACK else department_id)
        exact[key] = exact.get(key, _NO_TIME) + time
    # Which of two equal parts gives way when they are rounded must not depend on the order of rows.
    kinds = list(KIND_LABELS)
    exact = {key: exact[key] for key in sorted(exact, key=lambda key: (kinds.index(key[0]), key[1]))}
    return Shown(shoe, exact, round_together(exact, scale.unit))
