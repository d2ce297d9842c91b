"""A suggestion of the learned router, accepted or declined.

Either way the router learns from it.
"""

from __future__ import annotations

import datetime as dt

from accounts.models import User
from inbox.cases import hand_overs, lessons
from inbox.changes.change import Change, change_case_as
from inbox.changes.refusals import Conflict, require_open
from inbox.models import Case, RoutingSuggestion, SuggestionState, Verb
from wording.numbers import format_probability


def accept_suggestion(case_id: int, by: User, *, version: int | None = None, now: dt.datetime) -> Case:
    """Send the case where the router suggested, as misrouted.

    Raises `Case.DoesNotExist`, `NotAllowed`, `Conflict`.
    """
    with change_case_as(case_id, by, "hand_over", now=now) as change:
        hand_overs.require_own_or_unassigned(change)
        change.require_version(version)
        suggestion = _get_open_suggestion(change)
        words = ", ".join(f"“{word}”" for word in suggestion.words)
        reason = f"Suggested: {words}" if words else "Suggested from earlier corrections"
        hand_overs.send_to_department(
            change, suggestion.department, reason[: hand_overs.LONGEST_REASON], wrong_department=True
        )
        lessons.teach_router(change, suggestion.department, source="accepted")
        _settle_suggestion(suggestion, SuggestionState.ACCEPTED, by, now)
    return change.case


def decline_suggestion(case_id: int, by: User, *, version: int | None = None, now: dt.datetime) -> Case:
    """Keep the case where it is. Raises `Case.DoesNotExist`, `NotAllowed`, `Conflict`."""
    with change_case_as(case_id, by, "hand_over", now=now) as change:
        hand_overs.require_own_or_unassigned(change)
        change.require_version(version)
        suggestion = _get_open_suggestion(change)
        change.set(hint="")
        lessons.teach_router(change, change.case.department, source="declined")
        chance = format_probability(suggestion.probability)
        change.record(Verb.SUGGESTION_DECLINED, {"to": suggestion.department.name, "probability": chance})
        _settle_suggestion(suggestion, SuggestionState.DECLINED, by, now)
    return change.case


def _get_open_suggestion(change: Change) -> RoutingSuggestion:
    require_open(change.case)
    rows = RoutingSuggestion.objects.select_related("department")
    suggestion = rows.filter(case=change.case, state=SuggestionState.OPEN).first()
    if suggestion is None or not change.case.hint:
        raise Conflict(change.case, "Somebody has already dealt with this suggestion.")
    return suggestion


def _settle_suggestion(
    suggestion: RoutingSuggestion, state: SuggestionState, by: User, now: dt.datetime
) -> None:
    RoutingSuggestion.objects.filter(pk=suggestion.pk).update(state=state, settled_at=now, settled_by=by)
