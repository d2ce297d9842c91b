"""What goes into a routing decision and what comes out. Plain data: no database, no clock."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

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
