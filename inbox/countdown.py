"""Due times as they read: the chip of a row and of a case, and the card of a case's three clocks.

What a chip says changes with the minutes: it carries its due time, and `static/js/countdown.js` keeps it true.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from accounts.models import BrandAccount
from inbox.display import Chip, to_display_zone

_DAY = 86_400


def span_left(seconds: float) -> str:
    """A length of time in two units, short: "3 d 4 h", "2 h 10", "15 min", "under 1 min". As in countdown.js."""
    minutes = int(seconds // 60)
    days, hours, rest = minutes // 1440, minutes % 1440 // 60, minutes % 60
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    if hours:
        return f"{hours} h {rest:02d}" if rest else f"{hours} h"
    return f"{rest} min" if rest else "under 1 min"


def due_chip(what: str, due: dt.datetime, soon: dt.datetime, now: dt.datetime) -> Chip:
    """The countdown to `due`, at risk from `soon` on. `what` begins the sentence that the exact time is told in."""
    left = (due - now).total_seconds()
    exact = f"{what} by {to_display_zone(due):%-d %B, %H:%M %Z}"
    iso = due.isoformat(timespec="seconds")
    if left < 0:
        return Chip(f"overdue {span_left(max(-left, 60))}", "clock late", exact, iso)
    tone = "clock risk" if now >= soon else "clock"
    return Chip(f"{span_left(left)} left", tone, exact, iso, soon.isoformat(timespec="seconds"))


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
        return "Resolution due"
    return "Next response due" if due == case["next_response_due_at"] else "First response due"


#: The fields of a case that `waiting_chip` needs.
WAITING_CHIP_FIELDS = (
    "historical", "next_due_at", "next_clock_at", "first_response_due_at", "next_response_due_at",
    "resolution_due_at", "waiting_since",
)  # fmt: skip
