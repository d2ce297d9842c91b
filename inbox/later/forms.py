"""What the forms of a case's page offer for later."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from inbox.changes.snoozes import wakes_for_target
from inbox.later.moments import Preset, list_presets
from inbox.models import Case
from wording.times import coming_time, to_display_zone


@dataclass(frozen=True, slots=True)
class SnoozeForm:
    """The moments to choose from, the day that is filled in, and the next target in words, "" without one."""

    presets: list[Preset]
    day: dt.date
    target: str


def build_snooze_form(case: Case, now: dt.datetime) -> SnoozeForm:
    """Return what the page says before a case is snoozed."""
    ahead = wakes_for_target(case, now)
    tomorrow = to_display_zone(now).date() + dt.timedelta(days=1)
    return SnoozeForm(list_presets(now), tomorrow, coming_time(ahead[1], now) if ahead else "")
