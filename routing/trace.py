"""What a decision stood on and came to, as small JSON beside it, so that it can be made again: see `restored`.

The text is not in it (the message keeps it, with its history), nor what the message itself says for good: network,
stream, brand account and time. Whatever has its default is left out.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from operator import attrgetter
from typing import Any

from routing.facts import Decision, Facts

_OF_MESSAGE = ("text", "network", "stream", "brand_account", "at")
_FACTS = {each.name: each.default for each in dataclasses.fields(Facts) if each.name not in _OF_MESSAGE}
_facts_of = attrgetter(*_FACTS)
_DECIDED = {
    each.name: each.default
    for each in dataclasses.fields(Decision)
    if each.name not in ("decided_by", "reasons", "version", "rule_name")
}
_decided_of = attrgetter(*_DECIDED)
_FACT_ITEMS, _DECIDED_ITEMS = tuple(_FACTS.items()), tuple(_DECIDED.items())


def trace(facts: Facts, decision: Decision) -> dict[str, Any]:
    """`{"facts": …, "decided": …}` with what is not as by default; `decided` always names the department's slug."""
    return {
        "facts": {
            name: value
            for (name, default), value in zip(_FACT_ITEMS, _facts_of(facts), strict=True)
            if value != default
        },
        "decided": decided(decision),
    }


def decided(decision: Decision) -> dict[str, Any]:
    """What a decision comes to, without its reasons and its version."""
    return {
        name: value
        for (name, default), value in zip(_DECIDED_ITEMS, _decided_of(decision), strict=True)
        if value != default
    }


def restored(
    stored: dict[str, Any], *, text: str, network: str, stream: str, brand_account: str, at: dt.datetime
) -> Facts:
    """The facts as they were, from what `trace` gave for "facts" and from the message. Unknown names are left out: a
    later version of the product may know other facts."""
    known: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in stored.items()
        if name in _FACTS
    }
    return Facts(text=text, network=network, stream=stream, brand_account=brand_account, at=at, **known)
