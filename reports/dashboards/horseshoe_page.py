"""The page of the horseshoe: the drawing above, the hand-overs that explain it below, sentences at the end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from inbox.reach_words import describe_reach
from reports.behind.selections import Selection
from reports.dashboards.drawings import draw
from reports.dashboards.hand_overs import hand_overs_context
from reports.dashboards.horseshoe import horseshoe_context
from reports.dashboards.horseshoe_board import measure_board
from reports.dashboards.insights.horseshoe import horseshoe_sentences
from reports.periods import name_days
from reports.scopes import describe_left_out


def horseshoe_page_context(selection: Selection) -> dict[str, Any]:
    """Build the context of `reports/horseshoe.html`."""
    board, compared = measure_board(selection), selection.compared
    before = board.before.shoe.count if board.before else None
    shown = horseshoe_context(board) | hand_overs_context(selection, board.now.shoe.count, before)
    page = {
        "board": {"name": "horseshoe"},
        "selection": selection.links,
        "compared_span": name_days(compared) if compared else "",
    }
    return {
        **shown,
        "shoe": draw("reports/_horseshoe.html", dict, **shown, **page),
        "sentences": horseshoe_sentences(board),
        "reach": describe_reach(selection.user),
        "left_out": describe_left_out(selection.user),
        "business_query": replace(selection, in_business_time=True).as_query(),
        "clock_query": replace(selection, in_business_time=False).as_query(),
    }
