"""Facts of training examples: as stored when the message arrived, or derived from the text alone."""

from __future__ import annotations

import datetime as dt
from typing import Any

from routing.facts import Facts, restore_facts, serialize_facts
from routing.models import RoutingExample
from routing.reading import with_reading

#: The time of texts whose time is unknown: noon on a Monday, within business hours.
_UNKNOWN_TIME = dt.datetime(2000, 1, 3, 12, tzinfo=dt.UTC)


def facts_of_text(text: str) -> Facts:
    """Return the facts of a text of which nothing else is known.

    It may be a row of a file, for instance. The facts are what is read from the text, and a time within
    business hours.
    """
    return with_reading(Facts(text=text, network="x", stream="mentions", brand_account="", at=_UNKNOWN_TIME))


def serialize_example_facts(facts: Facts) -> dict[str, Any]:
    """Return the facts as the JSON that an example stores.

    The text is left out, because the example has it.
    """
    return {
        **serialize_facts(facts),
        "network": facts.network,
        "stream": facts.stream,
        "brand_account": facts.brand_account,
        "at": facts.at.isoformat(),
    }


def facts_of_example(example: RoutingExample) -> Facts:
    """Return the facts of an example when its message arrived.

    Examples without stored facts get those of their text alone.
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
