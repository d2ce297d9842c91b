"""Hand-overs between departments, formatted: the matrix, cases sent back and forth, cases sent wrong at first.

They stand on the page of the horseshoe, in its lower half: a wait in the drawing is explained by the pair in which it arose.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from typing import Any

from inbox.visibility import Reach, case_scope, list_departments
from reports.behind.selections import Links, Selection
from reports.measures.back_and_forth import Return
from reports.measures.first_turns import FirstTurns
from reports.measures.hand_overs import HandOverPair
from reports.periods import Period, last_weeks
from reports.rollups.hand_overs import hand_over_pairs
from reports.rollups.readers.returns import find_returns, first_turns
from reports.wording import duration_cell, rate_cell
from wording.numbers import FEWEST, NO_VALUE, format_count, format_share
from wording.spans import figure_span

#: From this wait on a cell is coloured, one shade more for each step.
_SHADES = tuple(dt.timedelta(minutes=minutes) for minutes in (15, 30, 45, 60))
_MOST_ROWS = 6
_BAR_HEIGHT = 18
_DECIDED_BY = {
    "default": "No rule matched",
    "thread": "Stayed with its thread",
    "learned": "Learned router",
    "person": "A person",
}


def hand_overs_context(selection: Selection, count: int, count_before: int | None) -> dict[str, Any]:
    """Build the lower half of the page; the counts are of cases that changed department, in both periods."""
    pairs = hand_over_pairs(selection.user, selection.period, selection.filters, now=selection.now)
    names = {department.pk: department.name for department in list_departments(selection.user)}
    turns = first_turns(selection.user, selection.period, selection.filters, now=selection.now)
    return {
        "matrix": _matrix(pairs, names, selection),
        "returns": _returns(selection, names, (count, count_before)),
        "turns": _turns(turns, selection),
        "pairs": [pair_row(pair, selection.links) for pair in pairs],
    }


def _matrix(pairs: Sequence[HandOverPair], names: dict[int, str], selection: Selection) -> dict[str, Any]:
    by_ends = {(pair.from_id, pair.to_id): pair for pair in pairs}
    taking_part = {end for ends in by_ends for end in ends}
    ids = [pk for pk in names if pk in taking_part]
    rows = [
        {
            "name": names[start],
            "cells": [_cell(start, end, by_ends.get((start, end)), selection) for end in ids],
            "total": _total(pairs, selection, from_id=start),
        }
        for start in ids
    ]
    return {
        "names": [names[pk] for pk in ids],
        "rows": rows,
        "received": [_total(pairs, selection, to_id=end) for end in ids],
        "total": _total(pairs, selection),
        "count": format_count(sum(pair.count for pair in pairs), "hand-over"),
        "waiting": f"{sum(pair.waiting for pair in pairs):,}",
        "finding": _slowest(pairs),
    }


def _cell(start: int, end: int, pair: HandOverPair | None, selection: Selection) -> dict[str, Any]:
    if pair is None:
        return {"sign": "·" if start == end else NO_VALUE}
    is_few = pair.count < FEWEST or pair.median_wait is None
    wait = dt.timedelta() if pair.median_wait is None else pair.median_wait
    return {
        "count": f"{pair.count:,}",
        "wait": "few" if is_few else figure_span(wait),
        "shade": 0 if is_few else sum(wait >= shade for shade in _SHADES),
        "href": _pair_href(selection.links, from_id=start, to_id=end),
        "words": f"{pair.from_name} to {pair.to_name}",
    }


def _total(pairs: Sequence[HandOverPair], selection: Selection, **ends: int) -> dict[str, str]:
    chosen = [pair for pair in pairs if all(getattr(pair, name) == end for name, end in ends.items())]
    count = sum(pair.count for pair in chosen)
    return {"count": f"{count:,}", "href": _pair_href(selection.links, **ends) if count else ""}


def _pair_href(links: Links, **ends: Any) -> str:
    return links.list_href("handed_over", **ends)


def _slowest(pairs: Sequence[HandOverPair]) -> str:
    """Return which pair waits longest, in a line."""
    if not pairs:
        return ""
    waits = [
        (pair.median_wait, pair) for pair in pairs if pair.median_wait is not None and pair.count >= FEWEST
    ]
    if not waits:
        return "Every pair has few hand-overs."
    wait, pair = max(waits, key=lambda each: (each[0], each[1].count))
    if wait < _SHADES[0]:
        return (
            f"No pair waits long: the slowest is {pair.from_name} to {pair.to_name} with {figure_span(wait)}."
        )
    return f"{pair.from_name} to {pair.to_name} is the slowest: half of {format_count(pair.count, 'hand-over')} waited {figure_span(wait)} or longer."


def pair_row(pair: HandOverPair, links: Links) -> dict[str, Any]:
    """Return a row of `reports/_pairs.html`, the table of pairs on every page."""
    is_few = pair.count < FEWEST

    def show(span: dt.timedelta | None) -> str:
        return "few" if is_few else duration_cell(span)

    return {
        "from": pair.from_name,
        "to": pair.to_name,
        "count": f"{pair.count:,}",
        "waiting": f"{pair.waiting:,}",
        "median": show(pair.median_wait),
        "most": show(pair.p90_wait),
        "custody": show(pair.median_custody),
        "came_back": rate_cell(pair.came_back, pair.count),
        "href": _pair_href(links, from_id=pair.from_id, to_id=pair.to_id),
    }


def _returns(selection: Selection, names: dict[int, str], counts: tuple[int, int | None]) -> dict[str, Any]:
    count, count_before = counts
    period, compared = selection.period, selection.compared
    weeks = last_weeks(8, now=period.end - dt.timedelta(microseconds=1), zone=period.zone)
    everything = find_returns(
        selection.user,
        [period, weeks, *([compared] if compared else [])],
        selection.filters,
        now=selection.now,
    )
    now = [each for each in everything if _is_within(each, period)]
    before = [each for each in everything if _is_within(each, compared)] if compared else []
    by_pair, by_pair_before = Counter(each.pair for each in now), Counter(each.pair for each in before)
    rows = [
        {
            "name": f"{names.get(first, '')} ⇄ {names.get(second, '')}",
            "count": f"{number:,}",
            "share": rate_cell(number, count),
            "before": f"{by_pair_before[first, second]:,}" if compared else NO_VALUE,
            "href": selection.list_href("came_back", pair=f"{first}-{second}"),
            "weeks": _week_bars([each for each in everything if each.pair == (first, second)], weeks, period),
        }
        for (first, second), number in sorted(by_pair.items(), key=lambda each: (-each[1], each[0]))[
            :_MOST_ROWS
        ]
    ]
    total, total_before = len({each.case_id for each in now}), len({each.case_id for each in before})
    return {
        "rows": rows,
        "more": len(by_pair) - len(rows),
        "total": f"{total:,}",
        "share": rate_cell(total, count),
        "before": f"{total_before:,}" if compared else NO_VALUE,
        "href": selection.list_href("came_back"),
        "finding": _returns_finding((total, count), (total_before, count_before or 0) if compared else None),
        "count": format_count(count, "case"),
    }


def _is_within(each: Return, period: Period) -> bool:
    return period.start <= each.created_at < period.end


def _week_bars(returns: Sequence[Return], weeks: Period, period: Period) -> dict[str, Any]:
    counts = [sum(step.start <= each.created_at < step.end for each in returns) for step in weeks.steps]
    most = max(counts, default=0) or 1
    bars = [
        {
            "x": 10 * place,
            "y": round(_BAR_HEIGHT - max(_BAR_HEIGHT * number / most, 1), 1),
            "height": round(max(_BAR_HEIGHT * number / most, 1), 1),
            "is_now": step.start < period.end and step.end > period.start,
        }
        for place, (step, number) in enumerate(zip(weeks.steps, counts, strict=True))
    ]
    return {
        "bars": bars,
        "words": f"Eight weeks, oldest first: {', '.join(str(number) for number in counts)}",
    }


def _returns_finding(now: tuple[int, int], before: tuple[int, int] | None) -> str:
    """Compare shares: a longer or busier period has more of every kind of case."""
    words = f"{now[0]:,} of {format_count(now[1], 'case')} came back"
    if now[1] >= FEWEST:
        words = f"{words} ({format_share(*now)})"
    if before is None or before[1] < FEWEST:
        return f"{words}."
    return f"{words}; before, {before[0]:,} of {before[1]:,} ({format_share(*before)})."


def _turns(turns: Sequence[FirstTurns], selection: Selection) -> dict[str, Any]:
    wrong, sent = sum(turn.wrong for turn in turns), sum(turn.sent for turn in turns)
    # Of the cases that a rule sent, this reader sees only those that ended here: no share of the rule.
    is_partial = _sees_some_departments(selection)
    rows = [
        {
            "name": turn.rule_name or _DECIDED_BY.get(turn.decided_by, "A rule without a name"),
            "sent": f"{turn.sent:,}",
            "wrong": f"{turn.wrong:,}",
            "share": NO_VALUE if is_partial else rate_cell(turn.wrong, turn.sent),
            "is_bad": not is_partial and turn.sent >= FEWEST and 10 * turn.wrong >= turn.sent,
            "sent_href": selection.list_href("first_turn", by=turn.decided_by, rule=turn.rule_key),
            "wrong_href": selection.list_href(
                "first_turn", by=turn.decided_by, rule=turn.rule_key, wrong="yes"
            ),
        }
        for turn in turns[:_MOST_ROWS]
    ]
    return {
        "rows": rows,
        "more": max(len(turns) - _MOST_ROWS, 0),
        "sent": f"{sent:,}",
        "wrong": f"{wrong:,}",
        "share": rate_cell(wrong, sent),
        "sent_href": selection.list_href("first_turn"),
        "wrong_href": selection.list_href("first_turn", wrong="yes"),
        "finding": _turns_finding(turns, wrong),
        "count": format_count(sent, "closed case"),
        "is_partial": is_partial,
    }


def _sees_some_departments(selection: Selection) -> bool:
    """Return whether only cases that ended in some departments are counted."""
    return bool(selection.filters.department_ids) or case_scope(selection.user).reach is Reach.OWN_DEPARTMENTS


def _turns_finding(turns: Sequence[FirstTurns], wrong: int) -> str:
    if not turns:
        return ""
    if not wrong:
        return "Every case was closed where it was sent first."
    worst = turns[0]
    these = f"{worst.wrong:,} of {format_count(wrong, 'case')} that went to a wrong department first"
    if not worst.rule_name and worst.decided_by == "default":
        return f"No rule matched {these}."
    name = f"The rule “{worst.rule_name}”" if worst.rule_name else _DECIDED_BY.get(worst.decided_by, "A rule")
    return f"{name}: {these}."
