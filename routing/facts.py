"""Facts go into a routing decision, the decision comes out, JSON is stored of both.

Plain data: no database, no clock. The JSON stands beside a decision so that it can be made again. Whatever has its
default is left out of it, and so is what the message itself keeps: the text (with its history), network, stream, brand
account and time.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Literal

DecidedBy = Literal["rule", "default", "thread", "person", "learned"]


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a rule may look at. `at` is when the network says the message was written, UTC.

    What was read from the text (`sentiment`: "negative", "neutral" or "positive"; `wants_answer`; `urgency`: 0 to 2;
    `is_spam`) is the machine's judgement, or a person's where one corrected it. Of the customer: `customer_tags`,
    `previous_department` (the slug that last closed a case of theirs, "" for none), and `open_cases`, how many were
    open before this message.
    """

    text: str
    network: str
    stream: str
    brand_account: str
    at: dt.datetime
    language: str = ""
    followers: int | None = None
    verified: bool = False
    is_reply: bool = False
    #: The customer passed on a post, with or without words of their own.
    is_retweet: bool = False
    #: It stands under a post of the brand's own.
    is_under_own_post: bool = False
    sentiment: str = ""
    wants_answer: bool = True
    urgency: int = 0
    is_spam: bool = False
    customer_tags: tuple[str, ...] = ()
    previous_department: str = ""
    open_cases: int = 0


@dataclass(frozen=True, slots=True)
class Decision:
    """Where a message goes and why.

    `department` is a slug. `rule_key` is the rule's stable key, "" for the default. `reasons` are sentences for
    people. `version` is the number of the rule-set version that decided, so that the decision can be replayed.
    `needs_answer` is what the rule says about it, None when it leaves that to the reading of the text.
    `person` (a user name) and `skill` (a slug) say to whom the case should go within the department, "" for anybody;
    `dismiss` closes the new case as noise; `playbook_branch` is where the playbook begins, "" for its root.
    """

    department: str
    decided_by: DecidedBy
    reasons: tuple[str, ...]
    version: int
    rule_key: str = ""
    rule_name: str = ""
    priority: int = 0
    tags: tuple[str, ...] = ()
    needs_answer: bool | None = None
    person: str = ""
    skill: str = ""
    dismiss: bool = False
    playbook_branch: str = ""


#: Facts that the message keeps itself, and parts of a decision that have columns of their own.
_MESSAGE_FIELDS = ("text", "network", "stream", "brand_account", "at")
_DECISION_COLUMNS = ("decided_by", "reasons", "version", "rule_name")
_FACT_DEFAULTS = {
    field.name: field.default for field in dataclasses.fields(Facts) if field.name not in _MESSAGE_FIELDS
}
_DECISION_DEFAULTS = {
    field.name: field.default for field in dataclasses.fields(Decision) if field.name not in _DECISION_COLUMNS
}
_fact_values, _decision_values = attrgetter(*_FACT_DEFAULTS), attrgetter(*_DECISION_DEFAULTS)
_FACT_ITEMS, _DECISION_ITEMS = tuple(_FACT_DEFAULTS.items()), tuple(_DECISION_DEFAULTS.items())


def build_trace(facts: Facts, decision: Decision) -> dict[str, Any]:
    """Return what is stored beside a decision: `{"facts": …, "decided": …}`."""
    return {"facts": serialize_facts(facts), "decided": serialize_decision(decision)}


def serialize_facts(facts: Facts) -> dict[str, Any]:
    """Return the facts that differ from their defaults.

    Without those that the message keeps itself.
    """
    return {
        name: value
        for (name, default), value in zip(_FACT_ITEMS, _fact_values(facts), strict=True)
        if value != default
    }


def serialize_decision(decision: Decision) -> dict[str, Any]:
    """Return what a decision comes to; always the department's slug.

    Without its reasons and its version.
    """
    return {
        name: value
        for (name, default), value in zip(_DECISION_ITEMS, _decision_values(decision), strict=True)
        if value != default
    }


def restore_facts(
    stored: Mapping[str, Any], *, text: str, network: str, stream: str, brand_account: str, at: dt.datetime
) -> Facts:
    """Rebuild facts from what `serialize_facts` gave and from the message.

    Unknown names are left out: a later version of the product may know other facts.
    """
    stored_facts: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in stored.items()
        if name in _FACT_DEFAULTS
    }
    return Facts(
        text=text, network=network, stream=stream, brand_account=brand_account, at=at, **stored_facts
    )
