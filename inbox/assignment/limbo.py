"""No limbo: every open case is with somebody who is active and may see it, or in the queue of an open department in which
somebody is and does. What is not is put right, with its line in the history, and reported.

The look is one grouped statement over all open cases; what it means is decided by `verdict`, without the database.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from django.db import transaction
from django.db.models import Count

from accounts.access import ROLES
from accounts.models import BrandAccountGrant, Department, Membership, Role, User
from inbox.assignment.automatic import give
from inbox.cases import hand_overs as passing
from inbox.changes.change import Change
from inbox.models import Case, Sweep
from inbox.models.case import CaseQuerySet
from routing.models import RoutingDefault

logger = logging.getLogger(__name__)

#: Cases put right in one transaction, and named in a report.
_CHUNK, NAMED = 200, 50
_KEPT = dt.timedelta(days=7)

Verdict = Literal["fine", "return", "move"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an open case is: department, brand account, assignee."""

    department_id: int
    brand_account_id: int
    assignee_id: int | None


@dataclass(frozen=True, slots=True)
class Staff:
    """Who could work on what now. `members`: active agents and managers by department; `community`: active community
    managers by brand account; `open_departments` in their order."""

    open_departments: tuple[int, ...]
    members: Mapping[int, frozenset[int]]
    community: Mapping[int, frozenset[int]]

    def see(self, department_id: int, brand_account_id: int) -> frozenset[int]:
        """Ids of those who may see and work on such a case; mirrors `CaseQuerySet.visible_to`."""
        return self.members.get(department_id, frozenset()) | self.community.get(
            brand_account_id, frozenset()
        )

    def keeps(self, department_id: int, brand_account_id: int) -> bool:
        """Whether a case is safe in a department's queue."""
        return department_id in self.open_departments and bool(self.see(department_id, brand_account_id))


def verdict(place: Place, staff: Staff) -> Verdict:
    """Whether a case is fine where it is, has to be taken from its assignee, or has to leave its department."""
    if place.assignee_id in staff.see(place.department_id, place.brand_account_id):
        return "fine"
    if not staff.keeps(place.department_id, place.brand_account_id):
        return "move"
    return "fine" if place.assignee_id is None else "return"


def destination(place: Place, staff: Staff, default_id: int | None) -> int | None:
    """The department to which a case has to go: the default, else the first open one where somebody sees it; None when
    there is none."""
    wanted = (default_id, *staff.open_departments) if default_id is not None else staff.open_departments
    return next((one for one in wanted if staff.keeps(one, place.brand_account_id)), None)


@dataclass(slots=True)
class Report:
    """What a sweep found and did. `cases` are the first ones, as (id, sentence)."""

    open_cases: int = 0
    found: int = 0
    returned: int = 0
    moved: int = 0
    cases: list[tuple[int, str]] = field(default_factory=list)

    @property
    def remaining(self) -> int:
        """Still in limbo."""
        return self.found - self.returned - self.moved


def staff_now() -> Staff:
    """Who could work on what at this moment. Four small statements."""
    working = dict(User.objects.filter(is_active=True, role__in=ROLES["claim"]).values_list("pk", "role"))
    members: dict[int, set[int]] = {}
    for department_id, user_id in Membership.objects.values_list("department_id", "user_id"):
        if working.get(user_id, Role.COMMUNITY) != Role.COMMUNITY:
            members.setdefault(department_id, set()).add(user_id)
    community: dict[int, set[int]] = {}
    for brand_account_id, user_id in BrandAccountGrant.objects.values_list("brand_account_id", "user_id"):
        if working.get(user_id) == Role.COMMUNITY:
            community.setdefault(brand_account_id, set()).add(user_id)
    return Staff(
        tuple(Department.objects.filter(is_open=True).values_list("pk", flat=True)),
        {key: frozenset(ids) for key, ids in members.items()},
        {key: frozenset(ids) for key, ids in community.items()},
    )


def sweep(now: dt.datetime, *, repair: bool = True) -> Report:
    """Look at every open case, put right what is in limbo (unless only asked to look), and keep what was found."""
    staff, report = staff_now(), Report()
    default_id = RoutingDefault.objects.values_list("department_id", flat=True).first()
    rows = Case.objects.open().values_list("department_id", "brand_account_id", "assignee_id")
    for *place_ids, n in rows.annotate(n=Count("pk")).order_by():
        report.open_cases += n
        place = Place(*place_ids)
        decided = verdict(place, staff)
        if decided != "fine":
            report.found += n
            if repair:
                _put_right(place, decided, destination(place, staff, default_id), report, now)
    _keep(report, now)
    return report


def _keep(report: Report, now: dt.datetime) -> None:
    Sweep.objects.filter(at__lt=now - _KEPT).delete()
    Sweep.objects.create(
        at=now,
        open_cases=report.open_cases,
        found=report.found,
        returned=report.returned,
        moved=report.moved,
        remaining=report.remaining,
    )
    if report.found:
        logger.warning("cases in limbo", extra={"found": report.found, "remaining": report.remaining})


def _put_right(
    place: Place, decided: Verdict, department_id: int | None, report: Report, now: dt.datetime
) -> None:
    if decided == "move" and department_id is None:
        report.cases += [
            (pk, "No open department has anybody who could see it.") for pk in _ids(place)[:NAMED]
        ]
        return
    target = Department.objects.get(pk=department_id) if decided == "move" and department_id else None
    ids = _ids(place)
    for start in range(0, len(ids), _CHUNK):
        with transaction.atomic():
            for case in _locked(place, ids[start : start + _CHUNK]):
                said = _put_one_right(case, target, now)
                report.moved += target is not None
                report.returned += target is None
                if len(report.cases) < NAMED:
                    report.cases.append((case.pk, said))


def _ids(place: Place) -> list[int]:
    return list(_at(place).order_by("pk").values_list("pk", flat=True))


def _at(place: Place) -> CaseQuerySet:
    return Case.objects.open().filter(
        department_id=place.department_id,
        brand_account_id=place.brand_account_id,
        assignee_id=place.assignee_id,
    )


def _locked(place: Place, ids: Iterable[int]) -> list[Case]:
    """The cases that are still there; one that somebody holds at this moment is left to the next sweep."""
    rows = _at(place).filter(pk__in=ids).select_related("assignee", "department")
    return list(rows.select_for_update(skip_locked=True, no_key=True, of=("self",)).order_by("pk"))


def _put_one_right(case: Case, target: Department | None, now: dt.datetime) -> str:
    change = Change(case, None, now)
    if target is None:
        said = f"{case.assignee} cannot work on it any more"
        give(change, None, said)
    else:
        said = f"Nobody in {case.department} could see it"
        if not case.department.is_open:
            said = f"{case.department} is closed and nobody who could see it had it"
        passing.send(change, target, said)
    change.save()
    return f"{said}: now in the queue of {target or case.department}."
