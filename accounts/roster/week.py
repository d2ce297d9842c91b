"""A week of a roster for its page: one row per day, cells by wall clock; gaps, coverage and conflicts as
text.
"""

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
from accounts.roster.shared_cover import describe_shared_cover, find_common_spans
from wording.numbers import format_coverage
from wording.spans import format_hours_number

_DAY = dt.timedelta(days=1)
_SLOTS_PER_DAY = shifts.DAY_MINUTES // QUARTER


@dataclass(frozen=True, slots=True)
class RosterCell:
    """One stretch of a day. `kind` is named, gap (promised but nobody) or free. `span` is in quarters of an
    hour.
    """

    kind: str
    span: int
    hours: str
    primary: str = ""
    backup: str = ""
    dated: bool = False
    shift_id: int = 0
    tone: int = 0
    #: Phrases about the people of the shift who are absent.
    missing: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """Sentence about the cell, for a tooltip."""
        absences = "".join(f"; {absence}" for absence in self.missing)
        if self.kind == "named":
            backup = f", backup {self.backup}" if self.backup else ", no backup"
            return f"{self.hours}: {self.primary}{backup}{absences}"
        owed = " is on point, though it is promised" if self.kind == "gap" else ""
        return f"{self.hours}: nobody{owed}{absences}"


@dataclass(frozen=True, slots=True)
class RosterDay:
    """One row of the page."""

    name: str
    date: dt.date
    today: bool
    cells: list[RosterCell]


@dataclass(frozen=True, slots=True)
class RosterWeek:
    """The contents of the page for one week. `choices` are its shifts for the swap form, as (“ID:DAY”,
    label).
    """

    days: list[RosterDay]
    covered: str
    hours: str
    gaps: list[str]
    conflicts: list[str]
    #: Who covers several accounts of one department at once: as it should be, and good to know.
    shared: list[str]
    choices: list[tuple[str, str]]


def parse_week_key(key: str, today: dt.date) -> dt.date:
    """Return the Monday of an ISO week such as "2026-W48".

    For anything else, the Monday of the current week.
    """
    try:
        year, _, week = key.partition("-W")
        monday = dt.date.fromisocalendar(int(year), int(week), 1)
    except ValueError:
        monday = today - today.weekday() * _DAY
    return monday if 1971 <= monday.year <= 9000 else today - today.weekday() * _DAY


def week_key(monday: dt.date) -> str:
    """Return the week of a Monday for URLs: "2026-W48"."""
    year, week, _ = monday.isocalendar()
    return f"{year}-W{week:02d}"


def build_roster_week(
    brand_account: BrandAccount,
    roster: Roster,
    others: Mapping[BrandAccount, Roster],
    leaves: Iterable[Leave],
    monday: dt.date,
    now: dt.datetime,
) -> RosterWeek:
    """Build the week from `monday` for its page.

    `others` are the rosters of the other brand accounts, to find people who are on point for two accounts at
    once; `leaves` are the leaves of all people in that week.
    """
    start, end = (shifts.wall_clock_to_utc(day, 0, roster.zone) for day in (monday, monday + WEEK))
    parts = shifts.split_into_segments(roster.shifts, roster.zone, start, end)
    spans = _promised_spans(brand_account, roster, start, end)
    coverage, away = shifts.measure_coverage(parts, spans), list(leaves)
    empty = [(stretch, "") for stretch in coverage.gaps]
    empty += [
        (stretch, ": who is named is on leave") for stretch in find_deserted_spans(roster, parts, spans, away)
    ]
    missed = [
        f"{words}: {_span_words(left, right, roster)}."
        for words, (left, right) in describe_absences(roster, parts, away)
    ]
    owner = brand_account.owner_department_id
    team = {other: row for other, row in others.items() if owner and other.owner_department_id == owner}
    elsewhere = {other: row for other, row in others.items() if other not in team}
    return RosterWeek(
        days=_build_days(roster, parts, spans, away, monday, now),
        covered=format_coverage(coverage.share),
        hours=f"{format_hours_number(coverage.covered)} of {format_hours_number(coverage.promised)} promised hours",
        gaps=[f"{_span_words(left, right, roster)}{why}" for (left, right), why in sorted(empty)],
        conflicts=[*missed, *_describe_double_bookings(roster, parts, elsewhere, start, end)],
        shared=describe_shared_cover(roster, parts, team, start, end),
        choices=_swap_choices(roster, monday),
    )


def measure_week_coverage(
    brand_account: BrandAccount, roster: Roster, leaves: Iterable[Leave], monday: dt.date
) -> tuple[shifts.Coverage, dt.timedelta]:
    """Measure the promised time of the week from `monday`.

    Returns how much of it has a named primary, and how long nobody is present: either nobody is named, or
    everybody named is on leave.
    """
    start, end = (shifts.wall_clock_to_utc(day, 0, roster.zone) for day in (monday, monday + WEEK))
    parts = shifts.split_into_segments(roster.shifts, roster.zone, start, end)
    spans = _promised_spans(brand_account, roster, start, end)
    coverage, away = shifts.measure_coverage(parts, spans), list(leaves)
    empty = [*coverage.gaps, *find_deserted_spans(roster, parts, spans, away)]
    return coverage, sum((right - left for left, right in empty), dt.timedelta())


def _promised_spans(
    brand_account: BrandAccount, roster: Roster, start: dt.datetime, end: dt.datetime
) -> list[tuple[dt.datetime, dt.datetime]]:
    hours = [tuple(interval) for interval in brand_account.promised_hours]
    return shifts.promised_spans(hours, roster.zone, start, end)


def _build_days(
    roster: Roster,
    parts: list[shifts.Segment],
    spans: list[tuple[dt.datetime, dt.datetime]],
    leaves: list[Leave],
    monday: dt.date,
    now: dt.datetime,
) -> list[RosterDay]:
    today = now.astimezone(roster.zone).date()
    tones = {
        user_id: n % 6 for n, user_id in enumerate(sorted({shift.primary_id or 0 for shift in roster.shifts}))
    }
    days = []
    for n in range(7):
        date = monday + n * _DAY
        slots = []
        for slot in range(_SLOTS_PER_DAY):
            at = shifts.wall_clock_to_utc(date, slot * QUARTER, roster.zone)
            shift = shifts.segment_at(parts, at).shift
            owed = any(left <= at < right for left, right in spans)
            named = shift is not None and shift.primary_id is not None
            shown_shift = named or (shift is not None and shift.id in roster.unable)
            slots.append(("named" if named else "gap" if owed else "free", shift if shown_shift else None))
        cells = [
            _build_cell(
                *stretch,
                roster,
                tones,
                describe_missing_people(stretch[3], date, roster, leaves) if stretch[3] else [],
            )
            for stretch in _merge_slots(slots)
        ]
        days.append(RosterDay(WEEKDAYS[n], date, date == today, cells))
    return days


def _merge_slots(
    slots: list[tuple[str, shifts.PlainShift | None]],
) -> list[tuple[str, int, str, shifts.PlainShift | None]]:
    """Join equal neighbours.

    Returns (kind, quarters of an hour, hours on the clock, shift) for each stretch.
    """
    stretches, first = [], 0
    for slot in range(1, len(slots) + 1):
        if slot < len(slots) and slots[slot] == slots[first]:
            continue
        kind, shift = slots[first]
        stretches.append(
            (kind, slot - first, f"{format_clock(first * QUARTER)}–{format_clock(slot * QUARTER)}", shift)
        )
        first = slot
    return stretches


def _build_cell(
    kind: str,
    span: int,
    hours: str,
    shift: shifts.PlainShift | None,
    roster: Roster,
    tones: Mapping[int, int],
    missed: list[str],
) -> RosterCell:
    if shift is None or kind != "named":
        return RosterCell(kind, span, hours, missing=tuple(missed))
    return RosterCell(
        kind, span, hours, roster.person_name(shift.primary_id), roster.person_name(shift.backup_id), shift.date is not None,
        shift.id, tones[shift.primary_id or 0], tuple(missed),
    )  # fmt: skip


def _swap_choices(roster: Roster, monday: dt.date) -> list[tuple[str, str]]:
    return [
        (
            f"{occurrence.shift.id}:{occurrence.day}",
            f"{occurrence.day:%a} {occurrence.day.day} {format_clock(occurrence.shift.starts)}–{format_clock(occurrence.shift.ends)} "
            f"{roster.person_name(occurrence.shift.primary_id)}",
        )
        for occurrence in shifts.list_occurrences(roster.shifts, roster.zone, monday, monday + WEEK - _DAY)
        if occurrence.shift.primary_id is not None
    ]


def _describe_double_bookings(
    roster: Roster,
    parts: Iterable[shifts.Segment],
    others: Mapping[BrandAccount, Roster],
    start: dt.datetime,
    end: dt.datetime,
) -> list[str]:
    conflicts = []
    for brand_account, other in others.items():
        for user_id, spans in find_common_spans(parts, other, start, end).items():
            hours = format_hours_number(sum((right - left for left, right in spans), dt.timedelta()))
            first = _span_words(*spans[0], roster)
            conflicts.append(
                f"{roster.person_name(user_id)} is also on point for {brand_account}: {hours} h at the same time, from {first}."
            )
    return conflicts


def _span_words(left: dt.datetime, right: dt.datetime, roster: Roster) -> str:
    """Return "Mon 16 08:00–12:00", with both days when it passes midnight."""
    begin, finish = left.astimezone(roster.zone), right.astimezone(roster.zone)
    same = begin.date() == (finish - dt.timedelta(seconds=1)).date()
    until = (
        ("24:00" if finish.date() != begin.date() else f"{finish:%H:%M}")
        if same
        else (f"{finish:%a} {finish.day} {finish:%H:%M}")
    )
    return f"{begin:%a} {begin.day} {begin:%H:%M}–{until}"
