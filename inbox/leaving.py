"""What becomes of somebody's cases when they leave. Called by `accounts.people` in the transaction that lets them go."""

from __future__ import annotations

import datetime as dt

from accounts.models import User
from inbox.changes import changing
from inbox.models import Case, Verb


def release_cases(user: User, by: User, now: dt.datetime) -> None:
    """Give the open cases of `user` back to their departments' queues, with a line in each history."""
    held = Case.objects.open().filter(assignee=user).order_by("pk")
    for case_id in list(held.values_list("pk", flat=True)):
        with changing(case_id, now=now, by=by) as change:
            change.set(assignee=None)
            change.record(
                Verb.ASSIGNED, {"from": str(user), "to": "", "to_id": None, "reason": f"{user} left"}
            )
