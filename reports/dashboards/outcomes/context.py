"""Format what our answers did: figures, tone before and after, what customers did next, by time, department and step."""

from __future__ import annotations

from typing import Any

from reports.behind.selections import Selection
from reports.dashboards.drawings import draw
from reports.dashboards.outcomes.board import (
    BAND_LABELS,
    DEED_LABELS,
    KNOWN,
    TURNED,
    UNHAPPY,
    WROTE,
    OutcomeBoard,
    measure_board,
)
from reports.dashboards.outcomes.charts import deeds_context, flow_context
from reports.dashboards.outcomes.sentences import outcome_sentences
from reports.dashboards.response import Figure
from reports.measures.outcomes import LIKED_IN_2011
from reports.periods import name_days
from reports.wording import format_points_change, rate_cell
from wording.numbers import NO_VALUE, format_count, format_rate

_SHIFTS = {
    "better": "Better than before",
    "same": "The same",
    "worse": "Worse than before",
    "silent": "Silent for 72 h",
    "unread": "Not read",
}


def outcomes_context(selection: Selection) -> dict[str, Any]:
    """Build what `reports/outcomes.html` shows of them."""
    board = measure_board(selection)
    compared = selection.compared
    return {
        "figures": _figures(board, board.count(**KNOWN)),
        "what_followed": draw(
            "reports/_outcomes.html", _board_context, board, name_days(compared) if compared else ""
        ),
        "sentences": outcome_sentences(board),
    }


def _board_context(board: OutcomeBoard, compared_span: str) -> dict[str, Any]:
    counted = board.count(**KNOWN)
    return {
        "board": {"name": "outcomes"},
        "selection": board.links,
        "compared_span": compared_span,
        "answered": format_count(counted + board.now.unripe, "answered exchange"),
        "answered_href": board.href(),
        "known": format_count(counted, "answered exchange"),
        "known_href": board.href(**KNOWN),
        "unripe": f"{board.now.unripe:,}" if board.now.unripe else "",
        "unripe_href": board.href(deed="unripe"),
        "has_outcomes": bool(board.now.whole),
        "compares": board.before is not None,
        "flow": flow_context(board),
        "deeds": deeds_context(board),
        "shifts": [
            _shift_row(board, key, label)
            for key, label in _SHIFTS.items()
            if key != "unread" or board.count(shift=key)
        ],
        "bands": [_band_row(board, str(band), label) for band, label in enumerate(BAND_LABELS)],
        "closings": _closing_rows(board),
        "outcome_steps": _step_rows(board),
        "outcome_departments": _department_rows(board),
        "outcome_labels": list(DEED_LABELS.values()),
        "liked_in_2011": f"{LIKED_IN_2011:.1%}",
    }


def _figures(board: OutcomeBoard, counted: int) -> list[Figure]:
    return [
        _figure(board, "Turned from negative to positive", TURNED, UNHAPPY, "unhappy ones who wrote again"),
        _figure(board, "Loved or liked our answer", {"liked": "yes", **WROTE}, WROTE, "who wrote again", f"2011 survey: {LIKED_IN_2011:.1%}"),
        _figure(board, "Gave thanks, or said it is fixed", {"good": "yes"}, KNOWN, "answered"),
        _figure(board, "Escalated", {"deed": "escalated"}, KNOWN, "answered"),
    ]  # fmt: skip


def _figure(
    board: OutcomeBoard, label: str, part: dict[str, str], whole: dict[str, str], of_whom: str, reference: str = ""
) -> Figure:  # fmt: skip
    now = board.count(**part), board.count(**whole)
    before = board.count_before(**part), board.count_before(**whole)
    change = format_points_change(now, before) if board.before else ""
    was = f"before {format_rate(*before)}" if board.before and before[1] else ""
    comparison = ", ".join(filter(None, (change, was)))
    return Figure(
        label,
        format_rate(*now),
        f"{now[0]:,} of {now[1]:,} {of_whom}",
        " · ".join(filter(None, (reference, comparison))),
        board.href(**part),
    )


def _shift_row(board: OutcomeBoard, key: str, label: str) -> dict[str, str]:
    # Those who may still write are not silent yet.
    asked = {"shift": key, **KNOWN}
    return _compared_row(board, label, asked, KNOWN)


def _compared_row(
    board: OutcomeBoard, label: str, part: dict[str, str], whole: dict[str, str]
) -> dict[str, str]:
    now = board.count(**part)
    before = (board.count_before(**part), board.count_before(**whole)) if board.before else None
    return {
        "label": label,
        "n": f"{now:,}",
        "href": board.href(**part),
        "share": rate_cell(now, board.count(**whole)),
        "before": f"{before[0]:,}" if before else NO_VALUE,
        "before_share": rate_cell(*before) if before else NO_VALUE,
    }


def _band_row(board: OutcomeBoard, band: str, label: str) -> dict[str, Any]:
    of_band = {"band": band, **KNOWN}
    counted = board.count(**of_band)
    unhappy, turned = board.count(**of_band, **UNHAPPY), board.count(**of_band, **TURNED)
    cells = []
    for part in ({"good": "yes"}, {"deed": "escalated"}, {"deed": "silent"}):
        n = board.count(**of_band, **part)
        cells.append({"n": f"{n:,}", "href": board.href(**of_band, **part), "share": rate_cell(n, counted)})
    return {
        "label": label,
        "known": f"{counted:,}",
        "known_href": board.href(**of_band),
        "unhappy": f"{unhappy:,}",
        "unhappy_href": board.href(**of_band, **UNHAPPY),
        "turned": f"{turned:,}",
        "turned_href": board.href(**of_band, **TURNED),
        "turned_share": rate_cell(turned, unhappy),
        "cells": cells,
    }


def _closing_rows(board: OutcomeBoard) -> list[dict[str, str]]:
    kinds = (
        ("Hanging", "closed on the customer’s last public word, which needs an answer", "hanging", "all",
         (0, "hanging"), (0, "hanging", "settled")),
        ("Opened again", "after we answered and resolved it", "reopened", "answered",
         (1, "reopened"), (1, "reopened", "stayed")),
    )  # fmt: skip
    rows = []
    for label, words, part_end, whole_end, part, whole in kinds:
        now = board.closed(*part), board.closed(*whole)
        before = board.closed_before(*part), board.closed_before(*whole)
        rows.append(
            {
                "label": label,
                "words": words,
                "n": f"{now[0]:,}",
                "href": board.links.list_href("closing", end=part_end),
                "whole": f"{now[1]:,}",
                "whole_href": board.links.list_href("closing", end=whole_end),
                "share": rate_cell(*now),
                "before": f"{before[0]:,}" if board.before else NO_VALUE,
                "before_share": rate_cell(*before) if board.before else NO_VALUE,
            }
        )
    return rows


def _step_rows(board: OutcomeBoard) -> list[dict[str, Any]]:
    return [
        _deed_row(board, step.label, {deed: board.now.by_step[place, deed] for deed in DEED_LABELS}, {"step": step.key})
        for place, step in enumerate(board.steps)
    ]  # fmt: skip


def _department_rows(board: OutcomeBoard) -> list[dict[str, Any]]:
    rows = []
    for department_id, name in board.departments:
        numbers = {deed: board.now.by_department[department_id, deed] for deed in DEED_LABELS}
        if any(numbers.values()):
            rows.append(_deed_row(board, name, numbers, {}, department_id))
    return rows


def _deed_row(
    board: OutcomeBoard, label: str, numbers: dict[str, int], query: dict[str, str], department_id: int = 0
) -> dict[str, Any]:
    narrowed = {"department_ids": (department_id,)} if department_id else None

    def href(**asked: str) -> str:
        return board.links.list_href("outcome", narrowed=narrowed, **asked, **query)

    counted = sum(n for deed, n in numbers.items() if deed != "unripe")
    return {
        "label": label,
        "answered": f"{sum(numbers.values()):,}",
        "href": href(),
        "cells": [
            (deed_label, f"{numbers[deed]:,}", href(deed=deed)) for deed, deed_label in DEED_LABELS.items()
        ],
        "good": rate_cell(numbers["thanked"] + numbers["fixed"], counted),
        "escalated": rate_cell(numbers["escalated"], counted),
    }
