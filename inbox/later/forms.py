"""What the forms of a case's page offer for later."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from inbox.changes.snoozes import wakes_for_target
from inbox.later.moments import Preset, list_presets
from inbox.models import Case
from wording.times import coming_time, to_display_zone


@dataclass(frozen=True, slots=True)
class MomentForm:
    """The moments to choose from, the day that is filled in, and the next target in words, "" without one."""

    presets: list[Preset]
    day: dt.date
    target: str


def moment_forms(case: Case, offered: Mapping[str, bool], now: dt.datetime) -> dict[str, MomentForm | None]:
    """Return what the forms for snoozing and answering later say.

    None for a form that is not offered.
    """
    form = _build_form(case, now)
    return {
        "snooze": form if offered["close"] else None,
        "send_later": form if offered["publish"] else None,
    }


def _build_form(case: Case, now: dt.datetime) -> MomentForm:
    ahead = wakes_for_target(case, now)
    tomorrow = to_display_zone(now).date() + dt.timedelta(days=1)
    return MomentForm(list_presets(now), tomorrow, coming_time(ahead[1], now) if ahead else "")
