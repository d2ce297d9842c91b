"""The panel of a case's page about its last hand-over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from accounts.access import viewer
from accounts.models import User
from inbox.models import Case, Custody

#: Most intervals in a trail; older ones are cut off.
LONGEST_TRAIL = 6


@dataclass(frozen=True, slots=True)
class HandOverPanel:
    """The panel about the last hand-over. `accept`, `bounce` and `wrong`: the person may do this.

    `arrived`: the department has not decided yet whether it keeps the case. `trail`: see `custody_trail`.
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
    case: Case, user: User, custodies: Sequence[Custody], *, may_hand_over: bool
) -> HandOverPanel | None:
    """Return the panel about a case's last hand-over.

    `custodies` are in order, the last one is the holder's; `may_hand_over`: the person may hand the case over.
    None for a closed case.
    """
    current = custodies[-1] if custodies else None
    if current is None or not case.is_open:
        return None
    is_member = case.department_id in viewer(user).department_ids
    origin = current.from_department
    arrived = current.accepted_at is None and origin is not None
    is_own = arrived and current.sent_by_id == user.pk
    return HandOverPanel(
        arrived=arrived and (is_member or may_hand_over),
        accept=arrived and is_member and viewer(user).may("claim"),
        # Who has just sent it takes it back, or hands it over again.
        bounce=may_hand_over and origin is not None and origin.is_open and not is_own,
        wrong=may_hand_over,
        sentence=_arrival_sentence(current, case) if origin else "",
        reason=current.reason,
        back_to=str(origin or ""),
        bounce_reason=f"Not for {case.department}",
        trail=custody_trail(case, custodies),
    )


def custody_trail(case: Case, custodies: Sequence[Custody]) -> str:
    """Return who had the case, as "Service → Billing → Service".

    "" unless it came back to a department that had had it.
    """
    if not case.returned_count:
        return ""
    names = [str(custody.department) for custody in custodies]
    shown = ["…", *names[-LONGEST_TRAIL:]] if len(names) > LONGEST_TRAIL else names
    return " → ".join(shown)


def _arrival_sentence(custody: Custody, case: Case) -> str:
    if custody.sent_by is None:
        return f"This came from {custody.from_department} to {case.department} automatically"
    return f"{custody.sent_by} moved this from {custody.from_department} to {case.department}"
