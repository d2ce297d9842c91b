"""The lists behind the numbers of the page of service levels."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import get_args

from accounts.models import User
from accounts.models.roster import WEEKDAYS
from reports.behind.lists import LONGEST, SOONEST, NumberList
from reports.filters import Filters
from reports.measures.targets.units import Result, TargetChoice, target_units
from reports.periods import Period
from routing.service_levels.policies import CLOCK_LABELS, CLOCKS

_RESULTS: dict[str, str] = {
    "": "that were met or missed", "met": "that were met", "missed": "that were missed",
    "overdue": "that are missed and still open", "open": "that are not due yet",
}  # fmt: skip


def list_targets(
    user: User, period: Period, filters: Filters, query: Mapping[str, str], now: dt.datetime
) -> NumberList | None:
    """Return the list of some targets.

    By `clock`, `result`, `policy` (the name, "" for none) and `due_hour` (of the week, 0 to 167).
    """
    clock = next((name for name in CLOCKS if name == query.get("clock")), None)
    result = next((each for each in get_args(Result) if each == query.get("result")), None)
    hour = _read_hour(query.get("due_hour", ""))
    wrong = (
        (query.get("clock") and clock is None)
        or (query.get("result") and result is None)
        or (query.get("due_hour") and hour is None)
    )
    if wrong:
        return None
    policy = query.get("policy", "")[:40] if "policy" in query else None
    choice = TargetChoice(clock, result, policy, hour)
    behind = NumberList(
        _title(choice),
        "targets",
        target_units(user, period, filters, choice, now=now),
        at_label="Ended or due",
        span_label="Outcome",
    )
    if result == "open":
        return replace(behind, order=SOONEST)
    return replace(behind, order=LONGEST) if result in ("missed", "overdue") else behind


def _title(choice: TargetChoice) -> str:
    name = CLOCK_LABELS[choice.clock] if choice.clock else "All"
    words = f"{name} targets {_RESULTS[choice.result or '']}, of new cases"
    if choice.policy is not None:
        words += f", by {f'“{choice.policy}”' if choice.policy else 'a service level without a name'}"
    if choice.hour is not None:
        weekday, hour = divmod(choice.hour, 24)
        words += f", due on {WEEKDAYS[weekday]}s {hour:02}:00–{hour + 1:02}:00"
    return words


def _read_hour(text: str) -> int | None:
    if not (text.isascii() and text.isdigit() and len(text) < 4):
        return None
    return int(text) if int(text) < 168 else None
