"""At most three sentences under the horseshoe, each with its number and a link; none without enough cases."""

from __future__ import annotations

import datetime as dt

from accounts.models.roster import WEEKDAYS
from inbox.horseshoe.parts import PartKind
from reports.behind.selections import Selection
from reports.dashboards.horseshoe_board import HorseshoeBoard
from reports.dashboards.insights.sentences import MOST_SENTENCES, Sentence
from reports.measures.hours.roster_starts import earliest_start
from reports.measures.weekday_waits import WeekdayWait
from reports.rollups.hand_overs import weekday_waits
from reports.rollups.readers.closure import without_closure_by_step
from wording.numbers import FEWEST, format_count
from wording.spans import figure_span

#: A weekday is worth a sentence when it waits so many times as long as the others, and so much longer.
_TIMES, _LONGER = 2, dt.timedelta(minutes=15)
#: A week or day is worth one when so large a share of those without closure wrote in it.
_SHARE = 0.25
_MORNING = dt.time(9)


def horseshoe_sentences(board: HorseshoeBoard) -> list[Sentence]:
    """Return the sentences that have evidence, the most useful first. At most three statements."""
    sentences = (_slow_weekday(board), _changed_part(board), _closure_by_time(board))
    return [sentence for sentence in sentences if sentence is not None][:MOST_SENTENCES]


def _slow_weekday(board: HorseshoeBoard) -> Sentence | None:
    selection = board.selection
    waits = weekday_waits(selection.user, selection.period, selection.filters, now=selection.now)
    slow = [(excess, wait) for wait in waits if (excess := _excess(wait)) is not None]
    if not slow:
        return None
    _, wait = max(slow, key=lambda each: (each[0] * each[1].count, each[1].count))
    if wait.median is None or wait.median_else is None:
        return None
    start, end = board.names.get(wait.from_id, ""), board.names.get(wait.to_id, "")
    times = wait.median // max(wait.median_else, dt.timedelta(seconds=1))
    day = WEEKDAYS[wait.weekday]
    return Sentence(
        f"Hand-overs from {start} to {end} waited {figure_span(wait.median)} on {day}s, "
        f"{times:,} times as long as on other days ({figure_span(wait.median_else)})"
        + (":" if (gap := _roster_gap(selection, wait, end)) else "."),
        f"{gap} {wait.count:,} of them were sent on {day}s.".strip(),
        format_count(wait.count_all, "hand-over"),
        selection.list_href("handed_over", from_id=wait.from_id, to_id=wait.to_id),
    )


def _excess(wait: WeekdayWait) -> dt.timedelta | None:
    """Return by how much a weekday is slower; None if not by enough, or of too few."""
    if wait.count < FEWEST or wait.count_all - wait.count < FEWEST:
        return None
    if wait.median is None or wait.median_else is None or wait.median < _TIMES * wait.median_else:
        return None
    excess = wait.median - wait.median_else
    return excess if excess >= _LONGER else None


def _roster_gap(selection: Selection, wait: WeekdayWait, name: str) -> str:
    """Return what the roster lacks on that weekday, "" if nothing."""
    is_on_roster, first = earliest_start(wait.to_id, wait.weekday, selection.period, now=selection.now)
    if not is_on_roster:
        return ""
    if first is None:
        return f"nobody from {name} is on the roster on {WEEKDAYS[wait.weekday]}s."
    if first > _MORNING:
        return f"nobody from {name} is on the roster before {first:%H:%M} on {WEEKDAYS[wait.weekday]}s."
    return ""


def _changed_part(board: HorseshoeBoard) -> Sentence | None:
    """Return the part that changed most.

    None if by less than a tenth of the whole.
    """
    if board.before is None:
        return None
    changes = [(board.now.rounded.get(key, dt.timedelta()) - (board.before_of(key) or dt.timedelta()), key) for key in board.keys]  # fmt: skip
    change, key = max(changes, key=lambda each: abs(each[0]), default=(dt.timedelta(), None))
    if key is None or not change or 10 * abs(change) < max(board.now.total, board.before.total):
        return None
    name = board.names.get(key[1], "")
    subject = {
        PartKind.FRONT: f"The front line in {name}",
        PartKind.UNACCEPTED: f"The wait until {name} accepts",
        PartKind.WORK: f"The work in {name}",
        PartKind.WAY_BACK: "The way back",
    }[key[0]]
    now, before = board.now.rounded.get(key, dt.timedelta()), board.before_of(key) or dt.timedelta()
    verb = "fell" if change < dt.timedelta() else "rose"
    return Sentence(
        f"{subject} {verb} from {board.scale.format(before)} to {board.scale.format(now)}",
        "on average over the middle fifth of cases.",
        format_count(board.now.shoe.middle, "case"),
        board.href(key[0], key[1]),
    )


def _closure_by_time(board: HorseshoeBoard) -> Sentence | None:
    """Return the step with most customers without closure.

    None if it does not stand out.
    """
    closure, selection = board.closure, board.selection
    if closure.without < 2 * FEWEST or len(selection.period.steps) < 3:
        return None
    steps = without_closure_by_step(selection.user, selection.period, selection.filters, now=selection.now)
    step, count = max(steps, key=lambda each: each[1])
    even = closure.without / len(steps)
    if count < FEWEST or count < _SHARE * closure.without or count < 1.5 * even:
        return None
    waiting = closure.waiting_in_public
    rest = f"{waiting:,} of the {closure.without:,} {'is' if waiting == 1 else 'are'} still waiting in public." if waiting else ""  # fmt: skip
    label = step.label[0].lower() + step.label[1:] if step.label.startswith("Week") else step.label
    return Sentence(
        f"{count:,} of the {closure.without:,} customers without closure wrote in {label}.",
        rest,
        format_count(count, "customer"),
        selection.list_href("no_closure", step=step.key),
    )
