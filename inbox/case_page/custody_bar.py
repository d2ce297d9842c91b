"""The bar that shows which departments had a case, and how long it waited there."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from inbox.models import Case, Custody
from wording.numbers import format_share
from wording.spans import long_span

#: The length of the bar and of its shortest visible part, in the units of the drawing.
BAR_LENGTH, LEAST_PART_LENGTH = 1000, 12


@dataclass(frozen=True, slots=True)
class CustodyPart:
    """One part of the bar.

    `tone`: late (sent and not accepted) or iron (being worked on). `x` and `width` are in the units of `BAR_LENGTH`.
    """

    label: str
    length: str
    tone: str
    x: int
    width: int


@dataclass(frozen=True, slots=True)
class CustodyBar:
    """The bar: the total time, the share of it spent waiting ("" below a minute), and its parts in order."""

    total: str
    waiting: str
    parts: list[CustodyPart]


def custody_bar(custodies: list[Custody], case: Case, now: dt.datetime) -> CustodyBar | None:
    """Return the custodies of a case as parts of a bar.

    `custodies` are in order; each is split where it was accepted. None when there are none.
    """
    pieces: list[tuple[str, str, float]] = []
    for custody in custodies:
        until = custody.left_at or now
        accepted = min(custody.accepted_at or until, until)
        waited, worked = (accepted - custody.sent_at).total_seconds(), (until - accepted).total_seconds()
        if custody.accepted_at is None:
            was_passed_on = custody.left_at and case.is_open and custody is not custodies[-1]
            words = "wrong department" if was_passed_on else "not accepted yet"
            pieces.append((f"{custody.department}, {words}", "late", waited))
            continue
        if waited >= 60:
            pieces.append((f"{custody.department}, not accepted yet", "late", waited))
        pieces.append((str(custody.department), "iron", worked if waited >= 60 else worked + waited))
    if not pieces:
        return None
    total = sum(length for _, _, length in pieces)
    waiting = sum(length for _, tone, length in pieces if tone == "late")
    share = _waiting_words(waiting, total)
    return CustodyBar(long_span(dt.timedelta(seconds=total)), share, _lay_out_parts(pieces, total))


def _waiting_words(waiting: float, total: float) -> str:
    if total < 60:
        return ""
    return "all of it waiting" if waiting == total else f"{format_share(waiting, total)} of it waiting"


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
