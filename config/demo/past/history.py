"""The history of a case of the past: its events, with the clocks that ended."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from accounts.models import Department, User
from config.demo.company import POLICIES
from config.demo.past.calendar import next_office_hour
from config.demo.past.stories import HOUR, MINUTE, Story
from inbox.models import Case, CaseEvent, Status, Verb

#: What the demo's policies promise, roughly: first response, next response, resolution.
_PROMISES = {2: (30 * MINUTE, HOUR, 8 * HOUR), 0: (2 * HOUR, 4 * HOUR, 24 * HOUR)}


def count_returns(story: Story) -> int:
    """Return how often a department received the case again."""
    slugs = [held.department for held in story.held]
    return sum(slug in slugs[:place] for place, slug in enumerate(slugs))


def events_of(
    story: Story, case: Case, chain: Sequence[Department], workers: Mapping[str, User]
) -> Iterator[CaseEvent]:
    """Yield the events of a case, oldest first."""
    opened = story.facts.at
    yield CaseEvent(case=case, at=opened, verb=Verb.OPENED)
    reason = "".join(story.decision.reasons[:1])
    yield CaseEvent(case=case, at=opened, verb=Verb.ROUTED, data={"to": chain[0].name, "reason": reason})
    later = [
        *_hand_overs(story, case, chain, workers),
        *_answers(story, case, workers),
        *_closings(story, case, workers),
    ]
    yield from sorted(later, key=lambda event: event.at)


def _hand_overs(
    story: Story, case: Case, chain: Sequence[Department], workers: Mapping[str, User]
) -> Iterator[CaseEvent]:
    for place, held in enumerate(story.held[1:], 1):
        words: dict[str, Any] = {
            "from": chain[place - 1].name,
            "to": chain[place].name,
            "reason": held.reason,
        }
        if held.wrong:
            words["wrong_department"] = True
        actor = workers[story.held[place - 1].department]
        yield CaseEvent(case=case, at=held.sent_at, verb=Verb.HANDED_OVER, actor=actor, data=words)


def _answers(story: Story, case: Case, workers: Mapping[str, User]) -> Iterator[CaseEvent]:
    promises = _PROMISES[2 if story.decision.priority >= 2 else 0]
    asked: dt.datetime | None = None
    for turn in story.said:
        if not turn.department:
            asked = asked or turn.at
            continue
        is_first = turn is story.answers[0]
        record = {
            "clock": "first_response" if is_first else "next_response",
            "from": (asked or turn.at).isoformat(),
            "met": turn.at - _clock_start(story, asked or turn.at) <= promises[0 if is_first else 1],
            "policy": _policy_of(story),
        }
        actor = None if turn.native else workers[turn.department]
        verb = Verb.ANSWERED_NATIVELY if turn.native else Verb.ANSWERED
        yield CaseEvent(case=case, at=turn.at, verb=verb, actor=actor, data={"clocks": [record]})
        asked = None


def _clock_start(story: Story, asked: dt.datetime) -> dt.datetime:
    """Return when the clock began: at night it waits for the office, unless it is urgent."""
    return asked if story.decision.priority >= 2 else next_office_hour(asked)


def _policy_of(story: Story) -> str:
    """Return the name of the service level of a past case."""
    urgent, press, others = (str(policy["name"]) for policy in POLICIES)
    if story.decision.priority >= 2:
        return urgent
    return press if story.decision.department == "pr" else others


def _closings(story: Story, case: Case, workers: Mapping[str, User]) -> Iterator[CaseEvent]:
    actor = workers[story.held[-1].department]
    if story.is_noise:
        data = {"reason": "Noise"}
        yield CaseEvent(case=case, at=story.closings[0], verb=Verb.DISMISSED, actor=actor, data=data)
        return
    promised = _PROMISES[2 if story.decision.priority >= 2 else 0]
    for number, at in enumerate(story.closings):
        policy = _policy_of(story)
        clocks: list[dict[str, object]] = [
            {"clock": "resolution", "met": at - story.facts.at <= promised[2], "policy": policy}
        ]
        if not story.answers and story.facts.wants_answer:
            clocks.append(
                {
                    "clock": "first_response",
                    "from": story.facts.at.isoformat(),
                    "met": False,
                    "policy": policy,
                }
            )
        yield CaseEvent(case=case, at=at, verb=Verb.RESOLVED, actor=actor, data={"clocks": clocks})
        if number + 1 < len(story.closings):
            again = next(turn.at for turn in story.said if turn.at > at)
            label = str(Status.RESOLVED.label)
            yield CaseEvent(case=case, at=again, verb=Verb.REOPENED, data={"from": label})
