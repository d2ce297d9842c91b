"""When a change of a case ends its snooze, and why: whoever snoozed it could not know of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable

from inbox.models import Case, CaseEvent, SnoozeFor, Verb, WokeBy

#: The values of a case that is not snoozed.
AWAKE = {"snoozed_since": None, "snoozed_until": None, "snoozed_for": ""}
#: A snoozed case is back this long before a target that it would miss, or half the time that was left then, if less.
BEFORE_TARGET = dt.timedelta(minutes=15)
#: Events by which a colleague has acted.
_ACTS = (
    Verb.REPLY_QUEUED, Verb.REPLY_PLANNED, Verb.APPROVAL_ASKED, Verb.APPROVED, Verb.CHANGES_ASKED, Verb.APPROVAL_DECLINED,
    Verb.ANSWERED, Verb.NOTED, Verb.ACCEPTED,
)  # fmt: skip


def find_reason_to_wake(case: Case, fields: Collection[str], events: Iterable[CaseEvent]) -> WokeBy | None:
    """Return why a change wakes a snoozed case.

    None for a change that does not. `fields` are the changed ones, `events` the new ones.
    """
    is_given = "assignee" in fields and case.assignee_id not in (None, case.snoozed_by_id)
    if is_given or "department" in fields or "department_id" in fields:
        return WokeBy.MOVED
    if case.snoozed_for != SnoozeFor.COLLEAGUE:
        return None
    others = (event for event in events if event.actor_id not in (None, case.snoozed_by_id))
    return WokeBy.COLLEAGUE if any(event.verb in _ACTS for event in others) else None


def wakes_for_target(case: Case, since: dt.datetime) -> tuple[dt.datetime, dt.datetime] | None:
    """Return when a snoozed case wakes for a target, and that target.

    The account's promise is one where no policy applies. None without a target that was still ahead when it was snoozed (`since`).
    """
    first = case.first_response_due_at if case.first_response_at is None else None
    targets = (first, case.next_response_due_at, case.resolution_due_at, _promised_at(case))
    ahead = min((at for at in targets if at is not None and at > since), default=None)
    return (ahead - min(BEFORE_TARGET, (ahead - since) / 2), ahead) if ahead is not None else None


def _promised_at(case: Case) -> dt.datetime | None:
    """Return when the account promises an answer.

    None where a policy applies, and while nobody waits.
    """
    if case.next_due_at is not None or case.historical or case.waiting_since is None:
        return None
    return case.waiting_since + case.brand_account.promised_response
