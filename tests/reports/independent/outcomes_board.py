"""The numbers of the board of outcomes, counted from records, as the page writes them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from tests.reports.independent.records import Case, Exchange
from tests.reports.independent.response_board import Question
from tests.reports.independent.words import (
    DAY,
    HOUR,
    MINUTE,
    change_words,
    few_or_share,
    number,
)

SILENT_AFTER = 72 * HOUR
TONES = {"negative": "Negative", "neutral": "Neutral", "positive": "Positive", "": "Not read"}
DEEDS = {
    "thanked": "Thanked us", "fixed": "Said it is fixed", "again": "Wrote again", "escalated": "Escalated",
    "silent": "Went silent", "unripe": "Still counting",
}  # fmt: skip
BANDS = {
    "Within 15 min": 15 * MINUTE,
    "15 min to 1 h": HOUR,
    "1 h to 1 day": DAY,
    "After more than a day": None,
}


@dataclass
class Outcome:
    """What followed one answered exchange; `after` is None when the customer wrote nothing in time."""

    exchange: Exchange
    deed: str
    before: str
    after: str | None

    @property
    def is_known(self) -> bool:
        return self.deed != "unripe"

    @property
    def is_good(self) -> bool:
        return self.deed in ("thanked", "fixed")

    @property
    def is_escalated(self) -> bool:
        return self.deed == "escalated"

    @property
    def wrote(self) -> bool:
        return self.after is not None

    @property
    def is_liked(self) -> bool:
        return self.wrote and (self.is_good or self.after == "positive")

    @property
    def was_unhappy(self) -> bool:
        return self.before == "negative" and self.wrote

    @property
    def turned(self) -> bool:
        return self.before == "negative" and self.after == "positive"

    @property
    def shift(self) -> str:
        if self.after is None:
            return "Silent for 72 h"
        if not self.before or not self.after:
            return "Not read"
        order = list(TONES)
        change = order.index(self.after) - order.index(self.before)
        return "Better than before" if change > 0 else "Worse than before" if change < 0 else "The same"

    @property
    def band(self) -> str:
        return next(name for name, most in BANDS.items() if most is None or self.exchange.span <= most)


def list_outcomes(asked: Question) -> list[Outcome]:
    return [_outcome(asked, each) for each in asked.exchanges() if each.answer is not None]


def _outcome(asked: Question, each: Exchange) -> Outcome:
    live, answer = each.case.live, each.answer
    place = next(n for n, message in enumerate(live) if message is answer)
    last = live[place - 1]
    following = next((message for message in live[place:] if not message.ours), None)
    if following is not None and following.written > answer.written + SILENT_AFTER:
        following = None
    after = following.tone if following else None
    if following and (
        following.tone == "negative" and (last.tone in ("neutral", "positive") or following.says == "complains")
        or following.urgency > last.urgency
    ):  # fmt: skip
        deed = "escalated"
    elif following and following.says in ("fixed", "thanks"):
        deed = {"fixed": "fixed", "thanks": "thanked"}[following.says]
    elif _wrote_elsewhere(asked, each.case, answer.written):
        deed = "escalated"
    elif following:
        deed = "again"
    else:
        deed = "unripe" if answer.written + SILENT_AFTER > asked.now else "silent"
    return Outcome(each, deed, last.tone, after)


def _wrote_elsewhere(asked: Question, case: Case, answered: dt.datetime) -> bool:
    """Whether the customer asked another of our accounts in public, soon after the answer."""
    return any(
        message.wants and not message.ours and answered < message.written <= answered + SILENT_AFTER
        for other in asked.records.of_customer[case.customer]
        if other.brand != case.brand and other.public
        for message in other.live
    )  # fmt: skip


def count_outcomes_board(asked: Question) -> dict[str, list]:
    now, then = (list_outcomes(each) for each in (asked, replace(asked, span=asked.span.before())))
    known, known_then = ([each for each in outcomes if each.is_known] for outcomes in (now, then))
    board = {"figures": _figures(now, then, known, known_then), "closings-table": _closings(asked)}
    if not now:
        return board
    return board | {
        "flow-table": _flow(known),
        "deeds-table": [
            _compared(label, known, known_then, lambda each, deed=deed: each.deed == deed)
            for deed, label in list(DEEDS.items())[:-1]
        ],
        "bands-table": [_band(band, [each for each in known if each.band == band]) for band in BANDS],
        "shifts-table": [
            _compared(shift, known, known_then, lambda each, shift=shift: each.shift == shift)
            for shift in ("Better than before", "The same", "Worse than before", "Silent for 72 h", "Not read")
            if shift != "Not read" or any(each.shift == shift for each in now)
        ],
        "outcome-departments-table": _by_department(asked, now),
        "outcome-steps-table": [
            _deeds(step.label, [each for each in now if step.start <= each.exchange.arrived < step.end])
            for step in asked.span.steps()
        ],
    }  # fmt: skip


def _figures(now: list, then: list, known: list, known_then: list) -> list[list[str]]:
    def figure(
        part: str, whole: str, of_whom: str, reference: str = "", *, is_of_known: bool = False
    ) -> list[str]:
        counts = []
        for every, sure in ((now, known), (then, known_then)):
            rows = sure if is_of_known else every
            counts.append(
                (sum(getattr(each, part) for each in every), sum(getattr(each, whole) for each in rows))
            )
        change = change_words(*counts)
        was = f"before {few_or_share(*counts[1])}" if counts[1][1] else ""
        comparison = " · ".join(filter(None, (reference, ", ".join(filter(None, (change, was))))))
        return [few_or_share(*counts[0]), f"{counts[0][0]:,} of {counts[0][1]:,} {of_whom}", comparison]

    return [
        figure("turned", "was_unhappy", "unhappy ones who wrote again"),
        figure("is_liked", "wrote", "who wrote again", "2011 survey: 83.5%"),
        figure("is_good", "is_known", "answered", is_of_known=True),
        figure("is_escalated", "is_known", "answered", is_of_known=True),
    ]  # fmt: skip


def _compared(label: str, known: list, known_then: list, is_counted) -> list[str]:
    n, n_then = (sum(map(is_counted, outcomes)) for outcomes in (known, known_then))
    return [
        label,
        number(n),
        few_or_share(n, len(known)),
        number(n_then),
        few_or_share(n_then, len(known_then)),
    ]


def _flow(known: list[Outcome]) -> list[list[str]]:
    columns = [tone for tone in TONES if tone or any(each.after == "" for each in known)] + [None]
    rows = [tone for tone in TONES if tone or any(each.before == "" for each in known)]

    def row(label: str, outcomes: list[Outcome]) -> list[str]:
        cells = [number(sum(each.after == column for each in outcomes)) for column in columns]
        return [label, *cells, number(len(outcomes))]

    return [
        *(row(TONES[tone], [each for each in known if each.before == tone]) for tone in rows),
        row("All", known),
    ]


def _band(label: str, known: list[Outcome]) -> list[str]:
    unhappy, turned = sum(each.was_unhappy for each in known), sum(each.turned for each in known)
    row = [label, number(len(known)), number(unhappy), number(turned), few_or_share(turned, unhappy)]
    for is_counted in (
        lambda each: each.is_good, lambda each: each.deed == "escalated", lambda each: each.deed == "silent"
    ):  # fmt: skip
        n = sum(map(is_counted, known))
        row += [number(n), few_or_share(n, len(known))]
    return row


def _by_department(asked: Question, now: list[Outcome]) -> list[list[str]]:
    rows = []
    for pk, (name, _) in asked.records.departments.items():
        mine = [each for each in now if each.exchange.case.department == pk]
        if mine:
            rows.append(_deeds(name, mine))
    return rows


def _deeds(label: str, outcomes: list[Outcome]) -> list[str]:
    known = [each for each in outcomes if each.is_known]
    good, escalated = sum(each.is_good for each in known), sum(each.deed == "escalated" for each in known)
    return [
        label, number(len(outcomes)), *(number(sum(each.deed == deed for each in outcomes)) for deed in DEEDS),
        few_or_share(good, len(known)), few_or_share(escalated, len(known)),
    ]  # fmt: skip


def _closings(asked: Question) -> list[list[str]]:
    rows = {"Hanging: closed on the customer’s last public word, which needs an answer": [], "Opened again: after we answered and resolved it": []}  # fmt: skip
    for question in (asked, replace(asked, span=asked.span.before())):
        created = question.created()
        closed = [case for case in created if case.closed is not None]
        done = [
            case for case in created if case.first_resolved is not None and case.first_response is not None
        ]
        counts = ((sum(_hangs(case) for case in closed), len(closed)), (sum(case.was_reopened for case in done), len(done)))  # fmt: skip
        for row, (part, whole) in zip(rows.values(), counts, strict=True):
            row += [number(part), number(whole), few_or_share(part, whole)]
    # The number of those before stands alone, without of how many.
    return [[label, *row[:4], row[5]] for label, row in rows.items()]


def _hangs(case: Case) -> bool:
    public = [message for message in case.live if message.public]
    return bool(public) and not public[-1].ours and public[-1].wants
