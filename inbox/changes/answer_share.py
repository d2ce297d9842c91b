"""The share of incoming messages that need an answer, for forecasts."""

from __future__ import annotations

from inbox.models import Direction, Message

#: The newest messages that are looked at.
_SAMPLE = 2_000


def measure_answer_share(network: str) -> float | None:
    """Return the share of recent messages that needed an answer.

    None below twenty messages. One statement.
    """
    recent = Message.objects.filter(
        brand_account__network=network, direction=Direction.INBOUND, historical=False
    )
    judged = list(recent.order_by("-pk").values_list("needs_answer", flat=True)[:_SAMPLE])
    return sum(judged) / len(judged) if len(judged) >= 20 else None
