"""The boards: name, page and template of each, and the function that builds its context.

A new board is a line here. Exports, saved reports and links that expire come with it, by its name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from reports.behind.selections import Selection
from reports.dashboards.brand_accounts import brand_accounts_context
from reports.dashboards.horseshoe_page import horseshoe_page_context
from reports.dashboards.outcomes_page import outcomes_page_context
from reports.dashboards.people import people_context
from reports.dashboards.response import dashboard_context


@dataclass(frozen=True, slots=True)
class Board:
    """A board: `name` in addresses, `title` for people, the name of its URL, its template, what it shows."""

    name: str
    title: str
    url_name: str
    template: str
    build: Callable[[Selection], dict[str, Any]]
    #: Whether a link may show it to guests: only what names no customer and no colleague.
    for_guests: bool = False


BOARDS: dict[str, Board] = {
    board.name: board
    for board in (
        Board("response", "Response", "reports:dashboard", "reports/dashboard.html", dashboard_context, True),
        Board(
            "brand-accounts",
            "Numbers by account",
            "reports:brand_accounts",
            "reports/brand_accounts.html",
            brand_accounts_context,
        ),
        Board("people", "Numbers by person", "reports:people", "reports/people.html", people_context),
        Board(
            "horseshoe",
            "The horseshoe",
            "reports:horseshoe",
            "reports/horseshoe.html",
            horseshoe_page_context,
        ),
        Board(
            "outcomes",
            "Outcomes and topics",
            "reports:outcomes",
            "reports/outcomes.html",
            outcomes_page_context,
        ),
    )
}
