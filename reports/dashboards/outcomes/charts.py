"""The two charts of outcomes, each with its finding and its table: tone before and after, and what customers did next."""

from __future__ import annotations

from typing import Any

from reports.charts.flows import Node, flow_chart
from reports.charts.shares import share_chart
from reports.dashboards.outcomes.board import (
    AFTER_LABELS,
    DEED_LABELS,
    KNOWN,
    TONE_LABELS,
    TURNED,
    UNHAPPY,
    OutcomeBoard,
)
from reports.wording import rate_cell
from wording.numbers import FEWEST, NO_VALUE, format_rate, format_share

_SIGNS = {"thanked": "✓", "fixed": "✓", "again": "", "escalated": "▲", "silent": ""}


def flow_context(board: OutcomeBoard) -> dict[str, Any]:
    """Build the flow from tone to tone, and its matrix."""
    numbers = {
        (before, after): n
        for before in TONE_LABELS
        for after in AFTER_LABELS
        if (n := board.count(before=before, after=after, **KNOWN))
    }
    total = sum(numbers.values())
    flow = flow_chart(list(TONE_LABELS), list(AFTER_LABELS), numbers)
    turned, unhappy = board.count(**TURNED), board.count(**UNHAPPY)
    columns = [
        after for after in AFTER_LABELS if after != "unread" or any(end == after for _, end in numbers)
    ]
    return {
        "finding": f"{format_share(turned, unhappy)} of unhappy customers who wrote again came back content."
        if unhappy >= FEWEST
        else "Too few unhappy customers wrote again for a share.",
        "silent": format_rate(board.count(after="silent", **KNOWN), total),
        "left": [_node(board, node, TONE_LABELS[node.key], "before", 0) for node in flow.left],
        "right": [_node(board, node, AFTER_LABELS[node.key], "after", total) for node in flow.right],
        "ribbons": [
            {
                "shape": ribbon,
                "kind": "turned" if (ribbon.origin, ribbon.end) == ("negative", "positive") else ribbon.end,
                "is_named": (ribbon.origin, ribbon.end) == ("negative", "positive") and ribbon.height >= 16,
                "href": board.href(before=ribbon.origin, after=ribbon.end, **KNOWN),
                "title": f"{TONE_LABELS[ribbon.origin]} before, {AFTER_LABELS[ribbon.end].lower()} after: {ribbon.n:,}",
                "n": f"{ribbon.n:,}",
            }
            for ribbon in flow.ribbons
        ],
        "columns": [AFTER_LABELS[after] for after in columns],
        "rows": [
            _matrix_row(board, label, {"before": before}, columns)
            for before, label in TONE_LABELS.items()
            if before != "unread" or any(origin == before for origin, _ in numbers)
        ],
        "total": _matrix_row(board, "All", {}, columns),
    }


def _node(board: OutcomeBoard, node: Node, label: str, side: str, total: int) -> dict[str, Any]:
    asked = {side: node.key, **KNOWN}
    n = board.count(**asked)
    return {
        "shape": node,
        "label": label,
        "n": f"{n:,}, {format_share(n, total)}" if total >= FEWEST else f"{n:,}",
        "href": board.href(**asked),
        "title": f"{label} {side}: {n:,}",
    }


def _matrix_row(board: OutcomeBoard, label: str, asked: dict[str, str], columns: list[str]) -> dict[str, Any]:
    cells = [(AFTER_LABELS[after], {**asked, "after": after, **KNOWN}) for after in columns]
    every = {**asked, **KNOWN}
    return {
        "label": label,
        "cells": [(name, f"{board.count(**cell):,}", board.href(**cell)) for name, cell in cells],
        "total": f"{board.count(**every):,}",
        "href": board.href(**every),
    }


def deeds_context(board: OutcomeBoard) -> dict[str, Any]:
    """Build the bars of what customers did next, and their table."""
    counted, counted_before = board.count(**KNOWN), board.count_before(**KNOWN)
    deeds = list(_SIGNS)
    numbers = [(board.count(deed=deed), board.count_before(deed=deed)) for deed in deeds]
    chart = share_chart(
        [(now / counted if counted else 0.0, before / counted_before if counted_before else None) for now, before in numbers]
    )  # fmt: skip
    rows = []
    for deed, (now, before), bar in zip(deeds, numbers, chart.bars, strict=True):
        compares = board.before is not None
        rows.append(
            {
                "deed": deed,
                "label": DEED_LABELS[deed],
                "name": f"{_SIGNS[deed]} {DEED_LABELS[deed]}".strip(),
                "bar": bar,
                "n": f"{now:,}",
                "share": rate_cell(now, counted),
                "words": f"{format_share(now, counted)} ({now:,})"
                if counted >= FEWEST
                else format_rate(now, counted),
                "before": f"{before:,}" if compares else NO_VALUE,
                "before_share": rate_cell(before, counted_before) if compares else NO_VALUE,
                "href": board.href(deed=deed),
            }
        )
    return {"chart": chart, "rows": rows, "finding": _finding(board), "before": f"{counted_before:,}" if counted_before else ""}  # fmt: skip


def _finding(board: OutcomeBoard) -> str:
    """Return what changed most for better or worse, in a line."""
    counted, counted_before = board.count(**KNOWN), board.count_before(**KNOWN)
    if counted < FEWEST:
        return "Too few answers for a share."
    good = board.count(good="yes")
    if counted_before < FEWEST:
        return f"{format_share(good, counted)} gave thanks or said that it is fixed."
    changes = []
    for asked, more, fewer in (
        ({"deed": "escalated"}, "more escalate", "fewer escalate"),
        (
            {"good": "yes"},
            "more give thanks or say that it is fixed",
            "fewer give thanks or say that it is fixed",
        ),
        ({"deed": "silent"}, "more fall silent", "fewer fall silent"),
    ):
        change = round(100 * board.count(**asked) / counted) - round(
            100 * board.count_before(**asked) / counted_before
        )
        if change:
            changes.append((abs(change), more if change > 0 else fewer))
    most = [words for _, words in sorted(changes, key=lambda each: -each[0])[:2]]
    line = "; ".join(most) or "As many of each as before"
    return f"{line[0].upper()}{line[1:]}."
