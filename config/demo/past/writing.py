"""Writes stories as the rows that living them would have left, some dozens at a time, in a handful of statements."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from accounts.models import BrandAccount, Department, Role, User
from config.demo.past import history
from config.demo.past.stories import Held, Story, Turn
from inbox.models import (
    Case,
    CaseEvent,
    Custody,
    Customer,
    Decision,
    Direction,
    Identity,
    Message,
    MessageCorrection,
    Status,
    Visibility,
)
from routing.facts import Decision as RoutingDecision
from routing.facts import Facts, build_trace
from routing.learning.corrections import text_digest
from routing.learning.example_facts import serialize_example_facts
from routing.models import ExampleSource, RoutingExample
from routing.reading import SENTIMENTS, read_message, with_reading
from routing.rules.engine import decide
from routing.rules.versions import live_rules


@dataclass(slots=True)
class Cast:
    """The demo's people, departments and brand accounts, as stories name them."""

    accounts: list[BrandAccount]
    departments: dict[str, Department]
    people: dict[str, list[User]]

    @classmethod
    def load(cls) -> Cast:
        """Read who works where."""
        roles = (Role.AGENT, Role.COMMUNITY)
        users = list(User.objects.filter(is_active=True, role__in=roles).prefetch_related("departments"))
        departments = {department.slug: department for department in Department.objects.all()}
        people = {
            slug: [user for user in users if department in user.departments.all()] or users
            for slug, department in departments.items()
        }
        accounts = list(
            BrandAccount.objects.exclude(remote_id__startswith="archived:").order_by("network", "remote_id")
        )
        return cls(accounts, departments, people)


@dataclass(slots=True)
class Lived:
    """A story with its rows: the case, and who did what in it."""

    story: Story
    identity: Identity
    account: BrandAccount
    chain: list[Department]
    workers: dict[str, User]
    key: str
    case: Case

    def message_id(self, number: int) -> str:
        """Return the id of one of its messages: the network's, or one of our own."""
        return self.story.post_id if self.story.post_id and not number else f"{self.key}-{number}"


def write_stories(
    stories: Sequence[tuple[Story, BrandAccount]], cast: Cast, dice: random.Random, key: str
) -> None:
    """Write down the stories of a day; `key` makes their ids."""
    identities = _write_customers([story for story, _ in stories])
    lived = []
    for number, (story, account) in enumerate(stories):
        chain = [cast.departments[held.department] for held in story.held]
        workers = {held.department: dice.choice(cast.people[held.department]) for held in story.held}
        identity = identities[_remote_id(story, account)]
        case = _case_of(story, identity, account, chain[-1])
        lived.append(Lived(story, identity, account, chain, workers, f"past-{key}-{number}", case))
    Case.objects.bulk_create([each.case for each in lived])
    messages = [message for each in lived for message in _messages_of(each)]
    readings = _correct_some(messages, dice)
    Message.objects.bulk_create(messages)
    by_id = {message.canonical_id: message for message in messages}
    Decision.objects.bulk_create(decision for each in lived for decision in _decisions_of(each, by_id))
    Custody.objects.bulk_create(custody for each in lived for custody in _custodies_of(each))
    CaseEvent.objects.bulk_create(
        event
        for each in lived
        for event in history.events_of(each.story, each.case, each.chain, each.workers)
    )
    MessageCorrection.objects.bulk_create(_corrections_of(messages, readings, lived))
    RoutingExample.objects.bulk_create(example for each in lived for example in _examples_of(each, by_id))


def _remote_id(story: Story, account: BrandAccount) -> str:
    return f"{account.network}-past-{story.person.number}"


def _write_customers(stories: Sequence[Story]) -> dict[str, Identity]:
    """Return the customers' accounts by their id; those who are new are written."""
    wanted = {
        (story.facts.network, f"{story.facts.network}-past-{story.person.number}"): story for story in stories
    }
    stored = Identity.objects.filter(remote_id__in=[remote_id for _, remote_id in wanted]).select_related(
        "customer"
    )
    identities = {identity.remote_id: identity for identity in stored}
    new = [(key, story) for key, story in wanted.items() if key[1] not in identities]
    customers = Customer.objects.bulk_create(
        Customer(name=story.person.name, created_at=story.facts.at) for _, story in new
    )
    added = Identity.objects.bulk_create(
        Identity(
            network=network,
            remote_id=remote_id,
            customer=customer,
            name=customer.name,
            seen_at=story.facts.at,
        )
        for ((network, remote_id), story), customer in zip(new, customers, strict=True)
    )
    return identities | {identity.remote_id: identity for identity in added}


def _case_of(story: Story, identity: Identity, account: BrandAccount, department: Department) -> Case:
    facts, answers = story.facts, [turn.at for turn in story.answers]
    asked = [turn for turn in story.said if not turn.department]
    return Case(
        customer=identity.customer, identity=identity, brand_account=account, network=account.network,
        visibility=_visibility_of(story), department=department, priority=story.decision.priority,
        status=Status.DISMISSED if story.is_noise else Status.RESOLVED, close_reason="Noise" if story.is_noise else "",
        tags=list(story.decision.tags), preview=asked[-1].text[:240], message_count=len(story.said),
        needs_answer=facts.wants_answer, created_at=facts.at, opened_at=facts.at, activity_at=asked[-1].at,
        last_inbound_at=asked[-1].at, last_outbound_at=max(answers, default=None),
        first_response_at=min(answers, default=None), closed_at=story.closings[-1],
        first_resolved_at=None if story.is_noise else story.closings[0], reopen_count=len(story.closings) - 1,
        returned_count=history.count_returns(story),
    )  # fmt: skip


def _visibility_of(story: Story) -> Visibility:
    return Visibility.DIRECT if story.is_direct else Visibility.PUBLIC


def _messages_of(lived: Lived) -> Iterator[Message]:
    story = lived.story
    for number, turn in enumerate(story.said):
        id_, is_there = lived.message_id(number), bool(story.post_id) and not number
        common: dict[str, Any] = {
            "brand_account": lived.account, "case": lived.case, "stream": story.facts.stream, "can_reply": is_there,
            "visibility": lived.case.visibility, "canonical_id": id_, "remote_id": id_, "thread_id": story.post_id or lived.key,
            "parent_remote_id": lived.message_id(number - 1) if number else story.under, "network_time": turn.at,
            "received_at": turn.at, "reply_ref": {"tweet_id": id_, "author_id": ""} if is_there else {},
        }  # fmt: skip
        if turn.department:
            author = None if turn.native else lived.workers[turn.department]
            signed = f"{turn.text} ^{author.initials}" if author and author.initials else turn.text
            yield Message(
                **common, text=signed, direction=Direction.OUTBOUND, user=author, needs_answer=False
            )
        else:
            read = _facts_of(story, turn)
            yield Message(
                **common, text=turn.text, direction=Direction.INBOUND, identity=lived.identity, language=read.language,
                needs_answer=read.wants_answer, sentiment=read.sentiment, urgency=read.urgency, is_spam=read.is_spam,
                said=read_message(turn.text, language=read.language).said,
            )  # fmt: skip


def _facts_of(story: Story, turn: Turn) -> Facts:
    if turn is story.said[0]:
        return story.facts
    facts = story.facts
    return with_reading(
        Facts(
            text=turn.text, network=facts.network, stream=facts.stream, brand_account=facts.brand_account, at=turn.at,
            language=facts.language, is_reply=True, open_cases=1,
        )
    )  # fmt: skip


def _decisions_of(lived: Lived, messages: dict[str, Message]) -> Iterator[Decision]:
    for number, turn in enumerate(lived.story.said):
        if turn.department:
            continue
        facts = _facts_of(lived.story, turn)
        made: RoutingDecision = lived.story.decision if number == 0 else decide(facts, live_rules())
        joined = number > 0
        yield Decision(
            message=messages[lived.message_id(number)], case=lived.case, department=lived.chain[0],
            decided_by="thread" if joined else made.decided_by, rule_key="" if joined else made.rule_key,
            rule_name="" if joined else made.rule_name, version=made.version,
            reasons=["Added to this open case."] if joined else list(made.reasons), trace=build_trace(facts, made),
            at=turn.at, weighed_at=turn.at,
        )  # fmt: skip


def _custodies_of(lived: Lived) -> Iterator[Custody]:
    story = lived.story
    ends = [held.sent_at for held in story.held[1:]] + [story.closings[-1]]
    for place, (held, left_at) in enumerate(zip(story.held, ends, strict=True)):
        accepted_at = held.accepted_at if held.accepted_at and held.accepted_at < left_at else None
        sender = lived.workers[story.held[place - 1].department] if place else None
        yield Custody(
            case=lived.case, department=lived.chain[place], from_department=lived.chain[place - 1] if place else None,
            sent_at=held.sent_at, accepted_at=accepted_at, left_at=left_at, reason=held.reason,
            accepted_by=lived.workers[held.department] if accepted_at else None, sent_by=sender,
            wrong_department=held.wrong,
        )  # fmt: skip


def _correct_some(messages: Sequence[Message], dice: random.Random) -> dict[str, str]:
    """Let people have corrected the tone of a few messages; return what the machine read of them."""
    readings = {}
    for message in messages:
        if message.direction == Direction.INBOUND and dice.random() < 0.015:
            readings[message.canonical_id] = message.sentiment
            message.corrected = ["sentiment"]
            message.sentiment = dice.choice([tone for tone in SENTIMENTS if tone != message.sentiment])
    return readings


def _corrections_of(
    messages: Sequence[Message], readings: dict[str, str], lived: Sequence[Lived]
) -> Iterator[MessageCorrection]:
    workers = {each.case.pk: next(iter(each.workers.values())) for each in lived}
    for message in messages:
        if message.canonical_id in readings:
            yield MessageCorrection(
                message=message, field=MessageCorrection.Field.SENTIMENT, machine=readings[message.canonical_id],
                value=message.sentiment, by=workers[message.case_id], at=message.received_at,
            )  # fmt: skip


def _examples_of(lived: Lived, messages: dict[str, Message]) -> Iterator[RoutingExample]:
    """Yield what the learned router learns from a wrong department."""
    wrong: Held | None = next((held for held in lived.story.held if held.wrong), None)
    if wrong is not None and not lived.story.is_direct:
        facts = lived.story.facts
        yield RoutingExample(
            text=facts.text, department=wrong.department, source=ExampleSource.HANDED_OVER,
            facts=serialize_example_facts(facts), message_id=messages[lived.message_id(0)].pk, case_id=lived.case.pk,
            digest=text_digest(facts.text), at=wrong.sent_at, by=lived.workers[lived.story.held[0].department],
        )  # fmt: skip
