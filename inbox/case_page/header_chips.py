"""The chips beside the name of a case."""

from __future__ import annotations

import datetime as dt

from inbox import countdown
from inbox.case_page.timeline import Timeline
from inbox.display import (
    SNOOZE_CHIP_FIELDS,
    Chip,
    priority_chip,
    returned_chip,
    snooze_chip,
    tone_chip,
    unsent_chip,
)
from inbox.models import Case, Direction, Status


def header_chips(case: Case, now: dt.datetime, trail: str, thread: Timeline) -> list[Chip]:
    """Return the chips beside a case's name.

    Where it is, how urgent, in which tone, how long is left, and the rest. `trail` is that of `custody_trail`.
    """
    last = next(
        (message for message in reversed(thread.messages) if message.direction == Direction.INBOUND), None
    )
    spoken = (priority_chip(case.priority), tone_chip(last.sentiment if last else ""))
    chips = [Chip(case.department.name, "dept"), *(chip for chip in spoken if chip is not None)]
    row = {name: getattr(case, name) for name in countdown.WAITING_CHIP_FIELDS}
    if not case.is_open:
        tone = "ok" if case.status == Status.RESOLVED else ""
        chips.append(Chip("✓ resolved" if tone else "dismissed", tone))
    elif waiting := countdown.waiting_chip(row, case.brand_account, now):
        chips.append(waiting)
    else:
        chips.append(Chip(case.get_status_display().lower()))
    snoozed = {name: getattr(case, name) for name in SNOOZE_CHIP_FIELDS}
    if (chip := snooze_chip(snoozed, now)) is not None:
        chips.append(chip)
    if case.unsent:
        chips.append(unsent_chip(case.unsent))
    if case.returned_count:
        chips.append(returned_chip(case.returned_count, trail))
    if case.visibility == "direct":
        chips.append(Chip("direct"))
    return chips
