"""The small horseshoe of a case that changed department: where its time went, from its custody."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db.models import OuterRef, Subquery
from django.db.models.functions import Greatest

from inbox.horseshoe.parts import Ending, Held, Part, PartKind, find_ending, split_parts
from inbox.horseshoe.ring import Ring, arcs_of, opening_line
from inbox.models import Case, Custody, Reply
from wording.numbers import format_share
from wording.spans import long_span

#: The size of the drawing, and how much of the ring is open: until the case is closed, the way back is still to come.
WIDTH, HEIGHT = 132, 142
_OPEN, _CLOSED = 0.16, 0.03
_RING = Ring(WIDTH / 2, 74, 48, 55, 10, 15, _CLOSED)
_WORDS = {
    PartKind.FRONT: "{}, front line",
    PartKind.UNACCEPTED: "{}, not accepted",
    PartKind.WORK: "{}",
    PartKind.WAY_BACK: "Answer on its way",
}


@dataclass(frozen=True, slots=True)
class SmallPart:
    """One arc with its words: `kind` is a class of the style sheet, `length` the time in words."""

    kind: str
    label: str
    length: str
    outline: str


@dataclass(frozen=True, slots=True)
class SmallHorseshoe:
    """The drawing: the time in words, the share of it that nobody had accepted, and the parts in order.

    `bridge` is the line across the opening of an open case, "" for a closed one.
    """

    total: str
    waiting: str
    parts: tuple[SmallPart, ...]
    bridge: str
    description: str


def answer_queued_annotation() -> Subquery:
    """Return when a case's last answer was queued; null for one in the network's own app.

    One that was planned counts from its time.
    """
    last = Reply.objects.filter(case=OuterRef("pk"), sent_at=OuterRef("last_outbound_at"))
    last = last.annotate(queued=Greatest("created_at", "planned_at"))
    return Subquery(last.order_by("-created_at").values("queued")[:1])


def small_horseshoe(case: Case, custodies: Sequence[Custody], now: dt.datetime) -> SmallHorseshoe | None:
    """Return the drawing of a case that was handed over; None for any other.

    `case` has the annotation `answer_queued_at`; `custodies` are in order.
    """
    if not any(
        each.from_department_id not in (None, each.department_id) and not each.routed for each in custodies
    ):
        return None
    held = [Held(each.department_id, each.sent_at, each.accepted_at, each.routed) for each in custodies]
    parts = split_parts(held, _ending(case, custodies[-1], now))
    lengths = [(part.end - part.start).total_seconds() for part in parts]
    total = sum(lengths)
    ring = replace(_RING, opening=_OPEN if case.is_open else _CLOSED)
    names = {each.department_id: str(each.department) for each in custodies}
    drawn = tuple(
        SmallPart(part.kind, _label(part, names), long_span(part.end - part.start), arc.outline)
        for part, arc in zip(parts, arcs_of(ring, lengths), strict=True)
    )
    waited = sum(
        length for part, length in zip(parts, lengths, strict=True) if part.kind is PartKind.UNACCEPTED
    )
    in_words = long_span(dt.timedelta(seconds=total))
    waiting = f"{format_share(waited, total)} of it waiting" if waited >= 60 else ""
    return SmallHorseshoe(
        in_words,
        waiting,
        drawn,
        opening_line(ring) if case.is_open else "",
        _describe(in_words, len(drawn), is_open=case.is_open),
    )


def _ending(case: Case, last: Custody, now: dt.datetime) -> Ending:
    """Return the ending of a case; now for an open one."""
    if case.closed_at is None:
        return Ending(now, now)
    answered = case.last_outbound_at
    queued = getattr(case, "answer_queued_at", None) or answered
    return find_ending(last.sent_at, case.closed_at, queued, answered)


def _label(part: Part, names: dict[int, str]) -> str:
    return _WORDS[part.kind].format(names[part.department_id])


def _describe(total: str, count: int, *, is_open: bool) -> str:
    return f"The way of this case: {total} {'so far' if is_open else 'to closure'}, in the {count} parts that follow"
