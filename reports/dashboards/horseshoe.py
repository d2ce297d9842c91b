"""The page of the horseshoe, formatted: the drawing, the bars on one scale, the table of the parts."""

from __future__ import annotations

import datetime as dt
from typing import Any

from inbox.horseshoe.parts import PartKind
from reports.charts import scales
from reports.charts.horseshoe import CENTRE_X, CENTRE_Y, HEIGHT, NARROW_BOX, WIDTH, Slice, horseshoe_chart
from reports.dashboards.horseshoe_board import KIND_LABELS, HorseshoeBoard, ShownKey
from reports.dashboards.part_times import round_shares
from reports.measures.closure import Closure
from reports.wording import time_cell
from wording.numbers import FEWEST, NO_VALUE, format_count, format_rate, format_share
from wording.spans import figure_span

_DETAILS = {
    PartKind.FRONT: "front line",
    PartKind.UNACCEPTED: "not accepted",
    PartKind.WORK: "at work",
    PartKind.WAY_BACK: "way back",
}
_BAR_WIDTH = 300
_NO_TIME = dt.timedelta()


def horseshoe_context(board: HorseshoeBoard) -> dict[str, Any]:
    """Build what the drawing, the bars and the table of parts show."""
    shoe = board.now.shoe
    return {
        "few": shoe.count < FEWEST,
        "count": format_count(shoe.count, "case"),
        "count_href": board.selection.list_href("way"),
        "fewest": FEWEST,
        "finding": _finding(board),
        "drawing": _drawing(board),
        "centre": _centre(board),
        "opening": _opening(board),
        "bars": _bars(board),
        "parts": _part_rows(board),
    }


def _finding(board: HorseshoeBoard) -> str:
    """Return what became of the time, in a line."""
    now, before, scale = board.now, board.before, board.scale
    if not now.shoe.middle:
        return f"{format_count(now.shoe.count, 'case')} changed department and closed: too few for a median."
    if before is None:
        return f"{scale.format(now.total)} from post to closure."
    change = before.total - now.total
    if not change:
        return f"{scale.format(now.total)} from post to closure, as before."
    words = f"{scale.format(abs(change))} {'faster' if change > _NO_TIME else 'slower'} than before"
    saved = before.of_kind(PartKind.UNACCEPTED) - now.of_kind(PartKind.UNACCEPTED)
    if saved and (saved > _NO_TIME) == (change > _NO_TIME) and 2 * abs(saved) >= abs(change):
        share = "all of it" if saved == change else scale.format(abs(saved))
        return f"{words}; {share} {'saved' if change > _NO_TIME else 'lost'} in the hand-overs."
    return f"{words}."


def _drawing(board: HorseshoeBoard) -> dict[str, Any]:
    slices = [_slice(board, key) for key in board.keys if board.now.exact.get(key)]
    before = board.before
    inner = [(kind, before.exact[kind, at].total_seconds()) for kind, at in board.keys if (kind, at) in before.exact] if before else []  # fmt: skip
    opening_before = board.closure_before.opening if board.closure_before else 0.0
    chart = horseshoe_chart(slices, board.closure.opening, inner, opening_before)
    return {
        "chart": chart,
        "box": f"0 0 {WIDTH} {HEIGHT}",
        "narrow_box": NARROW_BOX,
        "x": CENTRE_X,
        "y": CENTRE_Y,
        "title": _title(board),
        "kinds": [(kind, label.lower()) for kind, label in KIND_LABELS.items()],
        "has_before": bool(inner),
    }


def _slice(board: HorseshoeBoard, key: ShownKey) -> Slice:
    kind, time, before = key[0], board.now.rounded[key], board.before_of(key)
    words = board.scale.format(time)
    change = board.change(time, before)
    earlier = "" if before is None else f", before {board.scale.format(before)}"
    name = board.name(key)
    return Slice(
        kind,
        board.now.exact[key].total_seconds(),
        name,
        # No break within a time or a change.
        " ".join(
            filter(None, (f"{_DETAILS[kind]},", *(part.replace(" ", "\u00a0") for part in (words, change))))
        ),
        f"{KIND_LABELS[kind]}, {name}: {words}{earlier}",
        board.href(kind, key[1]),
    )


def _title(board: HorseshoeBoard) -> str:
    opening = f"{_words_of(board.closure)} never got closure"
    if not board.now.shoe.middle:
        return f"The company’s horseshoe. Too few cases for its parts; {opening}"
    gap = board.scale.format(board.scale.round(board.now.shoe.gap))
    return f"The company’s horseshoe. {board.scale.format(board.now.total)} from post to closure, {gap} in the gap; {opening}"


def _words_of(closure: Closure) -> str:
    if closure.customers < FEWEST:
        return f"{closure.without:,} of {format_count(closure.customers, 'customer')}"
    return f"{format_share(closure.without, closure.customers)} of customers"


def _centre(board: HorseshoeBoard) -> dict[str, str]:
    shoe, scale, before = board.now.shoe, board.scale, board.before
    if not shoe.middle:
        return {}
    total = board.now.total
    gap = scale.round(shoe.gap)
    return {
        "total": scale.format(total),
        "median": figure_span(shoe.median) if shoe.median is not None else "",
        "before": scale.format(before.total) if before else "",
        "gap": f"{scale.format(gap)} in the gap, {format_share(gap.total_seconds(), total.total_seconds())}",
        "gap_href": board.href("gap"),
        "gap_before": _gap_before(board),
    }


def _gap_before(board: HorseshoeBoard) -> str:
    if board.before is None:
        return ""
    gap = board.scale.round(board.before.shoe.gap)
    share = format_share(gap.total_seconds(), board.before.total.total_seconds())
    return f"before: {board.scale.format(gap)}, {share}"


def _opening(board: HorseshoeBoard) -> dict[str, str]:
    closure, before, href = board.closure, board.closure_before, board.selection.list_href
    comparison = ""
    if before is not None and min(before.customers, closure.customers) >= FEWEST:
        change = round(100 * closure.opening) - round(100 * before.opening)
        sign = "=" if not change else "▲" if change > 0 else "▼"
        comparison = f"{sign} from {format_share(before.without, before.customers)}"
    return {
        "share": format_rate(closure.without, closure.customers),
        "without": format_count(closure.without, "customer"),
        "in_public": f"{closure.in_public:,}",
        "waiting": f"{closure.waiting:,}",
        "customers": format_count(closure.customers, "customer"),
        "unripe": f"{board.unripe:,}" if board.unripe else "",
        "unripe_href": href("no_closure", open="yes", ripe="no"),
        "comparison": comparison,
        "href": href("no_closure"),
        "public_href": href("no_closure", public="yes"),
        "waiting_href": href("no_closure", open="yes"),
    }


def _bars(board: HorseshoeBoard) -> dict[str, Any]:
    shown = [("now", board.now), *([("before", board.before)] if board.before else [])]
    longest = max((each.total for _, each in shown), default=_NO_TIME)
    rows = []
    for label, each in shown:
        parts = [
            (str(key[0]), each.rounded[key], f"{board.name(key)}: {board.scale.format(each.rounded[key])}")
            for key in board.keys
            if key in each.rounded
        ]
        segments = scales.place_segments(parts, longest, _BAR_WIDTH)
        end = round(_BAR_WIDTH * (each.total / longest), 1) if longest else 0
        rows.append(
            {"label": label, "segments": segments, "total": board.scale.format(each.total), "end": end}
        )
    marks = [(mark.x, figure_span(mark.time) if mark.time else "0") for mark in scales.place_marks(longest, _BAR_WIDTH)]  # fmt: skip
    changed = board.before is not None and board.before.total != board.now.total
    return {
        "rows": rows,
        "marks": marks,
        "finding": f"{board.scale.format(board.before.total)} became {board.scale.format(board.now.total)}."
        if changed and board.before
        else "",
        "count_before": board.before.shoe.count if board.before else 0,
    }


def _part_rows(board: HorseshoeBoard) -> list[dict[str, Any]]:
    if not board.now.shoe.middle:
        return []
    shares, rows = round_shares(board.now.exact), []
    for kind, label in KIND_LABELS.items():
        keys = [key for key in board.keys if key[0] is kind]
        if not keys:
            continue
        before = board.before.of_kind(kind) if board.before else None
        share = sum(shares.get(key, 0) for key in keys)
        rows.append(
            _part_row(board, label, board.now.of_kind(kind), share, before, board.href(kind))
            | {"is_sum": True}
        )
        rows += [
            _part_row(
                board,
                board.name(key),
                board.now.rounded.get(key, _NO_TIME),
                shares.get(key, 0),
                board.before_of(key),
                board.href(kind, key[1]),
            )
            for key in keys
        ]
    total_before = board.before.total if board.before else None
    total = _part_row(board, "Post to closure", board.now.total, 100, total_before, board.href("total"))
    return [*rows, total | {"is_sum": True}]


def _part_row(
    board: HorseshoeBoard, label: str, now: dt.timedelta, share: int, before: dt.timedelta | None, href: str
) -> dict[str, Any]:
    return {
        "label": label,
        "now": time_cell(now, board.scale.format(now)),
        "share": f"{share}%",
        "before": time_cell(before, board.scale.format(before)) if before is not None else NO_VALUE,
        "change": board.change(now, before) or NO_VALUE,
        "href": href,
    }
