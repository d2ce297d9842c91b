"""Train a router from corrections, with figures from cross-validation. Pure; deterministic."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from routing.classifier.arrays import feature_weights
from routing.classifier.cross_validation import (
    FOLDS,
    Progress,
    choose_strength,
    compute_metrics,
    cross_validate,
    find_temperature,
)
from routing.classifier.fitting import fit_regression
from routing.classifier.router import Router
from routing.classifier.training_data import Example, build_training_data, loyalty_for

#: With fewer examples the result could not be checked.
MIN_EXAMPLES = 20
#: Only the newest examples are used: this limits time and memory, and departments change.
MAX_EXAMPLES = 4_000


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """A router and its figures.

    `is_better` is True when the router is at least as good as the rules alone.
    """

    router: Router
    is_better: bool
    metrics: dict[str, Any]


class TooFewExamples(ValueError):
    """Too few examples for a training. The message, for people, says what is missing."""


def train_router(
    examples: Sequence[Example],
    hints: Sequence[tuple[str, str]] = (),
    *,
    seed: int = 1,
    progress: Progress = lambda text: None,
) -> TrainingResult:
    """Train a router from `examples`, oldest first, and the rules' words.

    `hints` is the return value of `routing.classifier.hints.rule_phrases`. The same arguments give the same
    router. `progress` receives a sentence at each stage. Raises `TooFewExamples` when there are fewer than
    `MIN_EXAMPLES` examples or all belong to one department.
    """
    begun = time.perf_counter()
    examples = examples[-MAX_EXAMPLES:]
    _require_enough(examples)
    progress(f"Reading {len(examples):,} examples")
    data = build_training_data(examples, hints)
    learned_by_cut = cross_validate(data, seed, progress)
    strength, is_better = choose_strength(data, learned_by_cut)
    scores_by_cut = [data.decision_scores(learned, strength) for learned in learned_by_cut]
    temperature = find_temperature(data, scores_by_cut)
    progress("Fitting all examples")
    share, _ = fit_regression(data.build_problem([1.0] * len(examples)))
    weights = (data.likeness_weights + feature_weights(data.columns, share)) * strength
    router = Router(
        tuple(data.departments), data.space, weights, temperature, loyalty=loyalty_for(len(examples))
    )
    metrics = compute_metrics(data, scores_by_cut, temperature) | {
        "strength": strength,
        "temperature": round(temperature, 3),
        "features": data.space.width,
        "cuts": len(learned_by_cut),
        "folds": FOLDS,
        "seconds": round(time.perf_counter() - begun, 2),
    }
    return TrainingResult(router, is_better, metrics)


def _require_enough(examples: Sequence[Example]) -> None:
    if len(examples) < MIN_EXAMPLES:
        raise TooFewExamples(
            f"{len(examples)} of the {MIN_EXAMPLES} corrections that learning needs are there."
        )
    if len({example.department for example in examples}) < 2:
        raise TooFewExamples("All corrections lead to one department: there is nothing to tell apart yet.")
