"""The numbers of today's board, counted from records, as the page writes them: whatever period the address names."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from tests.reports.independent.records import Case
from tests.reports.independent.response_board import Question
from tests.reports.independent.words import (
    DAY,
    HOUR,
    MINUTE,
    NOTHING,
    Span,
    count_of,
    left_words,
    midnight,
    number,
    percentile,
    span_words,
)

AGES = (30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, DAY, None)


@dataclass
class Day:
    """One day of the page's zone, with what arrived in each of its hours; no clock changes on it."""

    date: dt.date
    start: dt.datetime
    arrivals: list[dt.datetime]

    def of_hour(self, hour: int) -> int:
        start = self.start + hour * HOUR
        return sum(start <= at < start + HOUR for at in self.arrivals)

    def until(self, time: dt.timedelta) -> int:
        return sum(at < self.start + time for at in self.arrivals)


def count_today_board(asked: Question) -> dict[str, list]:
    zone = asked.span.zone
    today = asked.now.astimezone(zone).date()
    waiting = [case for case in asked.reported() if case.waits_since is not None]
    days = [_day(asked, today - 7 * n * DAY) for n in range(9)]
    # Days before anything was counted say nothing.
    while len(days) > 1 and not days[-1].arrivals:
        days.pop()
    passed = asked.now - days[0].start
    usual = _usual([day.until(passed) for day in days[1:]])
    return {
        "figures": [*_waiting_figures(asked, waiting), *_arrival_figures(asked, days, usual)],
        "ages-table": _ages(asked, waiting),
        "urgent-table": _urgent(asked, waiting),
        "arrivals-table": _hours(asked, days),
        "days-table": [[f"{day.date.day} {day.date:%b %Y}", number(day.until(passed))] for day in days[1:]],
    }


def _day(asked: Question, date: dt.date) -> Day:
    start, end = (midnight(each, asked.span.zone) for each in (date, date + DAY))
    span = Span(date, date + DAY, asked.span.zone, "day")
    arrivals = [each.arrived for each in Question(asked.records, asked.reader, span, asked.filters, asked.now).exchanges()]  # fmt: skip
    assert end - start == DAY
    return Day(date, start, arrivals)


def _usual(values: list[int]) -> list[int] | None:
    return [percentile(values, part) for part in (0.5, 0.1, 0.9)] if len(values) >= 3 else None


def _is_over(asked: Question, case: Case) -> bool:
    return case.response_due is not None and case.response_due < asked.now


def _is_due(asked: Question, case: Case) -> bool:
    return case.response_due is not None and asked.now <= case.response_due < asked.now + HOUR


def _person(asked: Question, pk: int) -> str:
    row = asked.records.users.get(pk)
    return f"{row['first_name']} {row['last_name']}".strip() or row["username"] if row else "nobody"


def _waiting_figures(asked: Question, waiting: list[Case]) -> list[list[str]]:
    over = sum(_is_over(asked, case) for case in waiting)
    due = [case for case in waiting if _is_due(asked, case)]
    alone = sum(not case.assignee for case in due)
    longest = min(waiting, key=lambda case: (case.waits_since, case.id), default=None)
    who = (
        f"{asked.name(longest.department)} · {_person(asked, longest.assignee)}"
        if longest
        else "nobody waits"
    )
    return [
        ["Unanswered now", number(len(waiting)), f"▲ {over:,} over target" if over else "none over target"],
        ["Longest wait", span_words(asked.now - longest.waits_since) if longest else NOTHING, who],
        [
            "Due in the next hour", number(len(due)),
            f"{'◷ ' if alone else ''}{alone:,} of them with nobody" if due else "no target ends by then",
        ],
    ]  # fmt: skip


def _arrival_figures(asked: Question, days: list[Day], usual: list[int] | None) -> list[list[str]]:
    weekday = f"{days[0].date:%A}"
    count = len(days[0].arrivals)
    compared = f"fewer than three {weekday}s to compare with"
    if usual:
        more = count - usual[0]
        words = f"{abs(more):,} {'more' if more > 0 else 'fewer'} than" if more else "as many as"
        compared = f"{words} usual by this time ({usual[0]:,})"
    took, before = _first_responses(asked, [days[0].date]), _first_responses(asked, [days[0].date - 7 * n * DAY for n in range(1, 9)])  # fmt: skip
    was = f"last 8 {weekday}s: {span_words(percentile(before, 0.5))}" if before else f"no {weekday} before"
    most = (
        f"9 in 10 within {span_words(percentile(took, 0.9))}, {count_of(len(took), 'case')}" if took else ""
    )
    return [
        ["Arrived today", number(count), compared],
        ["First response today, median", span_words(percentile(took, 0.5)), f"{was} {most}".strip()],
    ]


def _first_responses(asked: Question, dates: list[dt.date]) -> list[dt.timedelta]:
    spans = [Span(date, date + DAY, asked.span.zone, "day") for date in dates]
    return [
        case.first_response
        for case in asked.reported()
        if case.needs_answer and case.first_response is not None and any(span.holds(case.created) for span in spans)
    ]  # fmt: skip


def _ages(asked: Question, waiting: list[Case]) -> list[list[str]]:
    def row(name: str, cases: list[Case]) -> list[str]:
        by_age: list[list[Case]] = [[] for _ in AGES]
        for case in cases:
            age = asked.now - case.waits_since
            by_age[next(n for n, most in enumerate(AGES) if most is None or age < most)].append(case)
        over, due = (sum(is_so(asked, case) for case in cases) for is_so in (_is_over, _is_due))
        return [name, *(cell(each) for each in by_age), number(len(cases)), number(over), number(due)]

    def cell(cases: list[Case]) -> str:
        over = sum(_is_over(asked, case) for case in cases)
        part = f"{over:,} of " if 0 < over < len(cases) else ""
        return f"{'▲ ' if over else ''}{part}{len(cases):,}" if cases else NOTHING

    rows = [
        row(name, mine)
        for pk, (name, _) in asked.records.departments.items()
        if (mine := [case for case in waiting if case.department == pk])
    ]
    return [*rows, row("All departments", waiting)]


def _urgent(asked: Question, waiting: list[Case]) -> list[list[str]]:
    urgent = [case for case in waiting if _is_over(asked, case) or _is_due(asked, case)]
    rows = []
    for case in sorted(urgent, key=lambda case: (case.response_due, case.id))[:10]:
        left = case.response_due - asked.now
        words = f"▲ {span_words(-left)} over" if left < dt.timedelta() else f"◷ due in {left_words(left)}"
        rows.append([asked.name(case.department), _person(asked, case.assignee), span_words(asked.now - case.waits_since), words])  # fmt: skip
    return rows


def _hours(asked: Question, days: list[Day]) -> list[list[str]]:
    rows = []
    for hour in range(24):
        start = days[0].start + hour * HOUR
        usual = _usual([day.of_hour(hour) for day in days[1:]])
        runs = " still running" if start <= asked.now < start + HOUR else ""
        count = number(days[0].of_hour(hour)) if start <= asked.now else NOTHING
        rows.append([f"{hour:02}:00{runs}", count, *(map(number, usual) if usual else [NOTHING] * 3)])
    return rows
