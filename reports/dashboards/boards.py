"""The boards: name, page and template of each, and the function that builds its context.

A new board is a line here. Files of its tables and charts, saved reports, mails and links for guests come with it, by
its name: they read the page itself (`reports.exports`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from reports.behind.selections import Selection
from reports.dashboards.brand_accounts import brand_accounts_context
from reports.dashboards.horseshoe_page import horseshoe_page_context
from reports.dashboards.looks import note_looks
from reports.dashboards.outcomes_page import outcomes_page_context
from reports.dashboards.people import people_context
from reports.dashboards.response import dashboard_context
from reports.dashboards.selection import selection_context
from reports.dashboards.service_levels.board import service_levels_context
from reports.dashboards.today.board import today_context


@dataclass(frozen=True, slots=True)
class Board:
    """A board: `name` in addresses, `title` for people, the name of its URL, its template, what it shows.

    The people in `person_ids` of what `build` returns are those whose own work it shows: a look at them is noted.
    """

    name: str
    title: str
    url_name: str
    template: str
    build: Callable[[Selection], dict[str, Any]]
    #: Whether a link may show it to guests. Columns, lines and sections that name a colleague or quote a customer have
    #: the attribute `data-inside` in its template (a column on its heading and on each of its cells): no guest sees them.
    for_guests: bool = True

    def show(self, selection: Selection) -> dict[str, Any]:
        """Return all that its template shows; note whose work is seen."""
        context = self.build(selection)
        note_looks(selection, context.get("person_ids", ()))
        return context | selection_context(selection) | {"board": self}


BOARDS: dict[str, Board] = {
    board.name: board
    for board in (
        Board("today", "Today", "reports:today", "reports/today.html", today_context, False),
        Board("response", "Response", "reports:dashboard", "reports/dashboard.html", dashboard_context),
        Board(
            "brand-accounts",
            "Numbers by account",
            "reports:brand_accounts",
            "reports/brand_accounts.html",
            brand_accounts_context,
        ),
        Board(
            "service-levels",
            "Targets met",
            "reports:service_levels",
            "reports/service_levels.html",
            service_levels_context,
        ),
        Board("people", "Numbers by person", "reports:people", "reports/people.html", people_context, False),
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
