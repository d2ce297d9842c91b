"""List which customers of a learning item are told, which are not, and why."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from django.db.models import Q

from accounts.models import User
from inbox.changes.refusals import why_nothing_is_kept
from inbox.learning_items.answer_text import fill_template, needs_name
from inbox.models import (
    LIVE_STATES,
    AnswerState,
    Case,
    Customer,
    Direction,
    LearningItem,
    Message,
    PlannedAnswer,
    Reply,
    Visibility,
)
from inbox.replies.composer import (
    add_signature,
    max_reply_length,
    measure_text,
    refused_character_sentence,
    reply_window,
    why_cannot_answer_as,
)
from networks.registry import network_label

#: Tags of a customer who wants no messages that they did not ask for.
STOP_TAGS = frozenset({"stop", "no messages", "unsubscribed", "do not contact"})
#: A last message that says nothing else means the same.
_STOP_WORDS = re.compile(
    r"\W*(please )?(stop|unsubscribe|opt[ -]?out|stopp|abmelden|keine nachrichten|arr[eê]t(ez)?|d[eé]sabonner|baja|basta|parar|afmelden)\W*",
    re.IGNORECASE,
)
#: Cases of an item that are looked at for one round.
MOST_CASES = 2_000


@dataclass(slots=True)
class Recipient:
    """A linked case, the message that is answered and the text; `reason` says why its customer is not told."""

    case: Case
    readable: bool
    parent: Message | None = None
    text: str = ""
    length: int = 0
    reason: str = ""

    @property
    def language(self) -> str:
        """The language in which the customer wrote, "" if nobody knows."""
        return self.parent.language if self.parent is not None else ""


@dataclass(slots=True)
class _Facts:
    """Hold what was read from the database for all cases at once."""

    parents: dict[int, Message]
    told: set[int]
    answered: set[int]
    readable: set[int]
    roots: dict[int, int]
    refusals: dict[int, str] = field(default_factory=dict)
    chosen: dict[int, int] = field(default_factory=dict)


def list_recipients(
    item: LearningItem, author: User, text: str, language: str, *, now: dt.datetime
) -> list[Recipient]:
    """Return the linked cases, newest first, with their answers.

    A case without one says why. `language` is that of the customers who are told, "" for all. A customer with several cases is told in the newest.
    Six statements, and one for each brand account that its author may not answer as.
    """
    cases = list(
        Case.objects.filter(learning_links__item=item)
        .select_related("identity", "customer", "brand_account")
        .order_by("-opened_at", "-pk")[:MOST_CASES]
    )
    facts = _read_facts(item, author, cases)
    return [_judge(case, item, author, text, language, facts, now) for case in cases]


def told_customers(item: LearningItem) -> set[int]:
    """Return the customers who were told of an item.

    Or of one that was merged into it.
    """
    answers = PlannedAnswer.objects.filter(Q(item=item) | Q(item__merged_into=item))
    return set(answers.filter(state=AnswerState.QUEUED).values_list("customer_id", flat=True))


def _read_facts(item: LearningItem, author: User, cases: Collection[Case]) -> _Facts:
    ids = [case.pk for case in cases]
    answerable = Message.objects.filter(
        case__in=ids, direction=Direction.INBOUND, deleted_at__isnull=True, can_reply=True
    ).order_by("case_id", "-network_time", "-id")
    parents = {message.case_id: message for message in answerable.distinct("case_id").defer("raw", "search")}
    live = Reply.objects.filter(case__in=ids, state__in=LIVE_STATES)
    customers = Customer.objects.filter(pk__in={case.customer_id for case in cases})
    return _Facts(
        parents,
        told_customers(item),
        set(live.values_list("case_id", flat=True)),
        set(Case.objects.visible_to(author).filter(pk__in=ids).values_list("pk", flat=True)),
        {pk: into or pk for pk, into in customers.values_list("pk", "merged_into_id")},
    )


def _judge(
    case: Case,
    item: LearningItem,
    author: User,
    text: str,
    language: str,
    facts: _Facts,
    now: dt.datetime,
) -> Recipient:
    recipient = Recipient(case, case.pk in facts.readable, facts.parents.get(case.pk))
    customer = facts.roots.get(case.customer_id, case.customer_id)
    recipient.reason = next(_reasons(recipient, customer, author, text, language, facts, now), "")
    if not recipient.reason:
        _write(recipient, item, author, text)
    if not recipient.reason:
        facts.chosen[customer] = case.pk
    return recipient


def _reasons(
    recipient: Recipient,
    customer: int,
    author: User,
    text: str,
    language: str,
    facts: _Facts,
    now: dt.datetime,
) -> Iterator[str]:
    """Yield what speaks against telling a customer, the weightiest first."""
    case, parent = recipient.case, recipient.parent
    if not recipient.readable:
        yield "A case that its author may not read"
        return
    if reason := why_nothing_is_kept(case):
        yield reason
    if customer in facts.told:
        yield "Told already, or its answer waits under “Not sent”"
    if customer in facts.chosen:
        yield f"Told in case {facts.chosen[customer]}"
    if reason := _why_not_as(author, case, facts, now):
        yield reason
    if parent is None:
        yield "Nothing is left to answer: deleted, or the network does not allow it"
        return
    if _window_is_over(case, now):
        yield f"{network_label(case.network)} no longer lets us answer"
    if _wants_no_messages(case, parent):
        yield "Wants no more messages"
    if case.is_open and case.waiting_since is not None:
        yield "Waits for an answer to something: answer it by hand"
    if case.pk in facts.answered:
        yield "An answer is on its way"
    if language and parent.language != language:
        yield "Wrote in another language"
    if needs_name(text, case.identity):
        yield "Has no name that could be filled in"


def _why_not_as(author: User, case: Case, facts: _Facts, now: dt.datetime) -> str:
    pk = case.brand_account_id
    if pk not in facts.refusals:
        facts.refusals[pk] = why_cannot_answer_as(author, case.brand_account, now)
    return facts.refusals[pk]


def _window_is_over(case: Case, now: dt.datetime) -> bool:
    window = reply_window(case.network) if case.visibility == Visibility.DIRECT else None
    return window is not None and (case.last_inbound_at or case.opened_at) + window <= now


def _wants_no_messages(case: Case, parent: Message) -> bool:
    tags = {str(tag).casefold() for tag in case.customer.tags}
    return bool(tags & STOP_TAGS) or _STOP_WORDS.fullmatch(parent.text) is not None


def _write(recipient: Recipient, item: LearningItem, author: User, text: str) -> None:
    """Write the text for one customer; one that its network would refuse becomes a reason."""
    case = recipient.case
    recipient.text = add_signature(fill_template(text, case.identity, item.what_changed), author)
    recipient.length = measure_text(case.network, recipient.text, case.visibility)
    longest = max_reply_length(case.network, case.visibility)
    if recipient.length > longest:
        recipient.reason = f"Too long for {network_label(case.network)} by {recipient.length - longest:,}"
    elif sentence := refused_character_sentence(case.network, recipient.text):
        recipient.reason = sentence
