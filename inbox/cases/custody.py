"""The departments that hold a case: intervals that follow each other without a gap and sum to the case's lifetime."""

from __future__ import annotations

from accounts.models import Department
from inbox.changes.change import Change
from inbox.models import Custody


def transfer_custody(
    change: Change, department: Department, reason: str, *, wrong_department: bool, routed: bool = False
) -> Custody:
    """End the current custody and begin `department`'s, which is returned.

    Both at the same moment; the case must be open and locked. `routed`: this is still part of routing, not a
    hand-over.
    """
    change.end_custody()
    return change.begin_custody(department, reason, wrong_department=wrong_department, routed=routed)
