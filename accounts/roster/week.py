"""A week of a roster as its page shows it: a row a day, cells by wall clock, gaps, coverage and conflicts in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from accounts import shifts
from accounts.models import BrandAccount, Leave
from accounts.models.roster import WEEKDAYS
from accounts.roster.absence import describe_absences, describe_missing_people, find_deserted_spans
from accounts.roster.forms import QUARTER, format_clock
from accounts.roster.planning import WEEK, Roster

_DAY = dt.timedelta(days=1)
_SLOTS_PER_DAY = shifts.DAY_MINUTES // QUARTER


@dataclass(frozen=True, slots=True)
class RosterCell:
    """One stretch of a day. `kind`: named, gap (promised and nobody) or free. `span`: in quarters of an hour."""

    kind: str
    span: int
    hours: str
    primary: str = ""
    backup: str = ""
    dated: bool = False
    shift_id: int = 0
    tone: int = 0
    #: Who of it is not there, in words.
    missing: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The cell in a sentence, for a tooltip."""
        why = "".join(f"; {one}" for one in self.missing)
        if self.kind == "named":
            backup = f", backup {self.backup}" if self.backup else ", no backup"
            return f"{self.hours}: {self.primary}{backup}{why}"
        owed = " is on point, though it is promised" if self.kind == "gap" else ""
        return f"{self.hours}: nobody{owed}{why}"


@dataclass(frozen=True, slots=True)
class RosterDay:
    """One row."""

    name: str
    date: dt.date
    today: bool
    cells: list[RosterCell]


@dataclass(frozen=True, slots=True)
class RosterWeek:
    """Everything about one week. `choices` are its shifts for the swap, as (“ID:DAY”, words)."""

    days: list[RosterDay]
    covered: str
    hours: str
    gaps: list[str]
    conflicts: list[str]
    choices: list[tuple[str, str]]


def parse_week_key(given: str, today: dt.date) -> dt.date:
    """The Monday of an ISO week such as "2026-W48"; of this week for anything else."""
    try:
        year, _, week = given.partition("-W")
        monday = dt.date.fromisocalendar(int(year), int(week), 1)
    except ValueError:
        monday = today - today.weekday() * _DAY
    return monday if 1971 <= monday.year <= 9000 else today - today.weekday() * _DAY


def week_key(monday: dt.date) -> str:
    """As in addresses: "2026-W48"."""
    year, week, _ = monday.isocalendar()
    return f"{year}-W{week:02d}"


def build_roster_week(
    brand_account: BrandAccount,
    kept: Roster,
    others: Mapping[BrandAccount, Roster],
    leaves: Iterable[Leave],
    monday: dt.date,
    now: dt.datetime,
) -> RosterWeek:
    """The week from `monday`. `others` are the rosters of the other brand accounts, for people who would be needed
    twice at once; `leaves` those of anybody in that week."""
    start, end = (shifts.wall_clock_to_utc(day, 0, kept.zone) for day in (monday, monday + WEEK))
    parts = shifts.split_into_segments(kept.shifts, kept.zone, start, end)
    spans = shifts.promised_spans([tuple(one) for one in brand_account.promised_hours], kept.zone, start, end)
    found = shifts.measure_coverage(parts, spans)
    share, away = found.share, list(leaves)
    empty = [(stretch, "") for stretch in found.gaps]
    empty += [
        (stretch, ": who is named is on leave") for stretch in find_deserted_spans(kept, parts, spans, away)
    ]
    missed = [
        f"{words}: {_span_words(left, right, kept)}."
        for words, (left, right) in describe_absences(kept, parts, away)
    ]
    return RosterWeek(
        days=_build_days(kept, parts, spans, away, monday, now),
        covered="–" if share is None else f"{int(share * 100)} %",
        hours=f"{_hours_text(found.covered)} of {_hours_text(found.promised)} promised hours",
        gaps=[f"{_span_words(left, right, kept)}{why}" for (left, right), why in sorted(empty)],
        conflicts=[*missed, *_describe_double_bookings(kept, parts, others, start, end)],
        choices=_swap_choices(kept, monday),
    )


def measure_week_coverage(
    brand_account: BrandAccount, kept: Roster, leaves: Iterable[Leave], monday: dt.date
) -> tuple[shifts.Coverage, dt.timedelta]:
    """How much of what is promised in the week from `monday` has a named primary, and for how long nobody is there:
    nobody is named, or all who are named are on leave."""
    start, end = (shifts.wall_clock_to_utc(day, 0, kept.zone) for day in (monday, monday + WEEK))
    parts = shifts.split_into_segments(kept.shifts, kept.zone, start, end)
    spans = shifts.promised_spans([tuple(one) for one in brand_account.promised_hours], kept.zone, start, end)
    found, away = shifts.measure_coverage(parts, spans), list(leaves)
    empty = [*found.gaps, *find_deserted_spans(kept, parts, spans, away)]
    return found, sum((right - left for left, right in empty), dt.timedelta())


def _build_days(
    kept: Roster,
    parts: list[shifts.Segment],
    spans: list[tuple[dt.datetime, dt.datetime]],
    leaves: list[Leave],
    monday: dt.date,
    now: dt.datetime,
) -> list[RosterDay]:
    today = now.astimezone(kept.zone).date()
    tones = {user_id: n % 6 for n, user_id in enumerate(sorted({one.primary_id or 0 for one in kept.shifts}))}
    days = []
    for n in range(7):
        date = monday + n * _DAY
        slots = []
        for slot in range(_SLOTS_PER_DAY):
            at = shifts.wall_clock_to_utc(date, slot * QUARTER, kept.zone)
            shift = shifts.segment_at(parts, at).shift
            owed = any(left <= at < right for left, right in spans)
            named = shift is not None and shift.primary_id is not None
            told = named or (shift is not None and shift.id in kept.unable)
            slots.append(("named" if named else "gap" if owed else "free", shift if told else None))
        cells = [
            _build_cell(
                *stretch,
                kept,
                tones,
                describe_missing_people(stretch[3], date, kept, leaves) if stretch[3] else [],
            )
            for stretch in _merge_slots(slots)
        ]
        days.append(RosterDay(WEEKDAYS[n], date, date == today, cells))
    return days


def _merge_slots(
    slots: list[tuple[str, shifts.PlainShift | None]],
) -> list[tuple[str, int, str, shifts.PlainShift | None]]:
    """Neighbours that are alike together: (kind, quarters of an hour, hours on the clock, shift)."""
    found, first = [], 0
    for slot in range(1, len(slots) + 1):
        if slot < len(slots) and slots[slot] == slots[first]:
            continue
        kind, shift = slots[first]
        found.append(
            (kind, slot - first, f"{format_clock(first * QUARTER)}–{format_clock(slot * QUARTER)}", shift)
        )
        first = slot
    return found


def _build_cell(
    kind: str,
    span: int,
    hours: str,
    shift: shifts.PlainShift | None,
    kept: Roster,
    tones: Mapping[int, int],
    missed: list[str],
) -> RosterCell:
    if shift is None or kind != "named":
        return RosterCell(kind, span, hours, missing=tuple(missed))
    return RosterCell(
        kind, span, hours, kept.person_name(shift.primary_id), kept.person_name(shift.backup_id), shift.date is not None,
        shift.id, tones[shift.primary_id or 0], tuple(missed),
    )  # fmt: skip


def _swap_choices(kept: Roster, monday: dt.date) -> list[tuple[str, str]]:
    return [
        (
            f"{one.shift.id}:{one.day}",
            f"{one.day:%a} {one.day.day} {format_clock(one.shift.starts)}–{format_clock(one.shift.ends)} "
            f"{kept.person_name(one.shift.primary_id)}",
        )
        for one in shifts.list_occurrences(kept.shifts, kept.zone, monday, monday + WEEK - _DAY)
        if one.shift.primary_id is not None
    ]


def _describe_double_bookings(
    kept: Roster,
    parts: Iterable[shifts.Segment],
    others: Mapping[BrandAccount, Roster],
    start: dt.datetime,
    end: dt.datetime,
) -> list[str]:
    mine = [one for one in parts if one.primary_id is not None]
    found = []
    for brand_account, other in others.items():
        both: dict[int | None, list[tuple[dt.datetime, dt.datetime]]] = {}
        for theirs in shifts.split_into_segments(other.shifts, other.zone, start, end):
            for one in mine:
                left, right = max(one.start, theirs.start), min(one.end, theirs.end)
                if one.primary_id == theirs.primary_id and left < right:
                    both.setdefault(one.primary_id, []).append((left, right))
        for user_id, spans in both.items():
            hours = _hours_text(sum((right - left for left, right in spans), dt.timedelta()))
            first = _span_words(*spans[0], kept)
            found.append(
                f"{kept.person_name(user_id)} is also on point for {brand_account}: {hours} h at the same time, from {first}."
            )
    return found


def _span_words(left: dt.datetime, right: dt.datetime, kept: Roster) -> str:
    """ "Mon 16 08:00–12:00", over midnight with both days."""
    begin, finish = left.astimezone(kept.zone), right.astimezone(kept.zone)
    same = begin.date() == (finish - dt.timedelta(seconds=1)).date()
    until = (
        ("24:00" if finish.date() != begin.date() else f"{finish:%H:%M}")
        if same
        else (f"{finish:%a} {finish.day} {finish:%H:%M}")
    )
    return f"{begin:%a} {begin.day} {begin:%H:%M}–{until}"


def _hours_text(span: dt.timedelta) -> str:
    return f"{span / dt.timedelta(hours=1):g}"
