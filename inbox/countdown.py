"""Due times in words, for the chips of rows and of case pages.

The words change every minute, so a chip carries its due time and `static/js/countdown.js` keeps the words up to date.
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

#: The shortest delay that is shown: it begins with "overdue 1 min", as in countdown.js.
_LEAST_OVERDUE = dt.timedelta(minutes=1)


def due_chip(label: str, due: dt.datetime, soon: dt.datetime, now: dt.datetime) -> Chip:
    """Return the countdown to `due`, at risk from `soon` on.

    `label` is the beginning of the title, which has the exact time: "Promised by 18 November, 12:10 UTC".
    """
    left = due - now
    exact = f"{label} by {long_zoned_time(due)}"
    iso = due.isoformat(timespec="seconds")
    if left < dt.timedelta(0):
        return Chip(f"overdue {countdown_span(max(-left, _LEAST_OVERDUE))}", "clock late", exact, iso)
    tone = "clock risk" if now >= soon else "clock"
    return Chip(f"{countdown_span(left)} left", tone, exact, iso, soon.isoformat(timespec="seconds"))


def waiting_chip(case: Mapping[str, Any], brand: BrandAccount | None, now: dt.datetime) -> Chip | None:
    """Return the chip of the clock that is due first.

    The due time comes from the policy of the case or, where no policy applies, from the brand's promise to waiting
    customers. None while no clock runs, and for historical cases.
    """
    if case["historical"]:
        return None
    if (due := case["next_due_at"]) is not None:
        next_at = case["next_clock_at"]
        # The next event is the pre-warning, unless it has passed.
        soon = next_at if next_at is not None and now < next_at < due else min(now, due)
        return due_chip(due_label(case), due, soon, now)
    since = case["waiting_since"]
    if since is None:
        return None
    promised = brand.promised_response if brand else dt.timedelta(hours=24)
    return due_chip("Promised", since + promised, since + promised * 0.75, now)


def due_label(case: Mapping[str, Any]) -> str:
    """Return the name of the clock that is due first: "Resolution due"."""
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
