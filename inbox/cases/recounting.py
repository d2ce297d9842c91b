"""Compute again what a case says about its messages, after some have come or gone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from inbox.changes.change import Change
from inbox.changes.waiting import unanswered_since
from inbox.models import Direction, Message, Status

_COLUMNS = (
    "direction", "network_time", "received_at", "needs_answer", "historical", "deleted_at", "text",
)  # fmt: skip
_LONGEST_PREVIEW = 240


def recount_case(change: Change) -> None:
    """Set the fields of an open case that follow from its messages.

    The exchange that waits for our answer counts from when its first message reached us, wherever that was filed.
    """
    case = change.case
    messages = list(Message.objects.filter(case=case).only(*_COLUMNS).order_by("network_time", "id"))
    inbound = [message for message in messages if message.direction == Direction.INBOUND]
    outbound = [message for message in messages if message.direction == Direction.OUTBOUND]
    live = [message.network_time for message in inbound if not message.historical]
    times = [message.network_time for message in inbound]
    change.set(
        message_count=len(messages),
        needs_answer=any(message.needs_answer for message in inbound),
        opened_at=min(times, default=case.opened_at),
        activity_at=max(times, default=case.activity_at),
        last_inbound_at=max(times, default=None),
        last_outbound_at=max((message.network_time for message in outbound), default=None),
        first_response_at=_first_response(outbound, min(live, default=None)),
        preview=" ".join(inbound[-1].text[: _LONGEST_PREVIEW * 4].split())[:_LONGEST_PREVIEW]
        if inbound
        else "",
    )
    waiting = unanswered_since(case) if not case.historical else None
    change.set(waiting_since=waiting, exchange_from=_exchange_start(inbound, waiting))
    if waiting is not None and case.status == Status.WAITING:
        change.set(status=Status.OPEN)
    elif waiting is None and case.last_outbound_at is not None:
        change.set(status=Status.WAITING)


def _first_response(outbound: Iterable[Message], since: dt.datetime | None) -> dt.datetime | None:
    """Return when we first answered what is not history.

    History that was merged into the case may be younger than `since`, and is no answer to it.
    """
    if since is None:
        return None
    answers = (message for message in outbound if not message.historical and message.network_time >= since)
    return min((message.network_time for message in answers), default=None)


def _exchange_start(inbound: Iterable[Message], waiting: dt.datetime | None) -> dt.datetime | None:
    """Return when the first unanswered message reached us."""
    if waiting is None:
        return None
    wanted = (message for message in inbound if message.needs_answer and message.network_time >= waiting)
    return min((message.received_at for message in wanted if message.deleted_at is None), default=None)
