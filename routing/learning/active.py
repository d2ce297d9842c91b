"""The active version of the learned router.

numpy is loaded when the active router is first used, and never while no version is active.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from routing.classifier.features import Votes
from routing.classifier.router import BadArrays, Guess, Router, unpack_router
from routing.live_version import CompiledVersions, LiveVersion
from routing.models import LearningMode, LearningSetting, RouterVersion, VersionState

logger = logging.getLogger(__name__)

#: The probability from which the router decides alone in departments without a threshold of their own.
#: Probabilities are calibrated, so about this share of such guesses is right.
DEFAULT_THRESHOLD = 0.9
#: Guesses with a lower probability are not shown.
WORTH_SHOWING = 0.4
#: A rule is weak when at least this many of its decisions were judged and fewer than half of them were right.
WEAK_FROM_CORRECTIONS = 3


@dataclass(frozen=True, slots=True)
class ActiveRouter:
    """The active version, ready to guess, with the current thresholds."""

    number: int
    router: Router
    thresholds: Mapping[str, float]
    #: [right, judged] decisions by rule key, from the metrics of `routing.classifier.training.train_router`.
    by_rule: Mapping[str, Sequence[int]]

    def may_overrule(self, votes: Votes) -> bool:
        """Return whether the rules' vote is weak.

        It is weak when no rule matches, or when the corrections show that the rule that decides is wrong more
        often than right.
        """
        if votes.by_default:
            return True
        right, judged = self.by_rule.get(votes.holding[0][1], (0, 0))
        return judged >= WEAK_FROM_CORRECTIONS and 2 * right < judged

    def may_decide_alone(self, best: Guess, votes: Votes) -> bool:
        """Return whether the router is sure enough to decide against the rules."""
        return self.may_overrule(votes) and best.probability >= self.threshold(best.department)

    def threshold(self, department: str) -> float:
        """Return the probability (0 to 1) from which the router decides alone."""
        return threshold_for(self.thresholds, department)


def threshold_for(thresholds: Mapping[str, Any], department: str) -> float:
    """Return the stored threshold of the department, or the default."""
    return float(thresholds.get(department, DEFAULT_THRESHOLD))


def get_active_router() -> ActiveRouter | None:
    """Return the active router, None while only the rules decide.

    It is at most `LIVE_VERSION_MAX_AGE` seconds old. Two small statements when it is read again; the arrays
    are read only when the version is new.
    """
    return _active_router.get()


def clear_active_router_cache() -> None:
    """Clear the cache of this process; the next use reads the database."""
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
    """Load a version without thresholds, which change independently of it.

    Raises `BadArrays` when its arrays cannot be read.
    """
    version = RouterVersion.objects.get(pk=pk)
    try:
        router = unpack_router(bytes(version.arrays))
    except BadArrays as error:
        raise BadArrays(f"Version {version.number}: {error}") from error
    return ActiveRouter(version.number, router, thresholds={}, by_rule=version.metrics.get("by_rule", {}))


#: Only the active version is needed, and the arrays are large.
_loaded_routers = CompiledVersions(_load_router, size=1)
_active_router = LiveVersion(_read_active_router)
