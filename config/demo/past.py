"""Eight weeks that a demo has behind it, so that its reports are not empty on the first day.

Invented cases, all closed, decided by the demo's own rules. Nothing of them is on the simulated networks.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction

from accounts.models import BrandAccount, Department, Role, User
from inbox.models import (
    Case,
    CaseEvent,
    Custody,
    Customer,
    Decision,
    Direction,
    Identity,
    Message,
    Status,
    Verb,
    Visibility,
)
from routing.facts import Decision as RoutingDecision
from routing.facts import Facts, build_trace
from routing.reading import with_reading
from routing.rules.engine import decide
from routing.rules.versions import live_rules

WEEKS, CASES = 8, 360
MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)
#: What the demo's policies promise, roughly: only for the past.
_FIRST_RESPONSE, _RESOLUTION = 2 * HOUR, 24 * HOUR
_REASON = "It is for your department"
_WORDS = {
    "product": ("Kettle Pro", "Froth jug", "Fern Toaster", "Bean Mill"),
    "place": ("Leeds", "Cork", "Ghent", "Bremen", "Lyon", "Porto"),
}
_NAMES = ("Ines", "Tom", "Hanna", "Luc", "Mila", "Joris", "Ada", "Per", "Rosa", "Finn")
_SURNAMES = ("Okafor", "Lind", "Moreau", "Visser", "Baker", "Costa", "Huber", "Nolan", "Rossi", "Ek")


@dataclass(frozen=True, slots=True)
class _Story:
    """One case of the past: what was asked and when, and what became of it."""

    facts: Facts
    decision: RoutingDecision
    answered_at: dt.datetime | None
    handed_over_at: dt.datetime | None
    closed_at: dt.datetime


def invent_past(now: dt.datetime) -> int:
    """Store the cases of eight weeks and return their number; 0 where there are cases already."""
    accounts = list(BrandAccount.objects.all())
    if not accounts or Case.objects.exists():
        return 0
    dice = random.Random(8)  # noqa: S311 (the same past for everybody)
    templates = _read_templates()
    stories = [_tell_story(dice, accounts, templates, now) for _ in range(CASES)]
    stories.sort(key=lambda story: story.facts.at)
    with transaction.atomic():
        _write_down(stories, accounts, dice)
    return len(stories)


def _tell_story(
    dice: random.Random, accounts: Sequence[BrandAccount], templates: Sequence[str], now: dt.datetime
) -> _Story:
    # More and more of them, and most by day; the last of them is two days old, so that it can be closed.
    at = now - 2 * DAY - (1 - dice.random() ** 0.7) * (WEEKS * 7 - 3) * DAY
    at = at.replace(hour=min(max(round(dice.gauss(13, 4)), 0), 23), minute=dice.randrange(60))
    template = dice.choice(templates)
    text = template.format(
        order=f"KF-{dice.randrange(10_000, 99_999)}",
        **{name: dice.choice(words) for name, words in _WORDS.items()},
    )
    account = dice.choice(accounts)
    facts = with_reading(
        Facts(text=text, network=account.network, stream="mentions", brand_account=_name_of(account), at=at)
    )
    week = (now - at) / (7 * DAY)
    is_answered = facts.wants_answer and dice.random() < 0.92 - 0.04 * week
    wait = MINUTE * min(dice.lognormvariate(3.6, 1.1) + 3, 1400)
    handed_over_at = at + wait / 3 if dice.random() < 0.15 else None
    answered_at = at + wait if is_answered else None
    closed_at = (answered_at or at + wait) + HOUR * dice.uniform(0.1, 20)
    return _Story(facts, decide(facts, live_rules()), answered_at, handed_over_at, closed_at)


def _name_of(account: BrandAccount) -> str:
    """Return the account as rules name it."""
    return f"{account.network}:{account.remote_id}"


def _read_templates() -> list[str]:
    lines = Path(__file__).with_name("past.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def _write_down(stories: Sequence[_Story], accounts: Sequence[BrandAccount], dice: random.Random) -> None:
    departments = {department.slug: department for department in Department.objects.all()}
    agents = list(User.objects.filter(is_active=True, role__in=(Role.AGENT, Role.COMMUNITY)))
    by_name = {_name_of(account): account for account in accounts}
    rows = [
        (story, identity, _departments_of(story, departments, dice), dice.choice(agents))
        for story, identity in zip(stories, _write_customers(stories, dice), strict=True)
    ]
    cases = Case.objects.bulk_create(
        _case_of(story, identity, by_name[story.facts.brand_account], chain[-1])
        for story, identity, chain, _ in rows
    )
    numbered = [(n, case, *row) for n, (case, row) in enumerate(zip(cases, rows, strict=True))]
    asked = Message.objects.bulk_create(_question_of(story, case, n) for n, case, story, *_ in numbered)
    Decision.objects.bulk_create(
        _decision_of(story, message, departments[story.decision.department])
        for story, message in zip(stories, asked, strict=True)
    )
    Message.objects.bulk_create(
        _answer_of(case, n, agent, story.answered_at)
        for n, case, story, _, _, agent in numbered
        if story.answered_at is not None
    )
    ended = [(story, case, chain, agent) for _, case, story, _, chain, agent in numbered]
    Custody.objects.bulk_create(custody for each in ended for custody in _custodies_of(*each))
    CaseEvent.objects.bulk_create(event for each in ended for event in _events_of(*each))


def _write_customers(stories: Sequence[_Story], dice: random.Random) -> list[Identity]:
    customers = Customer.objects.bulk_create(
        Customer(name=f"{dice.choice(_NAMES)} {dice.choice(_SURNAMES)}", created_at=story.facts.at)
        for story in stories
    )
    return Identity.objects.bulk_create(
        Identity(
            network=story.facts.network, remote_id=f"past-{number}", customer=customer, name=customer.name,
            seen_at=story.facts.at,
        )
        for number, (customer, story) in enumerate(zip(customers, stories, strict=True))
    )  # fmt: skip


def _departments_of(
    story: _Story, departments: dict[str, Department], dice: random.Random
) -> list[Department]:
    """Return the departments that had the case, in order."""
    first = departments[story.decision.department]
    if story.handed_over_at is None:
        return [first]
    others = [slug for slug in ("service", "billing", "tech", "sales") if slug != first.slug]
    return [first, departments[dice.choice(others)]]


def _case_of(story: _Story, identity: Identity, account: BrandAccount, department: Department) -> Case:
    facts = story.facts
    return Case(
        customer=identity.customer, identity=identity, brand_account=account, network=account.network,
        visibility=Visibility.PUBLIC, status=Status.RESOLVED, department=department,
        priority=story.decision.priority, tags=list(story.decision.tags), preview=facts.text[:240],
        message_count=1 + bool(story.answered_at), needs_answer=facts.wants_answer, created_at=facts.at,
        opened_at=facts.at, activity_at=facts.at, last_inbound_at=facts.at, last_outbound_at=story.answered_at,
        first_response_at=story.answered_at, first_resolved_at=story.closed_at, closed_at=story.closed_at,
    )  # fmt: skip


def _question_of(story: _Story, case: Case, number: int) -> Message:
    facts = story.facts
    return Message(
        brand_account=case.brand_account, case=case, stream="mentions", visibility=case.visibility, can_reply=False,
        canonical_id=f"past-{number}", remote_id=f"past-{number}", direction=Direction.INBOUND,
        identity=case.identity, text=facts.text, network_time=facts.at, received_at=facts.at,
        language=facts.language, needs_answer=facts.wants_answer, sentiment=facts.sentiment,
        urgency=facts.urgency, is_spam=facts.is_spam,
    )  # fmt: skip


def _answer_of(case: Case, number: int, agent: User, at: dt.datetime) -> Message:
    return Message(
        brand_account=case.brand_account, case=case, stream="mentions", visibility=case.visibility, can_reply=False,
        canonical_id=f"past-answer-{number}", remote_id=f"past-answer-{number}", direction=Direction.OUTBOUND,
        parent_remote_id=f"past-{number}", user=agent, network_time=at, received_at=at,
        needs_answer=False,
        text=f"Thank you for telling us, we are looking into it. ^{agent.initials}",
    )  # fmt: skip


def _decision_of(story: _Story, asked: Message, department: Department) -> Decision:
    made = story.decision
    return Decision(
        message=asked, case=asked.case, department=department,
        decided_by=made.decided_by, rule_key=made.rule_key, rule_name=made.rule_name, version=made.version,
        reasons=list(made.reasons), trace=build_trace(story.facts, made), at=story.facts.at,
    )  # fmt: skip


def _custodies_of(story: _Story, case: Case, chain: Sequence[Department], agent: User) -> Iterator[Custody]:
    moments = [story.facts.at, *([story.handed_over_at] if story.handed_over_at else []), story.closed_at]
    for place, department in enumerate(chain):
        sent, left = moments[place], moments[place + 1]
        yield Custody(
            case=case, department=department, from_department=chain[place - 1] if place else None, sent_at=sent,
            accepted_at=sent + (left - sent) / 4, accepted_by=agent, left_at=left,
            sent_by=agent if place else None, reason=_REASON if place else "",
        )  # fmt: skip


def _events_of(story: _Story, case: Case, chain: Sequence[Department], agent: User) -> Iterator[CaseEvent]:
    opened = story.facts.at
    yield CaseEvent(case=case, at=opened, verb=Verb.OPENED)
    yield CaseEvent(case=case, at=opened, verb=Verb.ROUTED, data={"to": chain[0].name})
    if story.handed_over_at:
        words = {"from": chain[0].name, "to": chain[-1].name, "reason": _REASON}
        yield CaseEvent(case=case, at=story.handed_over_at, verb=Verb.HANDED_OVER, actor=agent, data=words)
    clock = {"clock": "first_response", "from": opened.isoformat()}
    closed: list[dict[str, object]] = [
        {"clock": "resolution", "met": story.closed_at - opened <= _RESOLUTION}
    ]
    if story.answered_at is not None:
        ended = {"clocks": [{**clock, "met": story.answered_at - opened <= _FIRST_RESPONSE}]}
        yield CaseEvent(case=case, at=story.answered_at, verb=Verb.ANSWERED, actor=agent, data=ended)
    elif story.facts.wants_answer:
        closed.append({**clock, "met": False})
    yield CaseEvent(case=case, at=story.closed_at, verb=Verb.RESOLVED, actor=agent, data={"clocks": closed})
