"""Find and repair orphaned cases: open cases that nobody can work on. Pages call them "in limbo".

A case is orphaned unless it is assigned to an active person who may see it, or waits in the queue of an open department
where an active person may see it. Orphaned cases are repaired, with a line in their history, and reported.

The check is one grouped statement over all open cases; `judge_place` interprets the rows, without the database.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from django.db import transaction
from django.db.models import Count

from accounts.access import ROLES
from accounts.models import BrandAccountGrant, Department, Membership, User
from inbox.assignment.automatic import set_assignee
from inbox.cases import hand_overs
from inbox.changes.change import Change
from inbox.models import Case, Sweep
from inbox.models.case import CaseQuerySet
from inbox.visibility import CaseSnapshot, OwnIdSets, ReaderIndex, Visibility, role_scope
from routing.models import RoutingDefault

logger = logging.getLogger(__name__)

#: Cases repaired in one transaction, and cases named in a report, at most.
_CHUNK, MOST_REPORTED = 200, 50
_KEEP_SWEEPS_FOR = dt.timedelta(days=7)

Verdict = Literal["fine", "return", "move"]


@dataclass(frozen=True, slots=True)
class CasePlace:
    """The department, brand account and assignee of an open case."""

    department_id: int
    brand_account_id: int
    assignee_id: int | None


@dataclass(frozen=True, slots=True)
class Staff:
    """The active people who work on cases, and the open departments in their order."""

    open_departments: tuple[int, ...]
    workers: ReaderIndex

    def who_may_see(self, department_id: int, brand_account_id: int) -> frozenset[int]:
        """Return the ids of people who may work on such a case.

        They may see it even if it is direct.
        """
        return self.workers.readers_of(CaseSnapshot(department_id, brand_account_id, Visibility.DIRECT))

    def can_keep(self, department_id: int, brand_account_id: int) -> bool:
        """Return whether a department is open and somebody there sees it."""
        return department_id in self.open_departments and bool(
            self.who_may_see(department_id, brand_account_id)
        )


def judge_place(place: CasePlace, staff: Staff) -> Verdict:
    """Return whether a case is fine, or how to repair it.

    "return": take it from its assignee; "move": send it to another department.
    """
    if place.assignee_id in staff.who_may_see(place.department_id, place.brand_account_id):
        return "fine"
    if not staff.can_keep(place.department_id, place.brand_account_id):
        return "move"
    return "fine" if place.assignee_id is None else "return"


def find_destination(place: CasePlace, staff: Staff, default_id: int | None) -> int | None:
    """Return the department to move to; None when there is none.

    The default department, else the first open one where somebody sees the case.
    """
    department_ids = (
        (default_id, *staff.open_departments) if default_id is not None else staff.open_departments
    )
    return next(
        (
            department_id
            for department_id in department_ids
            if staff.can_keep(department_id, place.brand_account_id)
        ),
        None,
    )


@dataclass(slots=True)
class SweepReport:
    """The result of a sweep.

    `cases` are the first `MOST_REPORTED` orphaned cases, as (id, sentence).
    """

    open_cases: int = 0
    found: int = 0
    returned: int = 0
    moved: int = 0
    cases: list[tuple[int, str]] = field(default_factory=list)

    @property
    def remaining(self) -> int:
        """The number of cases that are still orphaned."""
        return self.found - self.returned - self.moved


def read_staff() -> Staff:
    """Read the people who can work on cases, and the open departments.

    Four small statements.
    """
    workers = User.objects.filter(is_active=True, role__in=ROLES["claim"]).values_list("pk", "role")
    departments: dict[int, set[int]] = defaultdict(set)
    for user_id, department_id in Membership.objects.values_list("user_id", "department_id"):
        departments[user_id].add(department_id)
    brand_accounts: dict[int, set[int]] = defaultdict(set)
    for user_id, brand_account_id in BrandAccountGrant.objects.values_list("user_id", "brand_account_id"):
        brand_accounts[user_id].add(brand_account_id)
    index = ReaderIndex()
    for user_id, role in workers:
        own = OwnIdSets(frozenset(departments[user_id]), frozenset(brand_accounts[user_id]))
        index.add(user_id, role_scope(role, own))
    return Staff(tuple(Department.objects.filter(is_open=True).values_list("pk", flat=True)), index)


def sweep_open_cases(now: dt.datetime, *, repair: bool = True) -> SweepReport:
    """Check every open case, repair the orphaned ones, store the result.

    With `repair` False nothing is repaired.
    """
    staff, report = read_staff(), SweepReport()
    default_id = RoutingDefault.objects.values_list("department_id", flat=True).first()
    places = Case.objects.open().values_list("department_id", "brand_account_id", "assignee_id")
    for *place_ids, n in places.annotate(n=Count("pk")).order_by():
        report.open_cases += n
        place = CasePlace(*place_ids)
        verdict = judge_place(place, staff)
        if verdict != "fine":
            report.found += n
            if repair:
                _repair_place(place, verdict, find_destination(place, staff, default_id), report, now)
    _store_sweep(report, now)
    return report


def _store_sweep(report: SweepReport, now: dt.datetime) -> None:
    Sweep.objects.filter(at__lt=now - _KEEP_SWEEPS_FOR).delete()
    Sweep.objects.create(
        at=now,
        open_cases=report.open_cases,
        found=report.found,
        returned=report.returned,
        moved=report.moved,
        remaining=report.remaining,
    )
    if report.found:
        logger.warning("orphaned cases", extra={"found": report.found, "remaining": report.remaining})


def _repair_place(
    place: CasePlace, verdict: Verdict, department_id: int | None, report: SweepReport, now: dt.datetime
) -> None:
    if verdict == "move" and department_id is None:
        report.cases += [
            (pk, "No open department has anybody who could see it.")
            for pk in _case_ids_at(place)[:MOST_REPORTED]
        ]
        return
    target = Department.objects.get(pk=department_id) if verdict == "move" and department_id else None
    ids = _case_ids_at(place)
    for start in range(0, len(ids), _CHUNK):
        with transaction.atomic():
            for case in _lock_cases_at(place, ids[start : start + _CHUNK]):
                sentence = _repair_case(case, target, now)
                report.moved += target is not None
                report.returned += target is None
                if len(report.cases) < MOST_REPORTED:
                    report.cases.append((case.pk, sentence))


def _case_ids_at(place: CasePlace) -> list[int]:
    return list(_open_cases_at(place).order_by("pk").values_list("pk", flat=True))


def _open_cases_at(place: CasePlace) -> CaseQuerySet:
    return Case.objects.open().filter(
        department_id=place.department_id,
        brand_account_id=place.brand_account_id,
        assignee_id=place.assignee_id,
    )


def _lock_cases_at(place: CasePlace, ids: Iterable[int]) -> list[Case]:
    """Lock and return the cases that are still at this place.

    Skips cases that another transaction has locked: the next sweep sees them.
    """
    cases = _open_cases_at(place).filter(pk__in=ids).select_related("assignee", "department")
    return list(cases.select_for_update(skip_locked=True, no_key=True, of=("self",)).order_by("pk"))


def _repair_case(case: Case, target: Department | None, now: dt.datetime) -> str:
    """Take a case from its assignee, or send it to `target`.

    Returns a sentence that says what was done.
    """
    change = Change(case, None, now)
    if target is None:
        reason = f"{case.assignee} cannot work on it any more"
        set_assignee(change, None, reason)
    else:
        reason = f"Nobody in {case.department} could see it"
        if not case.department.is_open:
            reason = f"{case.department} is closed and nobody who could see it had it"
        hand_overs.send_to_department(change, target, reason)
    change.save()
    return f"{reason}: now in the queue of {target or case.department}."
