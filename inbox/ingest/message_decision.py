"""The reading of a customer's message and the decision of the rules about it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from inbox.ingest.customers import CustomerStanding
from inbox.ingest.header import PageHeader
from inbox.ingest.storable import Storable
from routing.facts import Decision, Facts
from routing.models import Priority
from routing.reading import Reading, read_message
from routing.reading.languages import detect_language
from routing.rules.engine import CompiledRules, decide

#: The urgency of a reading (`routing.reading`) that raises the priority by itself.
SERIOUS_FROM = 2


class MessageDecision(NamedTuple):
    """The reading of a customer's message, the facts that the rules looked at, and their decision."""

    reading: Reading
    facts: Facts
    decision: Decision

    @property
    def needs_answer(self) -> bool:
        """The rule's word on whether an answer is needed, else the reading's."""
        explicit = self.decision.needs_answer
        return self.reading.wants_answer if explicit is None else explicit

    @property
    def priority(self) -> int:
        """The rule's priority; at least high where the text was read as serious (`SERIOUS_FROM`)."""
        return max(self.decision.priority, Priority.HIGH) if self.is_serious else self.decision.priority

    @property
    def is_serious(self) -> bool:
        """True when the text speaks of safety, law or fraud and needs an answer."""
        return self.reading.urgency >= SERIOUS_FROM and self.needs_answer


def detect_languages(items: Iterable[Storable]) -> dict[str, str]:
    """Return the language of each message by its canonical id.

    One text right after the other: with other work in between, the processor has lost the model each time, and needs twice as
    long.
    """
    return {item.message.canonical_id: detect_language(item.text) for item in items}


def read_and_decide(
    item: Storable,
    languages: Mapping[str, str],
    customer: CustomerStanding,
    header: PageHeader,
    rules: CompiledRules,
) -> MessageDecision:
    """Read a customer's message and let the rules decide about it.

    Its language is that of `languages` (see `detect_languages`); one that is missing there is detected now.
    """
    language = languages.get(item.message.canonical_id)
    reading = read_message(item.text, language=detect_language(item.text) if language is None else language)
    facts = _build_facts(item, reading, customer, header)
    return MessageDecision(reading, facts, decide(facts, rules))


def _build_facts(item: Storable, reading: Reading, customer: CustomerStanding, header: PageHeader) -> Facts:
    message = item.message
    return Facts(
        text=item.text,
        network=header.network,
        stream=message.stream,
        brand_account=f"{header.network}:{header.own_id}",
        at=item.at,
        language=reading.language,
        followers=message.author.followers,
        verified=message.author.verified,
        is_reply=bool(message.parent_id) and message.thread_id != message.canonical_id,
        sentiment=reading.sentiment,
        wants_answer=reading.wants_answer,
        urgency=reading.urgency,
        is_spam=reading.is_spam,
        is_retweet=message.is_repost,
        is_under_own_post=message.is_under_own_post,
        customer_tags=customer.tags,
        previous_department=customer.previous_department,
        open_cases=customer.open_cases,
    )
