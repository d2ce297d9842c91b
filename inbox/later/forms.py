"""What the forms of a case's page offer for later."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Subquery

from accounts.models import User
from inbox.changes.snoozes import wakes_for_target
from inbox.later.moments import Preset, list_presets
from inbox.later.reminders import next_reminder_subquery
from inbox.models import Case
from wording.times import coming_time, to_display_zone


@dataclass(frozen=True, slots=True)
class MomentForm:
    """The moments to choose from, the day that is filled in, and the next target in words, "" without one."""

    presets: list[Preset]
    day: dt.date
    target: str


def later_annotations(user: User) -> dict[str, Subquery]:
    """Return what a case is read with for these forms."""
    return {"reminder_at": next_reminder_subquery(user)}


def moment_forms(case: Case, offered: Mapping[str, bool], now: dt.datetime) -> dict[str, Any]:
    """Return what the forms for snoozing and answering later say.

    None for a form that is not offered. `reminded` is when the reader is reminded of the case, "" for never.
    """
    form, reminder_at = _build_form(case, now), getattr(case, "reminder_at", None)
    return {
        "reminded": coming_time(reminder_at, now) if reminder_at else "",
        "tomorrow": form.day,
        "snooze": form if offered["close"] else None,
        "send_later": form if offered["publish"] else None,
    }


def _build_form(case: Case, now: dt.datetime) -> MomentForm:
    ahead = wakes_for_target(case, now)
    tomorrow = to_display_zone(now).date() + dt.timedelta(days=1)
    return MomentForm(list_presets(now), tomorrow, coming_time(ahead[1], now) if ahead else "")
