"""Training: from corrections to a router with figures that its own examples did not see. Pure; deterministic."""

from __future__ import annotations

import math
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from routing.classifier import scoring
from routing.classifier.arrays import feature_weights, kernel_matrix, pack_rows, score_rows, transpose_rows
from routing.classifier.features import FeatureSpace, Votes, build_feature_space
from routing.classifier.fitting import RegressionProblem, fit_regression
from routing.classifier.hints import likeness_weights
from routing.classifier.router import Router, belief_scores

if TYPE_CHECKING:
    from routing.classifier.arrays import Floats

#: Fewer examples than this teach nothing that could be checked.
MIN_EXAMPLES = 20
#: The newest so many examples are learned from: time and memory stay bounded, and departments change.
MAX_EXAMPLES = 4_000
FOLDS = 5
#: With few examples the folds are cut anew so many times: one cut would be luck.
CUTS_WHEN_FEW, FEW_EXAMPLES = 3, 400
#: The price of large weights, by what the examples weigh in all. Measured; see docs/decisions.
RIDGE = 0.1
#: How much of what was learned is used; the cross-validation chooses.
STRENGTHS = (0.25, 0.5, 0.75, 1.0)
#: The score of the rules' department is this much higher than fitted with 50 corrections, and no higher from 1,000 on.
LOYALTY, FULL_LOYALTY_AT, NO_LOYALTY_AT = 0.5, 50, 1_000
TEMPERATURES = tuple(0.4 * 1.15**step for step in range(16))

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Example:
    """A text, the department (slug) where a person says that it belongs, and the rules' votes about it."""

    text: str
    department: str
    votes: Votes


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """A router and what the cross-validation found; `is_better` says that it is not worse than the rules alone."""

    router: Router
    is_better: bool
    metrics: dict[str, Any]


class TooFewExamples(ValueError):
    """There is not enough to learn from. The message says what is missing, for people."""


@dataclass(slots=True)
class _TrainingData:
    """The examples as numbers."""

    examples: Sequence[Example]
    departments: list[str]
    space: FeatureSpace
    kernel: Floats
    targets: Floats
    #: What the rules' votes are worth to the fit, and with loyalty to what is decided.
    beliefs: Floats
    loyal_beliefs: Floats
    likenesses: Floats
    labels: list[str]


def train_router(
    examples: Sequence[Example],
    hints: Sequence[tuple[str, str]] = (),
    *,
    seed: int = 1,
    progress: Progress = lambda said: None,
) -> TrainingResult:
    """A router from `examples`, oldest first, and the rules' words (`routing.classifier.hints.rule_phrases`).

    Raises `TooFewExamples` below `MIN_EXAMPLES` examples, and when all are of one department. The same arguments give the same
    router. `progress` is told what goes on.
    """
    begun = time.perf_counter()
    examples = examples[-MAX_EXAMPLES:]
    _require_enough(examples)
    progress(f"Reading {len(examples):,} examples")
    held, bench, like = _build_training_data(examples, hints)
    scores = _cross_validate(bench, seed, progress)
    strength, verdict = _choose_strength(bench, scores)
    progress("Fitting all examples")
    share, _ = fit_regression(_build_problem(bench, [1.0] * len(examples)))
    weights = (like + feature_weights(held, share)) * strength
    out = [(bench.loyal_beliefs + (bench.likenesses + one) * strength) for one in scores]
    temperature = _find_temperature(out, bench)
    loyalty = _loyalty(len(examples))
    router = Router(tuple(bench.departments), bench.space, weights, temperature, loyalty)
    metrics = _compute_metrics(bench, out, temperature) | {
        "strength": strength,
        "temperature": round(temperature, 3),
        "features": bench.space.width,
        "cuts": len(scores),
        "folds": FOLDS,
        "seconds": round(time.perf_counter() - begun, 2),
    }
    return TrainingResult(router, verdict, metrics)


def _require_enough(examples: Sequence[Example]) -> None:
    if len(examples) < MIN_EXAMPLES:
        raise TooFewExamples(
            f"{len(examples)} of the {MIN_EXAMPLES} corrections that learning needs are there."
        )
    if len({one.department for one in examples}) < 2:
        raise TooFewExamples("All corrections lead to one department: there is nothing to tell apart yet.")


def _loyalty(examples: int) -> float:
    """How much clearer than by a hair the rules must be overruled: fades evenly as the corrections multiply."""
    return LOYALTY * max(0.0, math.log(NO_LOYALTY_AT / examples) / math.log(NO_LOYALTY_AT / FULL_LOYALTY_AT))


def _build_training_data(
    examples: Sequence[Example], hints: Sequence[tuple[str, str]]
) -> tuple[Any, _TrainingData, Floats]:
    import numpy as np

    labels = [one.department for one in examples]
    departments = sorted({*labels, *(one.votes.department for one in examples), *(slug for _, slug in hints)})
    features = build_feature_space(
        [one.text for one in examples], (phrase for phrase, _ in hints), [one.votes for one in examples]
    )
    rows = pack_rows((features.feature_row(one.text, one.votes) for one in examples), features.width)
    held = transpose_rows(rows)
    targets = np.zeros((len(examples), len(departments)), np.float32)
    targets[range(len(examples)), [departments.index(label) for label in labels]] = 1.0
    like = likeness_weights(features, hints, departments)
    beliefs = np.asarray([belief_scores(one.votes, departments) for one in examples], np.float32)
    loyalty = _loyalty(len(examples))
    loyal = np.asarray([belief_scores(one.votes, departments, loyalty) for one in examples], np.float32)
    bench = _TrainingData(
        examples,
        departments,
        features,
        kernel_matrix(held),
        targets,
        beliefs,
        loyal,
        score_rows(rows, like),
        labels,
    )
    return held, bench, like


def _build_problem(bench: _TrainingData, kept: Sequence[float]) -> RegressionProblem:
    """The kept examples, every department weighing the same in all."""
    import numpy as np

    weights = np.asarray(kept, np.float32)
    sizes = weights @ bench.targets
    balanced = weights.sum() / ((sizes > 0).sum() * np.maximum(sizes, 1.0))
    return RegressionProblem(
        bench.kernel,
        bench.targets,
        (weights * (bench.targets @ balanced)).astype(np.float32),
        bench.beliefs + bench.likenesses,
        RIDGE,
    )


def _cross_validate(bench: _TrainingData, seed: int, progress: Progress) -> list[Floats]:
    """What the folds' fits say about the examples that they did not see; one array (n × k) a cut."""
    import numpy as np

    scores = []
    cuts = CUTS_WHEN_FEW if len(bench.labels) <= FEW_EXAMPLES else 1
    for cut in range(cuts):
        found = np.zeros_like(bench.targets)
        folds = _assign_folds(bench.labels, seed + cut)
        for fold in range(FOLDS):
            progress(f"Cross-validation: {cut * FOLDS + fold + 1} of {cuts * FOLDS}")
            unseen = np.asarray(folds) == fold
            _, fitted = fit_regression(_build_problem(bench, [0.0 if one else 1.0 for one in unseen]))
            found[unseen] = fitted[unseen]
        scores.append(found)
    return scores


def _assign_folds(labels: Sequence[str], seed: int) -> list[int]:
    """The fold of each example, each department spread over all of them."""
    order = list(range(len(labels)))
    random.Random(seed).shuffle(order)
    order.sort(key=lambda at: labels[at])
    folds = [0] * len(labels)
    for place, at in enumerate(order):
        folds[at] = place % FOLDS
    return folds


def _best_departments(bench: _TrainingData, scores: Floats) -> list[str]:
    return [bench.departments[at] for at in scores.argmax(axis=1)]


def _mean_score(bench: _TrainingData, named: Sequence[str]) -> float:
    return (scoring.accuracy(bench.labels, named) + scoring.macro_f1(bench.labels, named)) / 2


def _choose_strength(bench: _TrainingData, scores: list[Floats]) -> tuple[float, bool]:
    """How much of what was learned to use, and whether that is not worse than the rules alone, both on examples that
    were not seen: the mean of accuracy and macro-F1 over the cuts. Of equals the stronger."""
    alone = _mean_score(bench, [one.votes.department for one in bench.examples])
    found = [
        (
            sum(
                _mean_score(
                    bench, _best_departments(bench, bench.loyal_beliefs + (bench.likenesses + one) * strength)
                )
                for one in scores
            )
            / len(scores),
            strength,
        )
        for strength in STRENGTHS
    ]
    best, strength = max(found)
    return strength, best >= alone


def _find_temperature(out: list[Floats], bench: _TrainingData) -> float:
    """The temperature at which the right departments are most probable, over all cuts."""
    import numpy as np

    right = bench.targets.argmax(axis=1)

    def surprise(temperature: float) -> float:
        total = 0.0
        for scores in out:
            cooled = scores / temperature
            top = cooled.max(axis=1)
            whole = top + np.log(np.exp(cooled - top[:, None]).sum(axis=1))
            total += float((whole - cooled[range(len(right)), right]).mean())
        return total

    return min(TEMPERATURES, key=surprise)


def _probabilities(scores: Floats, temperature: float) -> Floats:
    import numpy as np

    raised: Floats = np.exp((scores - scores.max(axis=1, keepdims=True)) / temperature)
    raised /= raised.sum(axis=1, keepdims=True)
    return raised


def _compute_metrics(bench: _TrainingData, out: list[Floats], temperature: float) -> dict[str, Any]:
    """Figures of the cross-validation: means over the cuts, tables of the first. `outcomes` has, of every example, the
    right department, the one named and how sure."""
    rules = [one.votes.department for one in bench.examples]
    named = [_best_departments(bench, scores) for scores in out]
    sure = _probabilities(out[0], temperature)
    order = (-sure).argsort(axis=1, kind="stable")
    top = sure.max(axis=1)
    best_two = [
        label in (bench.departments[two[0]], bench.departments[two[1]])
        for label, two in zip(bench.labels, order, strict=True)
    ]
    surest = sorted(range(len(top)), key=lambda at: -float(top[at]))[: math.ceil(0.4 * len(top))]
    return {
        "examples": len(bench.labels),
        "accuracy": _mean(scoring.accuracy(bench.labels, one) for one in named),
        "macro_f1": _mean(scoring.macro_f1(bench.labels, one) for one in named),
        "rules_accuracy": _mean([scoring.accuracy(bench.labels, rules)]),
        "rules_macro_f1": _mean([scoring.macro_f1(bench.labels, rules)]),
        "best_two": _mean(best_two),
        "surest_40": _mean(named[0][at] == bench.labels[at] for at in surest),
        "confusion": scoring.count_confusion(bench.labels, named[0]),
        "by_department": dict(Counter(bench.labels)),
        "by_rule": _right_counts_by_rule(bench.examples),
        "outcomes": [
            [label, name, round(float(chance), 3)]
            for label, name, chance in zip(bench.labels, named[0], top, strict=True)
        ],
    }


def _right_counts_by_rule(examples: Sequence[Example]) -> dict[str, list[int]]:
    """Of every rule that decided (its key): how often people say that it was right, and how often it decided."""
    found: dict[str, list[int]] = {}
    for one in examples:
        if one.votes.holding:
            counts = found.setdefault(one.votes.holding[0][1], [0, 0])
            counts[0] += one.department == one.votes.department
            counts[1] += 1
    return found


def _mean(values: Any) -> float:
    listed = [float(value) for value in values]
    return round(sum(listed) / (len(listed) or 1), 4)
