"""The input (facts) and output (decision) of routing, and their stored JSON.

Plain data: no database, no clock. The JSON is stored with each decision, so that the decision can be
repeated. It omits every value that equals its default, and what the message itself stores: the text (with its
history), network, stream, brand account and time.
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
    """All facts that a rule may use. `at` is the time of writing according to the network, UTC.

    `sentiment` ("negative", "neutral" or "positive"), `wants_answer`, `urgency` (0 to 2) and `is_spam` are
    read from the text; they are the machine's judgement, or that of a person who corrected it.
    `customer_tags`, `previous_department` (the slug of the department that last closed a case of the
    customer, "" for none) and `open_cases` (their number before this message) describe the customer.
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
    #: The customer shared a post, with or without a comment.
    is_retweet: bool = False
    #: The message was written under a post of the brand.
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
    """The destination of a message, and the reasons.

    `department` is a slug. `rule_key` is the rule's stable key, "" for the default. `reasons` are sentences
    for people. `version` is the number of the rule-set version that decided, so that the decision can be
    replayed. `needs_answer` is set by the rule, None to use the reading of the text. `person` (a user name)
    and `skill` (a slug) say who in the department should get the case, "" for anybody. `dismiss` closes the
    new case as noise. `playbook_branch` is the question at which the playbook begins, "" for its root. `words` are
    those of the rule's word lists that were found; None where no rule decided, and of decisions that did not keep them.
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
    words: tuple[str, ...] | None = None


#: Facts that the message stores itself, and fields of a decision that have columns of their own.
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
    """Return the JSON to store with a decision: `{"facts": …, "decided": …}`."""
    return {"facts": serialize_facts(facts), "decided": serialize_decision(decision)}


def serialize_facts(facts: Facts) -> dict[str, Any]:
    """Return the facts that differ from their defaults.

    Facts that the message stores itself are left out.
    """
    return {
        name: value
        for (name, default), value in zip(_FACT_ITEMS, _fact_values(facts), strict=True)
        if value != default
    }


def serialize_decision(decision: Decision) -> dict[str, Any]:
    """Return the fields of a decision that differ from their defaults.

    The department is always included; the reasons and the version never are.
    """
    return {
        name: value
        for (name, default), value in zip(_DECISION_ITEMS, _decision_values(decision), strict=True)
        if value != default
    }


def restore_facts(
    stored: Mapping[str, Any], *, text: str, network: str, stream: str, brand_account: str, at: dt.datetime
) -> Facts:
    """Rebuild facts from the result of `serialize_facts` and the message.

    Unknown names are ignored, because another version of the product may have stored them.
    """
    stored_facts: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in stored.items()
        if name in _FACT_DEFAULTS
    }
    return Facts(
        text=text, network=network, stream=stream, brand_account=brand_account, at=at, **stored_facts
    )
