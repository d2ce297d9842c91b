"""The lists behind the table of waits: later answers, first and last resolving."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from accounts.models import User
from reports.behind.lists import LONGEST, NumberList
from reports.filters import Filters
from reports.measures.resolutions import DONE, WAITS, WaitFor, wait_units
from reports.periods import Period

_STATES = {"done": DONE, "open": ("waiting",), "reopened": ("reopened",)}
_TITLES: dict[tuple[WaitFor, str], str] = {
    ("next_response", "done"): "Answered exchanges after a case’s first",
    ("next_response", "open"): "Exchanges after a case’s first, still waiting",
    ("first_resolve", "done"): "Cases resolved at least once",
    ("first_resolve", "open"): "Open cases that were never resolved",
    ("first_resolve", "reopened"): "Cases opened again after they were resolved",
    ("final_resolve", "done"): "Resolved cases",
    ("final_resolve", "open"): "Open cases",
}


def list_of_wait(
    user: User, period: Period, filters: Filters, query: Mapping[str, str], now: dt.datetime
) -> NumberList | None:
    """Return the list behind one number of the table: `what` was awaited, and its `state`."""
    what = next((each for each in WAITS if each == query.get("what")), None)
    state = query.get("state", "")
    if what is None or (what, state) not in _TITLES:
        return None
    units = wait_units(user, period, filters, what, _STATES[state], now=now)
    is_exchange = what == "next_response"
    return NumberList(
        _TITLES[what, state],
        "exchanges" if is_exchange else "cases",
        units,
        LONGEST,
        at_label="Arrived" if is_exchange else "Opened",
        span_label="Answered after" if is_exchange else "Resolved after",
    )
