"""Who has had a case, and how much of that was waiting: the bar of its page."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from inbox.models import Case, Custody
from wording.numbers import format_share
from wording.spans import long_span

#: The bar's length in the units of its drawing, and the least that is still seen.
BAR_LENGTH, LEAST_PART_LENGTH = 1000, 12


@dataclass(frozen=True, slots=True)
class CustodyPart:
    """One piece of the bar. `tone`: late (sent and not accepted), iron (in work). `x` and `width` are of `BAR_LENGTH`."""

    label: str
    length: str
    tone: str
    x: int
    width: int


@dataclass(frozen=True, slots=True)
class CustodyBar:
    total: str
    waiting: str
    parts: list[CustodyPart]


def custody_bar(custodies: list[Custody], case: Case, now: dt.datetime) -> CustodyBar | None:
    """The intervals of a case in order, each split where it was accepted; None when there are none."""
    pieces: list[tuple[str, str, float]] = []
    for one in custodies:
        until = one.left_at or now
        accepted = min(one.accepted_at or until, until)
        waited, worked = (accepted - one.sent_at).total_seconds(), (until - accepted).total_seconds()
        if one.accepted_at is None:
            words = (
                "not theirs" if one.left_at and case.is_open and one is not custodies[-1] else "not accepted"
            )
            pieces.append((f"{one.department}, {words}", "late", waited))
            continue
        if waited >= 60:
            pieces.append((f"To {one.department}, not accepted", "late", waited))
        pieces.append((str(one.department), "iron", worked if waited >= 60 else worked + waited))
    if not pieces:
        return None
    total = sum(length for _, _, length in pieces)
    waiting = sum(length for _, tone, length in pieces if tone == "late")
    share = f"{format_share(waiting, total)} of it waiting" if total >= 60 else ""
    return CustodyBar(long_span(dt.timedelta(seconds=total)), share, _lay_out_parts(pieces, total))


def _lay_out_parts(pieces: list[tuple[str, str, float]], total: float) -> list[CustodyPart]:
    free = BAR_LENGTH - LEAST_PART_LENGTH * len(pieces)
    parts, x = [], 0
    for label, tone, length in pieces:
        width = (
            LEAST_PART_LENGTH + round(free * length / total)
            if total and free > 0
            else BAR_LENGTH // len(pieces)
        )
        parts.append(CustodyPart(label, long_span(dt.timedelta(seconds=length)), tone, x, max(width - 4, 1)))
        x += width
    return parts
