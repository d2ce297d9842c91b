"""Since when a case waits for us."""

from __future__ import annotations

import datetime as dt

from inbox.models import Case, Direction, Message


def unanswered_since(case: Case) -> dt.datetime | None:
    """Return when the oldest unanswered message was written, or None.

    Only messages of the customer that need an answer and still stand count.
    """
    waiting = Message.objects.filter(
        case=case, direction=Direction.INBOUND, deleted_at__isnull=True, needs_answer=True, historical=False
    )
    if case.last_outbound_at is not None:
        waiting = waiting.filter(network_time__gt=case.last_outbound_at)
    return waiting.order_by("network_time").values_list("network_time", flat=True).first()
