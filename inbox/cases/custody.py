"""Which department has a case: intervals that follow each other without a gap and sum to the case's lifetime."""

from __future__ import annotations

import datetime as dt

from accounts.models import Department
from inbox.changes.change import Change
from inbox.models import Case, Custody


def transfer_custody(
    change: Change, department: Department, reason: str, *, wrong_department: bool, routed: bool = False
) -> Custody:
    """End the holder's interval and begin `department`'s (returned), at the same moment. The case must be open and
    locked. `routed`: this is still part of routing, and nobody hands anything over.
    """
    case = change.case
    end_custody(case, change.now)
    return Custody.objects.create(
        case=case,
        department=department,
        from_department_id=case.department_id,
        sent_at=change.now,
        reason=reason,
        wrong_department=wrong_department,
        routed=routed,
        sent_by=change.by,
    )


def end_custody(case: Case, now: dt.datetime) -> None:
    """Nobody has a closed case."""
    Custody.objects.filter(case=case, left_at__isnull=True).update(left_at=now)


def resume_custody(case: Case) -> None:
    """Go on with the interval that ended when the case was closed. For a reopened case."""
    last = Custody.objects.filter(case=case).order_by("-sent_at", "-id").values_list("pk", flat=True)[:1]
    Custody.objects.filter(pk__in=list(last)).update(left_at=None)
