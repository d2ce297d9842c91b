"""What a case's page says about the hand-over that brought it here, and offers to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from accounts.access import viewer
from accounts.models import User
from inbox.models import Case, Custody

#: Intervals named in a trail before it is cut at its beginning.
LONGEST_TRAIL = 6


@dataclass(frozen=True, slots=True)
class HandOverPanel:
    """`accept`, `bounce` and `wrong` are what the person may do; `arrived` that the department has not said yet
    whether it keeps the case; `custody_trail` who had it one after the other, "" unless it came back to one of them.
    """

    arrived: bool
    accept: bool
    bounce: bool
    wrong: bool
    sentence: str
    reason: str
    back_to: str
    bounce_reason: str
    trail: str


def hand_over_panel(
    case: Case, user: User, custodies: Sequence[Custody], *, may_pass: bool
) -> HandOverPanel | None:
    """From the custodies of a case in order, the last one being the holder's; None for a closed case."""
    held = custodies[-1] if custodies else None
    if held is None or not case.is_open:
        return None
    theirs = case.department_id in viewer(user).department_ids
    origin = held.from_department
    arrived = held.accepted_at is None and origin is not None
    return HandOverPanel(
        arrived=arrived and (theirs or may_pass),
        accept=arrived and theirs and viewer(user).may("claim"),
        bounce=may_pass and origin is not None and origin.is_open,
        wrong=may_pass,
        sentence=_arrival_sentence(held, case) if origin else "",
        reason=held.reason,
        back_to=str(origin or ""),
        bounce_reason=f"Not for {case.department}",
        trail=custody_trail(case, custodies),
    )


def custody_trail(case: Case, custodies: Sequence[Custody]) -> str:
    """Who had the case, as "Service → Billing → Service"; "" when it never came back to anybody."""
    if not case.returned_count:
        return ""
    names = [str(one.department) for one in custodies]
    cut = ["…", *names[-LONGEST_TRAIL:]] if len(names) > LONGEST_TRAIL else names
    return " → ".join(cut)


def _arrival_sentence(held: Custody, case: Case) -> str:
    if held.sent_by is None:
        return f"This came from {held.from_department} to {case.department} without anybody’s doing"
    return f"{held.sent_by} of {held.from_department} sent this to {case.department}"
