"""The facts of the examples that are learned from: as they were when the message came, or those of a text alone."""

from __future__ import annotations

import datetime as dt
from typing import Any

from routing.facts import Facts, restore_facts, serialize_facts
from routing.models import RoutingExample
from routing.reading import with_reading

#: When a text was written of which nobody knows it: a Monday noon, in the middle of business hours.
_UNKNOWN_TIME = dt.datetime(2000, 1, 3, 12, tzinfo=dt.UTC)


def facts_of_text(text: str) -> Facts:
    """Return facts of a text of which nothing else is known.

    Such as a row of a file: what is read from it, and a time in the middle of business hours.
    """
    return with_reading(Facts(text=text, network="x", stream="mentions", brand_account="", at=_UNKNOWN_TIME))


def serialize_example_facts(facts: Facts) -> dict[str, Any]:
    """Return everything but the text as the JSON that an example stores."""
    return {
        **serialize_facts(facts),
        "network": facts.network,
        "stream": facts.stream,
        "brand_account": facts.brand_account,
        "at": facts.at.isoformat(),
    }


def facts_of_example(example: RoutingExample) -> Facts:
    """Return the facts of an example as of when the message came.

    Those of its text alone where nothing else was stored.
    """
    if not example.facts:
        return facts_of_text(example.text)
    stored = dict(example.facts)
    network, stream, brand_account, at = (
        str(stored.pop(name, "")) for name in ("network", "stream", "brand_account", "at")
    )
    return restore_facts(
        stored,
        text=example.text,
        network=network,
        stream=stream,
        brand_account=brand_account,
        at=dt.datetime.fromisoformat(at) if at else example.at,
    )
