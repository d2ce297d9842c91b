"""The numbers of the board of the horseshoe and the hand-overs, counted from records, as the page writes them."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from dataclasses import dataclass, replace

from tests.reports.independent.opening_hours import OpeningHours
from tests.reports.independent.records import Case, Records
from tests.reports.independent.response_board import Question, count_pairs
from tests.reports.independent.words import (
    DAY,
    HOUR,
    MINUTE,
    NOTHING,
    SECOND,
    Span,
    count_of,
    few_or_share,
    nearest,
    number,
    percentile,
    share,
    span_words,
)

NO_TIME = dt.timedelta()
LABELS = {
    "front": "Front line",
    "unaccepted": "Not yet accepted",
    "work": "Departments at work",
    "way": "Way back",
}
DECIDED_BY = {
    "default": "No rule matched",
    "thread": "Stayed with its thread",
    "learned": "Learned router",
    "person": "A person",
}


@dataclass
class Way:
    """One case's time from its arrival to its closure: all, by part, and what of it was in the gap."""

    case: Case
    time: dt.timedelta
    parts: dict[tuple[str, int], dt.timedelta]
    gap: dt.timedelta


class Ways:
    """The ways of all cases, in business time and by the clock; each is measured once."""

    def __init__(self, records: Records, now: dt.datetime):
        first = min((case.created for case in records.cases), default=now) - DAY
        self.records, self.measured = records, {}
        self.hours = {
            calendar: OpeningHours(versions, first, now + DAY) for calendar, versions in records.calendars.items()
        }  # fmt: skip

    def of(self, case: Case, *, in_business_time: bool) -> Way | None:
        """Return the way of a closed case that changed department."""
        if case.closed is None or not case.hand_overs:
            return None
        key = case.id, in_business_time
        if key not in self.measured:
            self.measured[key] = self._measure(case, in_business_time)
        return self.measured[key]

    def hours_of(self, case: Case) -> OpeningHours | None:
        for policy in self.records.policies:
            is_for = (policy["department_id"] in ("", str(case.department)), policy["priority"] in ("", str(case.priority)),
                      policy["network"] in ("", case.network), policy["enabled"] == "t")  # fmt: skip
            if all(is_for):
                return self.hours[policy["calendar_id"]]
        return None

    def _measure(self, case: Case, in_business_time: bool) -> Way:
        hours = self.hours_of(case) if in_business_time else None
        held = case.custodies
        done = closure = case.closed
        ours = [message for message in case.live if message.ours]
        if ours:
            last = ours[-1]
            queued = case.queued.get(last.remote, last.written)
            if queued >= held[-1].sent:
                done = min(case.closed, queued)
                closure = max(done, last.written)
        first = 1 if len(held) > 1 and held[1].routed else 0
        begun, home = held[0].sent, held[-1].department
        reached = begun if held[first].department == home else next(each.sent for each in held[first:] if each.department == home)  # fmt: skip
        parts: dict[tuple[str, int], dt.timedelta] = defaultdict(lambda: NO_TIME)
        gap = NO_TIME
        moments = {begun, done, closure, *(each.sent for each in held), *(each.accepted for each in held if each.accepted)}  # fmt: skip
        moments = sorted(at for at in moments if begun <= at <= closure)
        for start, end in zip(moments, moments[1:], strict=False):
            place = max(n for n, each in enumerate(held) if each.sent <= start)
            holder = held[place]
            if start >= done:
                key = "way", 0
            elif place <= first:
                key = "front", held[first].department
            else:
                is_accepted = holder.accepted is not None and holder.accepted <= start
                key = "work" if is_accepted else "unaccepted", holder.department
            spent = hours.between(start, end) if hours else end - start
            parts[key] += spent
            if start < done and (start < reached or key[0] == "unaccepted"):
                gap += spent
        return Way(case, sum(parts.values(), NO_TIME), dict(parts), gap)


@dataclass
class Shoe:
    """The horseshoe of a period; the middle fifth is empty under five cases."""

    ways: list[Way]
    middle: list[Way]
    parts: dict[tuple[str, int], dt.timedelta]

    @property
    def gap(self) -> dt.timedelta:
        return sum((way.gap for way in self.middle), NO_TIME) / len(self.middle)

    @property
    def total(self) -> dt.timedelta:
        return sum(self.parts.values(), NO_TIME)


def shoe_of(asked: Question, ways: Ways, *, in_business_time: bool) -> Shoe:
    measured = [ways.of(case, in_business_time=in_business_time) for case in asked.created()]
    ordered = sorted((way for way in measured if way), key=lambda way: (way.time, way.case.id))
    cut = len(ordered) * 4 // 10
    middle = ordered[cut : len(ordered) - cut] if len(ordered) >= 5 else []
    sums: dict[tuple[str, int], dt.timedelta] = defaultdict(lambda: NO_TIME)
    for way in middle:
        for key, time in way.parts.items():
            sums[key] += time
    return Shoe(ordered, middle, {key: time / len(middle) for key, time in sums.items()})


def count_horseshoe_board(asked: Question, ways: Ways, *, in_business_time: bool) -> dict[str, list]:
    before = replace(asked, span=asked.span.before())
    shoe = shoe_of(asked, ways, in_business_time=in_business_time)
    shoe_before = shoe_of(before, ways, in_business_time=in_business_time)
    pairs = count_pairs(asked)
    return {
        "centre": _centre(shoe, shoe_before, in_business_time),
        "count": [count_of(len(shoe.ways), "case")],
        "closure": _closure(asked),
        "parts-table": _parts(asked, shoe, shoe_before, in_business_time),
        "pairs-table": [pair.row(few=5) for pair in pairs],
        "matrix": _matrix(asked, pairs),
        "returns-table": _returns(asked, before, len(shoe.ways)),
        "turns-table": _turns(asked),
    }


def _unit(shoe: Shoe, before: Shoe) -> dt.timedelta:
    least = min((each.total for each in (shoe, before) if each.total), default=HOUR)
    return SECOND if least < 10 * MINUTE else HOUR if least >= DAY else MINUTE


def _words(units: int, unit: dt.timedelta, has_days: bool) -> str:
    if unit == SECOND:
        return f"{units // 60} min {units % 60:02d} s" if units >= 60 else f"{units} s"
    if unit == MINUTE:
        return f"{units // 60} h {units % 60:02d}" if units >= 60 else f"{units} min"
    return f"{units // 24} d {units % 24} h" if units >= 24 and has_days else f"{units:,} h"


def _round_parts(parts: dict, unit: dt.timedelta) -> dict:
    """Round so that the parts add up: those with the largest rests go up to the rounded sum, of equal ones the first."""
    kinds = list(LABELS)
    parts = {key: parts[key] for key in sorted(parts, key=lambda key: (kinds.index(key[0]), key[1] or 0))}
    units = {key: time // unit for key, time in parts.items()}
    missing = nearest(sum(parts.values(), NO_TIME), unit) - sum(units.values())
    for key in sorted(parts, key=lambda key: parts[key] % unit, reverse=True)[:missing]:
        units[key] += 1
    return units


def _centre(shoe: Shoe, before: Shoe, in_business_time: bool) -> list[str]:
    if not shoe.middle:
        return []
    unit = _unit(shoe, before)
    total, gap = nearest(shoe.total, unit), nearest(shoe.gap, unit)
    return [
        _words(total, unit, not in_business_time), span_words(percentile([way.time for way in shoe.ways], 0.5)),
        f"{_words(gap, unit, not in_business_time)} in the gap, {share(gap, total)}",
    ]  # fmt: skip


def _parts(asked: Question, shoe: Shoe, before: Shoe, in_business_time: bool) -> list[list[str]]:
    if not shoe.middle:
        return []
    unit = _unit(shoe, before)
    now, then = _round_parts(shoe.parts, unit), _round_parts(before.parts, unit)
    shares = _round_parts(
        {key: 100 * time / (shoe.total / MINUTE) for key, time in shoe.parts.items()}, MINUTE
    )

    def row(label: str, keys: list) -> list[str]:
        units, earlier = (sum(each.get(key, 0) for key in keys) for each in (now, then))
        cells = [
            label,
            _words(units, unit, not in_business_time),
            f"{sum(shares.get(key, 0) for key in keys)}%",
        ]
        if not before.middle:
            return [*cells, NOTHING, NOTHING]
        change = (
            f"{'▲' if units > earlier else '▼'} {_words(abs(units - earlier), unit, not in_business_time)}"
        )
        return [*cells, _words(earlier, unit, not in_business_time), change if units != earlier else "="]

    rows, order = [], list(asked.records.departments)
    for kind, label in LABELS.items():
        of_kind = {key for key in (*now, *(then if before.middle else ())) if key[0] == kind}
        keys = sorted(of_kind, key=lambda key: order.index(key[1]) if key[1] in order else -1)
        if keys:
            rows.append(row(label, keys))
        for key in keys:
            name = asked.name(key[1]) if key[1] else "Answer to closure"
            rows.append(row(f"to {name}" if kind == "unaccepted" else name, [key]))
    everything = list({*now, *then})
    return [*rows, row("Post to closure", everything)]


def _closure(asked: Question) -> list[str]:
    everybody, without, in_public, waiting = set(), set(), set(), set()
    for case in asked.created():
        everybody.add(case.customer)
        if case.is_without_closure:
            without.add(case.customer)
            in_public |= {case.customer} if case.public else set()
            waiting |= {case.customer} if case.closed is None else set()
    return [
        count_of(len(without), "customer"), count_of(len(everybody), "customer"), number(len(in_public)),
        number(len(waiting)), few_or_share(len(without), len(everybody)),
    ]  # fmt: skip


def _matrix(asked: Question, pairs: list) -> list[list[str]]:
    by_name = {(pair.origin, pair.to): pair for pair in pairs}
    taking_part = {end for ends in by_name for end in ends}
    names = [name for name, _ in asked.records.departments.values() if name in taking_part]
    if not names:
        return []

    def cell(origin: str, to: str) -> str:
        pair = by_name.get((origin, to))
        if pair is None:
            return "·" if origin == to else NOTHING
        count = len(pair.waits)
        return f"{count:,} {'few' if count < 5 else span_words(percentile(pair.waits, 0.5))}"

    def total(**ends: str) -> str:
        chosen = [pair for pair in pairs if all(getattr(pair, key) == end for key, end in ends.items())]
        return number(sum(len(pair.waits) for pair in chosen))

    rows = [[name, *(cell(name, other) for other in names), total(origin=name)] for name in names]
    return [*rows, ["Received", *(total(to=name) for name in names), total()]]


def _list_returns(asked: Question) -> set[tuple[int, int, int]]:
    return {
        (case.id, *sorted((custody.origin, custody.department)))
        for case in asked.created()
        if case.closed is not None
        for custody in case.hand_overs
        if case.had_before(custody)
    }


def _returns(asked: Question, before: Question, count: int) -> list[list[str]]:
    now, then = _list_returns(asked), _list_returns(before)
    by_pair, earlier = (Counter(each[1:] for each in returns) for returns in (now, then))
    if not by_pair:
        return []
    ordered = sorted(by_pair, key=lambda pair: (-by_pair[pair], pair))[:6]
    total, total_then = len({each[0] for each in now}), len({each[0] for each in then})
    rows = [
        [f"{asked.name(one)} ⇄ {asked.name(other)}", number(by_pair[one, other]), few_or_share(by_pair[one, other], count), number(earlier[one, other]), ""]
        for one, other in ordered
    ]  # fmt: skip
    return [*rows, ["All that came back", number(total), few_or_share(total, count), number(total_then), ""]]


def _turns(asked: Question) -> list[list[str]]:
    turns: dict[tuple[str, str], list[tuple[int, str, bool]]] = defaultdict(list)
    for case in asked.created():
        if case.closed is not None and case.decisions:
            pk, decided_by, key, name, department = case.decisions[0]
            turns[decided_by, key].append((pk, name, department != case.department))
    if not turns:
        return []
    wrong = {key: sum(each[2] for each in of_key) for key, of_key in turns.items()}
    ordered = sorted(turns, key=lambda key: (-wrong[key], -len(turns[key]), key[1], key[0]))

    # Who sees only where cases ended sees too few of a rule's cases for a share of it.
    is_partial = bool(asked.filters.department) or asked.reader.role in ("manager", "agent", "analyst")

    def row(label: str, bad: int, sent: int) -> list[str]:
        of_rule = ("▲ " if 10 * bad >= sent >= 5 else "") + few_or_share(bad, sent)
        return [label, number(sent), number(bad), NOTHING if is_partial else of_rule]

    rows = [row(max(turns[key])[1] or DECIDED_BY[key[0]], wrong[key], len(turns[key])) for key in ordered[:6]]
    sent = sum(map(len, turns.values()))
    everything = sum(wrong.values())
    return [*rows, ["All", number(sent), number(everything), few_or_share(everything, sent)]]


__all__ = ["Span", "Ways", "count_horseshoe_board"]
