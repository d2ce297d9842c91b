"""The router that is active, and what it says beside the rules. Loads numpy at the first message that it is asked about,
and never while no version is active."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from routing.classifier.features import Votes
from routing.classifier.router import BadArrays, Guess, Router, unpack_router
from routing.facts import Facts
from routing.learning import held_out
from routing.live_version import CompiledVersions, LiveVersion
from routing.models import LearningMode, LearningSetting, RouterVersion, VersionState
from routing.rules.engine import CompiledRules, matching_rules

logger = logging.getLogger(__name__)

#: Decided alone from here on where nobody set a threshold: the share that is right of what is as sure.
DEFAULT_THRESHOLD = 0.9
#: Below this a guess is not even shown.
WORTH_SHOWING = 0.4

#: Among so many messages it tells something that no other message holds a word; among fewer most words are rare.
HELD_OUT_FROM = 500
#: A rule is weak from so many corrections on of which it was right about less than half.
WEAK_FROM_CORRECTIONS = 3


@dataclass(frozen=True, slots=True)
class ActiveRouter:
    """The active version, ready, with the thresholds as they are."""

    number: int
    router: Router
    thresholds: Mapping[str, float]
    #: Of `routing.classifier.training.train_router`: how often each rule was right about the corrections.
    by_rule: Mapping[str, Sequence[int]]

    def may_overrule(self, votes: Votes) -> bool:
        """Whether the rules' word is weak: no rule holds, or people say of the one that does that it is wrong more
        often than right."""
        if votes.by_default:
            return True
        right, asked = self.by_rule.get(votes.holding[0][1], (0, 0))
        return asked >= WEAK_FROM_CORRECTIONS and 2 * right < asked

    def may_decide_alone(self, best: Guess, votes: Votes) -> bool:
        """Whether the router is sure enough to decide alone against what the rules say."""
        return self.may_overrule(votes) and best.probability >= self.threshold(best.department)

    def threshold(self, department: str) -> float:
        """From which probability on (0 to 1) the router decides alone for a department."""
        return threshold_for(self.thresholds, department)


def threshold_for(thresholds: Mapping[str, Any], department: str) -> float:
    """What somebody set for the department, else the default."""
    return float(thresholds.get(department, DEFAULT_THRESHOLD))


def get_learning_setting() -> LearningSetting:
    """The one row of settings; where nobody has set anything yet, one that is not stored."""
    return LearningSetting.objects.filter(pk=1).first() or LearningSetting(pk=1)


def lock_learning_setting() -> LearningSetting:
    """The one row of settings, locked; made where there is none. In a transaction."""
    LearningSetting.objects.get_or_create(pk=1)
    return LearningSetting.objects.select_for_update().get(pk=1)


def get_active_router() -> ActiveRouter | None:
    """Return the active router, at most `LIVE_VERSION_MAX_AGE` seconds old; None while only the rules decide.

    Two small statements when it is asked for, and the arrays when they are new.
    """
    return _active_router.get()


def clear_active_router_cache() -> None:
    """Make this process look again at its next use."""
    _active_router.clear()
    _loaded_routers.clear()


def _read_active_router() -> ActiveRouter | None:
    pk = RouterVersion.objects.filter(state=VersionState.ACTIVE).values_list("pk", flat=True).first()
    setting = LearningSetting.objects.filter(pk=1).first()
    if pk is None or (setting is not None and setting.mode == LearningMode.OFF):
        _loaded_routers.clear()
        return None
    try:
        loaded = _loaded_routers.get(pk)
    except BadArrays as error:
        logger.error("The active router cannot be read, the rules decide: %s", error)
        return None
    return replace(loaded, thresholds=setting.thresholds if setting is not None else {})


def _load_router(pk: int) -> ActiveRouter:
    """Load a version, without thresholds: they change while it stays. Raises `BadArrays`."""
    version = RouterVersion.objects.get(pk=pk)
    try:
        router = unpack_router(bytes(version.arrays))
    except BadArrays as error:
        raise BadArrays(f"Version {version.number}: {error}") from error
    return ActiveRouter(version.number, router, thresholds={}, by_rule=version.metrics.get("by_rule", {}))


#: Only the active one is ever asked for: the arrays are large.
_loaded_routers = CompiledVersions(_load_router, size=1)
_active_router = LiveVersion(_read_active_router)


def rule_votes(facts: Facts, rules: CompiledRules) -> Votes:
    """What the rules say, in the router's form."""
    return _votes_from_hits(facts, rules.index.find_seen_numbers(facts), rules)


def held_out_votes(facts: Sequence[Facts], rules: CompiledRules) -> list[Votes]:
    """What the rules would say about messages that nobody had at hand who wrote them (`routing.learning.held_out`)."""
    return [
        _votes_from_hits(one, seen, rules)
        for one, seen in zip(facts, held_out.held_out_hits(facts, rules), strict=True)
    ]


def _votes_from_hits(facts: Facts, seen: set[int], rules: CompiledRules) -> Votes:
    held = matching_rules(seen, rules)
    named = tuple((one.department, one.key) for one in held)
    return Votes(held[0].department if held else rules.default, not held, named, facts.sentiment)


def training_votes(facts: Sequence[Facts], rules: CompiledRules) -> list[Votes]:
    """The rules' votes to learn from. Rules may have been written beside these very messages and be right about them
    more often than about others: from `HELD_OUT_FROM` messages on, each is voted on as if it had not been there."""
    if len(facts) >= HELD_OUT_FROM:
        return held_out_votes(facts, rules)
    return [rule_votes(one, rules) for one in facts]
