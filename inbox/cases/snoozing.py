"""Snooze a case and wake it: it leaves the lists until there is something to do again. Its clocks go on.

Snoozing neither accepts a case for its department nor begins work on it, so that no report changes by it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from accounts.models import User
from inbox.changes.change import Change, change_case_as
from inbox.changes.refusals import Invalid, clean_required_text, require_open
from inbox.changes.snoozes import AWAKE, wakes_for_target
from inbox.models import Case, SnoozeFor, Verb
from wording.times import coming_time

LONGEST_REASON = 200
#: How far ahead somebody can think.
LONGEST_SNOOZE = dt.timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Snooze:
    """Say what a case waits for, and until when at most; `until` is None for no such time.

    A third party needs a `reason` and a time to look again.
    """

    waits_for: SnoozeFor = SnoozeFor.TIME
    until: dt.datetime | None = None
    reason: str = ""


def snooze_case(
    case_id: int, by: User, wanted: Snooze, *, version: int | None = None, now: dt.datetime
) -> Case:
    """Take a case out of its lists until what is `wanted`. Snoozing it again in the same way changes nothing."""
    with change_case_as(case_id, by, "claim", now=now) as change:
        snooze(change, wanted, version)
    return change.case


def snooze(change: Change, wanted: Snooze, version: int | None = None) -> bool:
    """Snooze a locked case. Return False when it was snoozed in this way already.

    Raises `Invalid` for a closed case, a time that is past or too far ahead, and for what a third party lacks.
    """
    case, reason = change.case, _check(wanted, change.now)
    require_open(case)
    same = (case.snoozed_for, case.snoozed_until) == (wanted.waits_for, wanted.until)
    if case.snoozed_since is not None and same:
        return False
    change.require_version(version)
    change.set(
        snoozed_since=change.now,
        snoozed_until=wanted.until,
        snoozed_for=wanted.waits_for,
        snoozed_by=change.by,
        woke="",
    )
    until = wanted.until.isoformat() if wanted.until else ""
    change.record(Verb.SNOOZED, {"for": wanted.waits_for, "until": until, "reason": reason})
    change.is_undoable = True
    return True


def _check(wanted: Snooze, now: dt.datetime) -> str:
    """Return the reason, cleaned. Raises `Invalid`."""
    is_third_party = wanted.waits_for == SnoozeFor.THIRD_PARTY
    if wanted.until is None and (is_third_party or wanted.waits_for == SnoozeFor.TIME):
        raise Invalid("Choose when the case is to come back.")
    if wanted.until is not None and wanted.until <= now:
        raise Invalid("That time is past. Choose one that is still to come.")
    if wanted.until is not None and wanted.until > now + LONGEST_SNOOZE:
        raise Invalid("Choose a time within a year.")
    if is_third_party:
        return clean_required_text(wanted.reason, LONGEST_REASON, "Say whom or what the case waits for.")
    return ""


def unsnooze_case(case_id: int, by: User, *, version: int | None = None, now: dt.datetime) -> Case:
    """Put a snoozed case back into its lists. One that is not snoozed is left as it is."""
    with change_case_as(case_id, by, "claim", now=now) as change:
        if change.case.snoozed_since is not None:
            change.require_version(version)
            change.set(**AWAKE, snoozed_by=None)
            change.record(Verb.WOKEN)
            change.is_undoable = True
    return change.case


def describe_snooze(case: Case, now: dt.datetime) -> str:
    """Return what was done, for the person who snoozed: until when, and which target comes first."""
    until = case.snoozed_until
    back = f"Snoozed until {coming_time(until, now)}" if until else "Snoozed"
    if case.snoozed_for == SnoozeFor.CUSTOMER:
        words = f"{back} or until the customer writes." if until else "Snoozed until the customer writes."
    elif case.snoozed_for == SnoozeFor.COLLEAGUE:
        words = f"{back} or until a colleague acts." if until else "Snoozed until a colleague acts."
    else:
        words = f"{back}. It comes back at once if the customer writes."
    ahead = wakes_for_target(case, now)
    if ahead is None or (until is not None and until <= ahead[0]):
        return words
    return f"{words} Its target is {coming_time(ahead[1], now)}, so it is back {coming_time(ahead[0], now)} at the latest."
