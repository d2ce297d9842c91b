"""What a decision stood on and came to, as small JSON beside it, so that it can be made again: see `restore_facts`.

The text is not in it (the message keeps it, with its history), nor what the message itself says for good: network,
stream, brand account and time. Whatever has its default is left out.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from operator import attrgetter
from typing import Any

from routing.facts import Decision, Facts

_MESSAGE_FIELDS = ("text", "network", "stream", "brand_account", "at")
_FACT_DEFAULTS = {
    each.name: each.default for each in dataclasses.fields(Facts) if each.name not in _MESSAGE_FIELDS
}
_fact_values = attrgetter(*_FACT_DEFAULTS)
_DECISION_DEFAULTS = {
    each.name: each.default
    for each in dataclasses.fields(Decision)
    if each.name not in ("decided_by", "reasons", "version", "rule_name")
}
_decision_values = attrgetter(*_DECISION_DEFAULTS)
_FACT_ITEMS, _DECISION_ITEMS = tuple(_FACT_DEFAULTS.items()), tuple(_DECISION_DEFAULTS.items())


def build_trace(facts: Facts, decision: Decision) -> dict[str, Any]:
    """`{"facts": …, "decided": …}` with what is not as by default; `serialize_decision` always names the department's slug."""
    return {
        "facts": {
            name: value
            for (name, default), value in zip(_FACT_ITEMS, _fact_values(facts), strict=True)
            if value != default
        },
        "decided": serialize_decision(decision),
    }


def serialize_decision(decision: Decision) -> dict[str, Any]:
    """What a decision comes to, without its reasons and its version."""
    return {
        name: value
        for (name, default), value in zip(_DECISION_ITEMS, _decision_values(decision), strict=True)
        if value != default
    }


def restore_facts(
    stored: dict[str, Any], *, text: str, network: str, stream: str, brand_account: str, at: dt.datetime
) -> Facts:
    """The facts as they were, from what `build_trace` gave for "facts" and from the message. Unknown names are left out: a
    later version of the product may know other facts."""
    known: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in stored.items()
        if name in _FACT_DEFAULTS
    }
    return Facts(text=text, network=network, stream=stream, brand_account=brand_account, at=at, **known)
