"""The numbers of the boards Response, People and Brand accounts, counted from records, as the pages write them."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace

from tests.reports.independent.opening_hours import OpeningHours
from tests.reports.independent.records import Case, Custody, Exchange, Filters, Reader, Records
from tests.reports.independent.words import (
    NOTHING,
    Span,
    change_words,
    count_of,
    few_or_share,
    number,
    percentile,
    share,
    span_words,
)

NETWORKS = {"facebook": "Facebook", "x": "X"}
CLOCKS = {"first_response": "First response", "next_response": "Next response", "resolution": "Resolution"}


@dataclass
class Question:
    """What is asked for: by whom, over which days, of which cases, and when; `hours_of` a case, for business time."""

    records: Records
    reader: Reader
    span: Span
    filters: Filters
    now: dt.datetime
    hours_of: Callable[[Case], OpeningHours | None] = lambda _: None

    def spent(self, case: Case, start: dt.datetime, span: dt.timedelta) -> dt.timedelta:
        hours = self.hours_of(case)
        return hours.between(start, start + span) if hours else span

    def reported(self) -> list[Case]:
        return [case for case in self.records.cases if self.filters.pass_(case) and self.reader.reads(case)]

    def created(self) -> list[Case]:
        start, end = self.span.start, self.span.end
        return [case for case in self.reported() if start <= case.created < end]

    def exchanges(self) -> list[Exchange]:
        start, end = self.span.start, self.span.end
        return [each for case in self.reported() for each in case.exchanges if start <= each.arrived < end]

    def custodies(self, *, routed: bool = False) -> list[tuple[Case, Custody]]:
        """Return the hand-overs, or what the router moved; a manager's also out of and into their departments."""
        start, end, managed = self.span.start, self.span.end, self.reader.managed
        pairs = []
        for case in self.records.cases:
            if not self.filters.pass_(case):
                continue
            reads = self.reader.reads(case)
            for custody in [each for each in case.custodies if each.routed] if routed else case.hand_overs:
                is_own = reads or {custody.origin, custody.department} & managed
                if is_own and start <= custody.sent < end:
                    pairs += [(case, custody)]
        return pairs

    def name(self, department: int) -> str:
        return self.records.departments[department][0]


def count_response_board(asked: Question) -> dict[str, list]:
    first = _first_response(asked)
    pairs = count_pairs(asked)
    rate, table = _rate(asked)
    handed, waiting = sum(len(pair.waits) for pair in pairs), sum(pair.waiting for pair in pairs)
    accepted = sum(pair.accepted for pair in pairs)
    figures = [
        rate,
        [
            span_words(first["median"]), f"of {count_of(first['answered'], 'case')}; {first['missing']:,} without one are left out",
            f"9 in 10 within {span_words(first['p90'])}" if first["p90"] else "",
        ],
        [
            number(first["missing"]),
            f"of {count_of(first['answered'] + first['missing'], 'case')}: {first['open']:,} still open, {first['closed']:,} closed without an answer",
            f"open: oldest {span_words(first['oldest'])} · median {span_words(first['middle'])}",
        ],
        [
            number(handed), f"{accepted:,} accepted, {waiting:,} still waiting",
            f"{handed - accepted - waiting:,} handed on before anybody accepted them",
        ],
    ]  # fmt: skip
    routed = len(asked.custodies(routed=True))
    return {
        "figures": figures,
        "rate-table": table,
        "volume-table": _volume(asked),
        "first-response-table": [
            ["Answered", number(first["answered"]), span_words(first["median"]), span_words(first["p90"])],
            ["Still open", number(first["open"]), span_words(first["middle"]), span_words(first["oldest"])],
            ["Closed without an answer", number(first["closed"]), NOTHING, NOTHING],
        ],
        "waits-table": _waits(asked),
        "attainment-table": _attainment(asked),
        "hand-overs-table": [pair.row(few=5) for pair in pairs],
        "routed": [number(routed)] if routed else [],
        "opened again": _opened_again(asked),
    }


def _count_answered(asked: Question) -> tuple[list[Counter], list]:
    steps = asked.span.steps()
    counts = [Counter() for _ in steps]
    for each in asked.exchanges():
        place = next(n for n, step in enumerate(steps) if step.start <= each.arrived < step.end)
        counts[place]["needing"] += 1
        counts[place]["answered"] += each.answer is not None
    return counts, steps


def _ripe(asked: Question) -> Counter:
    counts, steps = _count_answered(asked)
    ripe = Counter()
    for count, step in zip(counts, steps, strict=True):
        if step.end + asked.records.promised <= asked.now:
            ripe += count
    return ripe


def _rate(asked: Question) -> tuple[list[str], list[list[str]]]:
    counts, steps = _count_answered(asked)
    total = sum(counts, Counter())
    needing, answered = total["needing"], total["answered"]
    ripe = _ripe(asked)
    before = _ripe(Question(asked.records, asked.reader, asked.span.before(), asked.filters, asked.now))
    unripe = needing - ripe["needing"]
    basis = f"{answered:,} of {count_of(needing, 'exchange')}" + (
        f"; {unripe:,} still counting" if unripe else ""
    )
    change = change_words((ripe["answered"], ripe["needing"]), (before["answered"], before["needing"]))
    change = f"without those: {change}" if unripe else change

    def row(label: str, count: Counter) -> list[str]:
        missing = count["needing"] - count["answered"]
        return [label, number(count["needing"]), number(count["answered"]), number(missing), few_or_share(count["answered"], count["needing"])]  # fmt: skip

    rows = [row("All", total)]
    for step, count in zip(steps, counts, strict=True):
        is_ripe = step.end + asked.records.promised <= asked.now
        rows.append(row(step.label if is_ripe else f"{step.label} still counting", count))
    return [few_or_share(answered, needing), basis, f"{change} · benchmark 2011: 29%"], rows


def _first_response(asked: Question) -> dict:
    asking = [case for case in asked.created() if case.needs_answer]
    took = [
        asked.spent(case, case.created, case.first_response)
        for case in asking
        if case.first_response is not None
    ]
    without = [case for case in asking if case.first_response is None]
    ages = [_age(asked, case) for case in without if case.closed is None]
    return {
        "answered": len(took), "missing": len(without), "open": len(ages), "closed": len(without) - len(ages),
        "median": percentile(took, 0.5), "p90": percentile(took, 0.9), "oldest": max(ages, default=None),
        "middle": percentile(ages, 0.5),
    }  # fmt: skip


def _age(asked: Question, case: Case) -> dt.timedelta:
    return asked.spent(case, case.created, asked.now - case.created)


def _opened_again(asked: Question) -> list[str]:
    resolved = [case for case in asked.created() if case.first_resolved is not None]
    again = sum(case.was_reopened for case in resolved)
    rate = f" ({share(again, len(resolved))})" if len(resolved) >= 5 else ""
    words = f"Of {len(resolved):,} cases that were resolved, {again:,} were opened again{rate}."
    return [words] if again else []


def _measure_waits(asked: Question) -> dict[str, tuple[list, list]]:
    """Return what took how long, and how long what is open has waited, for each thing that customers wait for."""
    created, spent = asked.created(), asked.spent
    asking = [case for case in created if case.needs_answer]
    later = [each for each in asked.exchanges() if each.number > 1]
    open_now = [case for case in created if case.closed is None]
    return {
        "First response": (
            [spent(case, case.created, case.first_response) for case in asking if case.first_response is not None],
            [_age(asked, case) for case in asking if case.first_response is None and case.closed is None],
        ),
        "Next response": (
            [spent(each.case, each.arrived, each.span) for each in later if each.span is not None],
            [spent(each.case, each.arrived, asked.now - each.arrived) for each in later if each.span is None and each.case.closed is None],
        ),
        "First resolution": (
            [spent(case, case.created, case.first_resolved - case.created) for case in created if case.first_resolved is not None],
            [_age(asked, case) for case in open_now if case.first_resolved is None],
        ),
        "Final resolution": (
            [spent(case, case.created, case.closed - case.created) for case in created if case.status == "resolved"],
            [_age(asked, case) for case in open_now],
        ),
    }  # fmt: skip


def _waits(asked: Question) -> list[list[str]]:
    now, before = _measure_waits(asked), _measure_waits(replace(asked, span=asked.span.before()))

    def cell(took: list, part: float) -> str:
        return NOTHING if not took else "few" if len(took) < 5 else span_words(percentile(took, part))

    return [
        [
            label, number(len(took)), cell(took, 0.5), cell(before[label][0], 0.5), cell(took, 0.9), cell(before[label][0], 0.9),
            number(len(ages)), span_words(max(ages, default=None)),
        ]
        for label, (took, ages) in now.items()
    ]  # fmt: skip


def _volume(asked: Question) -> list[list[str]]:
    counts: dict[int, Counter] = defaultdict(Counter)
    for case in asked.created():
        counts[case.department][case.network] += 1
    networks = sorted({network for count in counts.values() for network in count})
    ordered = sorted(counts, key=lambda pk: (-counts[pk].total(), asked.name(pk)))
    return [
        [asked.name(pk), "", *(number(counts[pk][network]) for network in networks), number(counts[pk].total())]
        for pk in ordered
    ]  # fmt: skip


def _attainment(asked: Question) -> list[list[str]]:
    met, missed, running = Counter(), Counter(), Counter()
    for case in asked.created():
        for _, _, _, record in case.newest_clocks:
            clock = record["clock"]
            if clock != "resolution" or case.status == "resolved":
                (met if record["met"] else missed)[clock] += 1
        if case.closed is not None:
            continue
        for clock, due in case.due.items():
            # After the first response its target has ended, and its due time only stays as a record.
            is_over = clock == "first_response" and case.first_response is not None
            if due is not None and due < asked.now and not is_over:
                missed[clock] += 1
                running[clock] += 1
    return [
        [label, number(met[clock]), number(missed[clock]), number(running[clock]), few_or_share(met[clock], met[clock] + missed[clock])]
        for clock, label in CLOCKS.items()
        if met[clock] + missed[clock]
    ]  # fmt: skip


class Pair:
    """The hand-overs from one department to another."""

    def __init__(self, origin: str, to: str):
        self.origin, self.to = origin, to
        self.waits: list[dt.timedelta] = []
        self.held: list[dt.timedelta] = []
        self.accepted = self.waiting = self.came_back = 0

    def row(self, few: int) -> list[str]:
        count = len(self.waits)
        spans = [percentile(self.waits, 0.5), percentile(self.waits, 0.9), percentile(self.held, 0.5)]
        words = ["few" if count < few else span_words(span) for span in spans]
        return [
            self.origin,
            self.to,
            number(count),
            number(self.waiting),
            *words,
            few_or_share(self.came_back, count),
        ]


def count_pairs(asked: Question) -> list[Pair]:
    pairs: dict[tuple[int, int], Pair] = {}
    for case, custody in asked.custodies():
        key = custody.origin, custody.department
        pair = pairs.setdefault(key, Pair(*map(asked.name, key)))
        pair.waits.append((custody.accepted or custody.left or asked.now) - custody.sent)
        pair.held.append((custody.left or asked.now) - custody.sent)
        pair.accepted += custody.accepted is not None
        pair.waiting += custody.accepted is None and custody.left is None
        pair.came_back += case.had_before(custody)
    return sorted(pairs.values(), key=lambda pair: (-len(pair.waits), pair.origin, pair.to))


def count_people(asked: Question, people: set[int]) -> dict[str, list]:
    """Count the work of one person, or of several together."""
    start, end, cases = asked.span.start, asked.span.end, asked.reported()
    sent = [
        message.received
        for case in cases
        for message in case.live
        if message.ours and message.author in people and start <= message.received < end
    ]
    first = [
        each.span
        for each in asked.exchanges()
        if each.number == 1 and each.answer is not None and each.answer.author in people
    ]
    targets = [
        record["met"]
        for case in cases
        for _, at, actor, record in case.newest_clocks
        if record["clock"] != "resolution" and actor in people and start <= at < end
    ]
    resolved = [
        is_reopened
        for case in cases
        for at, workers, is_reopened in case.resolvings
        for _ in workers & people
        if start <= at < end
    ]
    load = sum(case.assignee in people and case.closed is None for case in asked.records.by_id.values())
    limit = sum(int(asked.records.users[person]["capacity"]) for person in people)
    reopened = few_or_share(sum(resolved), len(resolved))
    kept = f"{sum(targets):,} of {len(targets):,}" if targets else NOTHING
    median = span_words(percentile(first, 0.5))
    return {
        "row": [f"{load:,} of {limit:,}", number(len(sent)), median, reopened, kept],
        "figures": [
            [number(load), f"of {limit:,} at most"],
            [number(len(sent)), "sent in this period"],
            [median, f"of {count_of(len(first), 'first response')}"],
            [reopened, f"{sum(resolved):,} of {len(resolved):,} resolved cases"],
            [kept, "response targets"],
        ],
        "answers-table": [
            [step.label, number(sum(step.start <= at < step.end for at in sent))] for step in asked.span.steps()
        ],
    }  # fmt: skip


def count_accounts(asked: Question) -> dict[str, list]:
    """Count by account: needing, answered, unanswered, rate, change, median; the last row is all of them."""
    now, before = _by_account(asked), _by_account(replace(asked, span=asked.span.before()))
    rows = [
        _account_row(asked, f"@{asked.records.brands[pk]['handle']}", now[pk], before.get(pk, [])) for pk in now
    ]  # fmt: skip
    everything, earlier = (sum(each.values(), []) for each in (now, before))
    return {"accounts": sorted(rows), "all accounts": [_account_row(asked, "", everything, earlier)]}


def _by_account(asked: Question) -> dict[int, list[Exchange]]:
    by_account: dict[int, list[Exchange]] = {}
    for each in asked.exchanges():
        by_account.setdefault(each.case.brand, []).append(each)
    return by_account


def _account_row(asked: Question, name: str, exchanges: list[Exchange], before: list[Exchange]) -> list[str]:
    took = [each.span for each in exchanges if each.span is not None]
    needing = len(exchanges)
    return [
        name, number(needing), number(len(took)), number(needing - len(took)), few_or_share(len(took), needing),
        _change_of(*(_ripe_of(asked, each) for each in (exchanges, before))), span_words(percentile(took, 0.5)),
    ]  # fmt: skip


def _ripe_of(asked: Question, exchanges: list[Exchange]) -> tuple[int, int]:
    """Return (answered, needing) of exchanges in steps that no answer in time can change."""
    now, before = asked.span, asked.span.before()
    steps = [*before.steps(), *now.steps()]
    ripe = [step for step in steps if step.end + asked.records.promised <= asked.now]
    counted = [each for each in exchanges if any(step.start <= each.arrived < step.end for step in ripe)]
    return sum(each.answer is not None for each in counted), len(counted)


def _change_of(now: tuple[int, int], before: tuple[int, int]) -> str:
    return NOTHING if now[1] < 5 or before[1] < 5 else change_words(now, before)


def count_register(records: Records, now: dt.datetime) -> dict[str, list[str]]:
    """Count by account what the register shows: public messages of 13 weeks, and the share of exchanges answered."""
    since = now - dt.timedelta(weeks=13)
    register = {}
    for pk, row in records.brands.items():
        cases = [case for case in records.cases if case.brand == pk and case.public]
        written = sum(
            not message.ours and since <= message.received < now for case in cases for message in case.live
        )
        exchanges = [each for case in cases for each in case.exchanges if since <= each.arrived < now]
        answered = sum(each.answer is not None for each in exchanges)
        register[f"@{row['handle']}"] = [number(written), few_or_share(answered, len(exchanges))]
    return register
