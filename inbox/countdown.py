"""Due times as they read: the chip of a row and of a case, and the card of a case's three clocks.

What a chip says changes with the minutes: it carries its due time, and `static/js/countdown.js` keeps it true.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from accounts.models import BrandAccount
from inbox.display import Chip
from routing.service_levels.policies import CLOCK_LABELS, ClockName
from wording.spans import countdown_span
from wording.times import long_zoned_time

#: What has just become overdue reads "overdue 1 min", as in countdown.js.
_LEAST_OVERDUE = dt.timedelta(minutes=1)


def due_chip(what: str, due: dt.datetime, soon: dt.datetime, now: dt.datetime) -> Chip:
    """The countdown to `due`, at risk from `soon` on. `what` begins the sentence that the exact time is told in."""
    left = due - now
    exact = f"{what} by {long_zoned_time(due)}"
    iso = due.isoformat(timespec="seconds")
    if left < dt.timedelta(0):
        return Chip(f"overdue {countdown_span(max(-left, _LEAST_OVERDUE))}", "clock late", exact, iso)
    tone = "clock risk" if now >= soon else "clock"
    return Chip(f"{countdown_span(left)} left", tone, exact, iso, soon.isoformat(timespec="seconds"))


def waiting_chip(case: Mapping[str, Any], brand: BrandAccount | None, now: dt.datetime) -> Chip | None:
    """The clock of a case that ends first, by its policy; where no policy applies, the brand's promise to whom waits.

    None while no clock runs, and for history.
    """
    if case["historical"]:
        return None
    if (due := case["next_due_at"]) is not None:
        next_at = case["next_clock_at"]
        # The next thing that happens is the pre-warning, unless that has been.
        soon = next_at if next_at is not None and now < next_at < due else min(now, due)
        return due_chip(due_label(case), due, soon, now)
    since = case["waiting_since"]
    if since is None:
        return None
    promised = brand.promised_response if brand else dt.timedelta(hours=24)
    return due_chip("Promised", since + promised, since + promised * 0.75, now)


def due_label(case: Mapping[str, Any]) -> str:
    """Which clock ends first, as a word for a sentence."""
    due = case["next_due_at"]
    if due == case["resolution_due_at"]:
        return f"{CLOCK_LABELS['resolution']} due"
    clock: ClockName = "next_response" if due == case["next_response_due_at"] else "first_response"
    return f"{CLOCK_LABELS[clock]} due"


#: The fields of a case that `waiting_chip` needs.
WAITING_CHIP_FIELDS = (
    "historical", "next_due_at", "next_clock_at", "first_response_due_at", "next_response_due_at",
    "resolution_due_at", "waiting_since",
)  # fmt: skip
