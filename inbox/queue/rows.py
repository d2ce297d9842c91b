"""The rows of a view: what stands where in one."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils.safestring import SafeString

from accounts.models import BrandAccount
from inbox import countdown
from inbox.cases.tags import tag_chips
from inbox.display import (
    Chip,
    display_name,
    initials,
    network_sign,
    priority_chip,
    returned_chip,
    snooze_chip,
    tone_chip,
    unsent_chip,
)
from inbox.live.here import describe_people, list_people
from inbox.models import Status
from inbox.queue.filters import ViewKind
from inbox.queue.markup import row_markup
from networks.registry import network_label
from wording.spans import short_span
from wording.times import display_time


def build_row(
    case: dict[str, Any],
    brands: dict[int, BrandAccount],
    kind: ViewKind,
    now: dt.datetime,
    me: int,
    *,
    may_pick: bool = False,
) -> SafeString:
    """Return one case of a view as markup; `case` has the columns that `listing` selects.

    `may_pick`: the reader may select it, for an act on many cases.
    """
    name = display_name(case["identity__handle"], case["identity__name"])
    sign, sign_class = network_sign(case["network"])
    return row_markup(
        pk=case["id"], name=name, initials=initials(name), sign=sign, sign_class=sign_class,
        network=network_label(case["network"]), text=case["preview"] or "(no text)",
        when=display_time(case["closed_at"] if kind == "resolved" else case["activity_at"], now),
        fresh=case["status"] == Status.NEW, marks=_row_marks(case, brands, now), chips=_row_chips(case, kind, now, me),
        may_pick=may_pick,
        here=describe_people(list_people(case["id"]), me),
    )  # fmt: skip


def _row_marks(case: dict[str, Any], brands: dict[int, BrandAccount], now: dt.datetime) -> list[Chip]:
    """Return what stands beside the name: how urgent it is, and the clock or the state."""
    chips = []
    if (urgency := priority_chip(case["priority"])) is not None:
        chips.append(urgency)
    if case["status"] == Status.RESOLVED:
        chips.append(Chip("✓ resolved", "ok"))
    elif case["status"] == Status.DISMISSED:
        chips.append(Chip("dismissed"))
    elif waiting := countdown.waiting_chip(case, brands.get(case["brand_account_id"]), now):
        chips.append(waiting)
    elif case["status"] == Status.WAITING:
        chips.append(Chip("waiting on customer", "", "Its clocks are paused"))
    return chips


def _row_chips(case: dict[str, Any], kind: ViewKind, now: dt.datetime, me: int) -> list[Chip]:
    """Return what stands below the text: the department, the tone, and whatever else is to be known."""
    chips = [chip for chip in (snooze_chip(case, now),) if chip is not None]
    if kind == "watching":
        chips.append(_holder_chip(case, now))
    elif kind != "department":
        chips.append(Chip(case["department__name"], "dept"))
    if (tone := tone_chip(case["sentiment"] or "")) is not None:
        chips.append(tone)
    if case["unsent"]:
        chips.append(unsent_chip(case["unsent"]))
    if case["hint"] and kind != "resolved":
        chips.append(Chip(case["hint"], "hint", "Suggested from earlier corrections"))
    if case["returned_count"]:
        chips.append(returned_chip(case["returned_count"]))
    if case["visibility"] == "direct":
        chips.append(Chip("direct"))
    if case["assignee_id"] and kind != "mine":
        assignee = case["assignee__initials"] or case["assignee__username"]
        chips.append(Chip("mine" if case["assignee_id"] == me else assignee, "", "Assigned"))
    return [*chips, *tag_chips(case["tags"])] if case["tags"] else chips


def _holder_chip(case: dict[str, Any], now: dt.datetime) -> Chip:
    """Return a chip with a watched case's department and its time there."""
    since = case["held_since"] or case["activity_at"]
    duration = short_span(now - since)
    return Chip(
        f"{case['department__name']} · {duration}", "dept", f"with {case['department__name']} for {duration}"
    )
