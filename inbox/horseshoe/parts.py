"""The parts of a case's time from its arrival to its closure. Definitions: docs/metrics.md.

The first department's custody is the front line, a move of the learned router being part of it. Each later custody is
a wait until somebody accepted it, and work after that. The way back runs from the last department's answer, or from
closing the case if that was first, until the answer stands on the network. The parts follow each other without a gap.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class PartKind(StrEnum):
    """The kinds of parts, in the order of the drawing."""

    FRONT = "front"
    UNACCEPTED = "unaccepted"
    WORK = "work"
    WAY_BACK = "way_back"


@dataclass(frozen=True, slots=True)
class Held:
    """One custody of a case: the department, when it was sent and accepted, and whether the router moved it there."""

    department_id: int
    sent_at: dt.datetime
    accepted_at: dt.datetime | None
    routed: bool


@dataclass(frozen=True, slots=True)
class Ending:
    """The times at which the last department had done its part, and the customer had closure."""

    done_at: dt.datetime
    closure_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a case's time, [start, end); `department_id` is who had the case."""

    kind: PartKind
    department_id: int
    start: dt.datetime
    end: dt.datetime


def find_ending(
    last_sent_at: dt.datetime,
    closed_at: dt.datetime,
    queued_at: dt.datetime | None,
    answered_at: dt.datetime | None,
) -> Ending:
    """Return the ending of a closed case.

    `last_sent_at` is when its last department got it; the other times are of the case's last answer: when it was queued
    (of a native one: written), and when it stood on the network. An answer queued before the last hand-over is not the
    last department's: then closing the case was the closure.
    """
    if queued_at is None or answered_at is None or queued_at < last_sent_at:
        return Ending(closed_at, closed_at)
    done_at = min(closed_at, queued_at)
    return Ending(done_at, max(done_at, answered_at))


def split_parts(held: Sequence[Held], ending: Ending) -> list[Part]:
    """Split a case's time into its parts, in order.

    Parts without length are left out. `held` is in order and has at least one item. Each custody ends when the next one begins.
    """
    first = _front_index(held)
    parts = []
    for index in range(first, len(held)):
        custody = held[index]
        start = held[0].sent_at if index == first else custody.sent_at
        end = min(held[index + 1].sent_at if index + 1 < len(held) else ending.done_at, ending.done_at)
        if index == first:
            parts.append(Part(PartKind.FRONT, custody.department_id, start, end))
            continue
        accepted = min(max(custody.accepted_at or end, start), end)
        parts.append(Part(PartKind.UNACCEPTED, custody.department_id, start, accepted))
        parts.append(Part(PartKind.WORK, custody.department_id, accepted, end))
    parts.append(Part(PartKind.WAY_BACK, held[-1].department_id, ending.done_at, ending.closure_at))
    return [part for part in parts if part.start < part.end]


def gap_intervals(held: Sequence[Held], ending: Ending) -> list[tuple[dt.datetime, dt.datetime]]:
    """Return the gap of a closed case as separate intervals.

    From its arrival until it was first with the department that closed it, and every wait after that.
    """
    first, last = _front_index(held), held[-1].department_id
    reached = held[0].sent_at
    if held[first].department_id != last:
        reached = next(custody.sent_at for custody in held[first + 1 :] if custody.department_id == last)
    waits = [part for part in split_parts(held, ending) if part.kind is PartKind.UNACCEPTED]
    gap = [(held[0].sent_at, min(reached, ending.done_at))]
    gap += [(part.start, part.end) for part in waits if part.start >= reached]
    return [(start, end) for start, end in gap if start < end]


def _front_index(held: Sequence[Held]) -> int:
    """Return the place of the first custody that the router kept."""
    index = 0
    while index + 1 < len(held) and held[index + 1].routed:
        index += 1
    return index
