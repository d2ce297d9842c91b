"""The numbers of the board of service levels, counted from records, as the page writes them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace

from tests.reports.independent.response_board import CLOCKS, Question
from tests.reports.independent.words import (
    HOUR,
    NOTHING,
    change_words,
    count_of,
    few_or_share,
    number,
    percentile,
    span_words,
)


@dataclass
class Target:
    """One promise of one case: met, missed, or (None) not due yet; `late` is how late it ended, if that was noted."""

    clock: str
    is_met: bool | None
    runs: bool
    due: dt.datetime
    created: dt.datetime
    department: int
    policy: str | None = None
    late: dt.timedelta | None = None


def list_targets(asked: Question) -> list[Target]:
    targets = []
    for case in asked.created():
        base = {"created": case.created, "department": case.department}
        for _, at, _, record in case.newest_clocks:
            clock = record["clock"]
            if clock == "resolution" and case.status != "resolved":
                continue
            late, due = None, at
            if "due" in record:
                due = min(dt.datetime.fromisoformat(record["due"]), at)
                late = at - due
            elif "used" in record and "target" in record:
                late = dt.timedelta(seconds=record["used"] - record["target"])
            targets.append(
                Target(clock, record["met"], False, due, policy=record.get("policy", ""), late=late, **base)
            )
        for clock, due in case.due.items():
            # After the first response its target has ended, and its due time only stays as a record.
            is_over = clock == "first_response" and case.first_response is not None
            if case.closed is None and due is not None and not is_over:
                targets.append(Target(clock, False if due < asked.now else None, True, due, **base))
    return targets


@dataclass
class Sum:
    met: int
    missed: int
    overdue: int
    in_time: int

    @classmethod
    def of(cls, targets: Iterable[Target]) -> Sum:
        targets = list(targets)
        return cls(
            sum(each.is_met is True for each in targets), sum(each.is_met is False for each in targets),
            sum(each.is_met is False and each.runs for each in targets), sum(each.is_met is None for each in targets),
        )  # fmt: skip

    @property
    def ended(self) -> int:
        return self.met + self.missed

    @property
    def share(self) -> str:
        return few_or_share(self.met, self.ended)

    @property
    def cells(self) -> list[str]:
        return [number(each) for each in (self.met, self.missed, self.overdue, self.in_time)] + [self.share]


def count_service_levels_board(asked: Question) -> dict[str, list]:
    targets, before = (list_targets(each) for each in (asked, replace(asked, span=asked.span.before())))
    board = {"risk-table": _at_risk(asked)}
    if not targets:
        return board | {"figures": []}
    total, then = Sum.of(targets), Sum.of(before)
    figures = [[total.share, f"{total.met:,} of {count_of(total.ended, 'target')}", _change(total, then)]]
    rows = []
    for clock, label in CLOCKS.items():
        mine, mine_then = (
            Sum.of(each for each in every if each.clock == clock) for every in (targets, before)
        )
        figures.append([mine.share, f"{mine.missed:,} of {mine.ended:,} missed", _change(mine, mine_then)])
        late = [
            each.late
            for each in targets
            if each.clock == clock and each.is_met is False and each.late is not None
        ]
        words = span_words(percentile(late, 0.5)) if len(late) >= 5 else "few" if late else NOTHING
        rows.append([label, *mine.cells, mine_then.share, words])
    steps = [
        (step.label, Sum.of(each for each in targets if step.start <= each.created < step.end))
        for step in asked.span.steps()
    ]
    return board | {
        "figures": figures,
        "targets-table": [*rows, ["All targets", *total.cells, then.share, NOTHING]],
        "steps-table": [
            [label, number(of.met), number(of.missed), number(of.in_time), of.share] for label, of in steps
        ],
        "target-departments-table": _by_department(asked, targets),
        "policies-table": _by_policy(targets),
        "missed-hours-table": _by_hour(asked, targets),
    }


def _change(now: Sum, before: Sum) -> str:
    return change_words((now.met, now.ended), (before.met, before.ended))


def _by_department(asked: Question, targets: list[Target]) -> list[list[str]]:
    rows = []
    for pk, (name, _) in asked.records.departments.items():
        mine = [each for each in targets if each.department == pk]
        if mine:
            of_clocks = [Sum.of(each for each in mine if each.clock == clock).share for clock in CLOCKS]
            rows.append([name, *Sum.of(mine).cells, *of_clocks])
    return rows


def _by_policy(targets: list[Target]) -> list[list[str]]:
    ended = [each for each in targets if not each.runs]
    rows = []
    for policy in {each.policy for each in ended}:
        mine = Sum.of(each for each in ended if each.policy == policy)
        rows.append([policy or "no longer known", number(mine.met), number(mine.missed), mine.share])
    return sorted(rows)


def _by_hour(asked: Question, targets: list[Target]) -> list[list[str]]:
    due = [each.due.astimezone(asked.span.zone) for each in targets if each.is_met is False]
    return [
        [f"{hour:02}:00", *(number(sum((at.hour, at.weekday()) == (hour, day) for at in due)) for day in range(7))]
        for hour in range(24)
    ]  # fmt: skip


def _at_risk(asked: Question) -> list[list[str]]:
    waiting = [case for case in asked.reported() if case.waits_since is not None and case.response_due is not None]  # fmt: skip
    rows = []
    for pk, (name, _) in asked.records.departments.items():
        mine = [case for case in waiting if case.department == pk]
        over = sum(case.response_due < asked.now for case in mine)
        due = [case for case in mine if asked.now <= case.response_due < asked.now + HOUR]
        if over or due:
            rows.append(
                [name, number(over), number(len(due)), number(sum(not case.assignee for case in due))]
            )
    return rows
