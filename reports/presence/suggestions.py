"""Suggest what a review could decide, by rules, with the figures behind it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from accounts.models import ReviewDecision
from wording.numbers import FEWEST, format_count, format_share

#: From so many exchanges on a rate says something; below this share answered, an account needs another focus.
_ENOUGH, _POOR = 10, 0.6
#: So few messages in the weeks that are counted, mostly unanswered, are better met elsewhere.
_FEW, _MOSTLY = 10, 0.5


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A decision with its reason; the larger `weight`, the more pressing."""

    decision: ReviewDecision
    reason: str
    weight: int = 0


@dataclass(frozen=True, slots=True)
class Evidence:
    """The figures that a suggestion is made from."""

    messages: int
    needing: int
    answered: int
    quiet_for: dt.timedelta | None
    has_owner: bool
    has_roster: bool
    charter: str
    may_answer: bool
    is_cut_off: bool


def suggest_decision(evidence: Evidence) -> Suggestion:
    """Suggest what to decide about an account.

    The first rule that fits decides.
    """
    rate = evidence.answered / evidence.needing if evidence.needing else None
    roster = "" if evidence.has_roster else ", nobody on the roster"
    if evidence.quiet_for is not None:
        reason = f"no message for {evidence.quiet_for.days} days{roster}"
        return Suggestion(ReviewDecision.SUNSET, reason, 50 + evidence.quiet_for.days // 30)
    if rate is not None and evidence.messages <= _FEW and rate < _MOSTLY:
        reason = f"{format_count(evidence.messages, 'message')} in 13 weeks, {evidence.answered} of {evidence.needing} answered"
        return Suggestion(ReviewDecision.SUNSET, reason, 40)
    troubles = [
        *(["no owner"] if not evidence.has_owner else []),
        *(["access refused"] if evidence.is_cut_off else []),
        *([f"charter {evidence.charter}"] if evidence.charter in ("missing", "expired") else []),
        *(["nobody on the roster"] if not evidence.has_roster else []),
    ]
    is_poor = rate is not None and evidence.needing >= _ENOUGH and rate < _POOR
    if is_poor or troubles:
        rated = _describe_rate(evidence) if rate is not None else ""
        reason = ", ".join(filter(None, [*troubles, rated if is_poor or not troubles else ""]))
        return Suggestion(
            ReviewDecision.REFOCUS, reason, 10 * len(troubles) + 5 * is_poor + evidence.messages // 100
        )
    reason = _describe_rate(evidence) if rate is not None else "nothing needed an answer"
    return Suggestion(ReviewDecision.KEEP, reason)


def _describe_rate(evidence: Evidence) -> str:
    words = f"{evidence.answered:,} of {evidence.needing:,} answered"
    if evidence.needing < FEWEST:
        return words
    return f"{format_share(evidence.answered, evidence.needing)} of {evidence.needing:,} answered"
