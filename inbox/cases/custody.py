"""The departments that hold a case: intervals that follow each other without a gap and sum to the case's lifetime."""

from __future__ import annotations

import datetime as dt

from accounts.models import Department
from inbox.changes.change import Change
from inbox.models import Case, Custody


def transfer_custody(
    change: Change, department: Department, reason: str, *, wrong_department: bool, routed: bool = False
) -> Custody:
    """End the current custody and begin `department`'s, which is returned.

    Both at the same moment; the case must be open and locked. `routed`: this is still part of routing, not a
    hand-over.
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
    """End the current custody of a case that is closed."""
    Custody.objects.filter(case=case, left_at__isnull=True).update(left_at=now)


def resume_custody(case: Case) -> None:
    """Resume the custody that ended when the case was closed."""
    last = Custody.objects.filter(case=case).order_by("-sent_at", "-id").values_list("pk", flat=True)[:1]
    Custody.objects.filter(pk__in=list(last)).update(left_at=None)
