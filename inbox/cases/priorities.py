"""How urgent a case is, set by a person. Rules and the playbook set it elsewhere."""

from __future__ import annotations

import datetime as dt

from accounts.models import User
from inbox.changes.change import Change, change_case_as
from inbox.changes.refusals import require_open
from inbox.models import Case, Verb
from routing.models import Priority


def prioritise_case(
    case_id: int, by: User, priority: Priority, *, version: int | None = None, now: dt.datetime
) -> Case:
    """Set the priority of an open case. Its clocks run by the service level of the new one from now on."""
    with change_case_as(case_id, by, "claim", now=now) as change:
        prioritise(change, priority, version)
    return change.case


def prioritise(change: Change, priority: Priority, version: int | None = None) -> bool:
    """Set the priority of a locked case. Return False when it has that one already."""
    case = change.case
    if case.priority == priority:
        return False
    require_open(case)
    change.require_version(version)
    change.record(Verb.PRIORITISED, {"from": priority_words(case.priority), "to": priority.label})
    change.set(priority=priority.value)
    change.is_undoable = True
    return True


def priority_words(priority: int) -> str:
    """Return a priority in words."""
    return str(Priority(priority).label) if priority in Priority.values else str(priority)
