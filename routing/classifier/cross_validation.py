"""Cross-validation of a training. Pure; deterministic.

The examples are split into folds, and each fold is scored by a model fitted to all others. These scores
determine the strength of what was learned and the temperature, and all figures of a router version are
computed from them.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from routing.classifier import scoring
from routing.classifier.fitting import fit_regression
from routing.classifier.training_data import Example, TrainingData

if TYPE_CHECKING:
    from routing.classifier.arrays import Floats

FOLDS = 5
#: With at most `FEW_EXAMPLES` examples the split into folds is repeated, because the result of a single split
#: would depend too much on chance.
CUTS_WHEN_FEW, FEW_EXAMPLES = 3, 400
#: The candidate factors by which learned scores are multiplied.
STRENGTHS = (0.25, 0.5, 0.75, 1.0)
TEMPERATURES = tuple(0.4 * 1.15**step for step in range(16))
#: The share of guesses, most confident first, for which accuracy is also reported separately.
SUREST_SHARE = 0.4

Progress = Callable[[str], None]


def cross_validate(data: TrainingData, seed: int, progress: Progress) -> list[Floats]:
    """Return the learned scores of each example, from models without it.

    One array (n × k) per split. `progress` receives a sentence per fold.
    """
    import numpy as np

    learned_by_cut = []
    cuts = CUTS_WHEN_FEW if len(data.labels) <= FEW_EXAMPLES else 1
    for cut in range(cuts):
        learned = np.zeros_like(data.targets)
        folds = np.asarray(_assign_folds(data.labels, seed + cut))
        for fold in range(FOLDS):
            progress(f"Cross-validation: {cut * FOLDS + fold + 1} of {cuts * FOLDS}")
            unseen = folds == fold
            _, fitted = fit_regression(data.build_problem([0.0 if left_out else 1.0 for left_out in unseen]))
            learned[unseen] = fitted[unseen]
        learned_by_cut.append(learned)
    return learned_by_cut


def _assign_folds(labels: Sequence[str], seed: int) -> list[int]:
    """Return the fold of each example, with every department spread over all."""
    order = list(range(len(labels)))
    random.Random(seed).shuffle(order)
    order.sort(key=lambda at: labels[at])
    folds = [0] * len(labels)
    for place, at in enumerate(order):
        folds[at] = place % FOLDS
    return folds


def choose_strength(data: TrainingData, learned_by_cut: Sequence[Floats]) -> tuple[float, bool]:
    """Choose the factor by which learned scores are multiplied.

    Also return whether the result is at least as good as the rules alone. The criterion is the mean of
    accuracy and macro-F1 over the splits; of equal factors the largest is chosen.
    """
    alone = _mean_score(data, [example.votes.department for example in data.examples])

    def judge(strength: float) -> float:
        scores = (data.decision_scores(learned, strength) for learned in learned_by_cut)
        return sum(_mean_score(data, _best_departments(data, score)) for score in scores) / len(
            learned_by_cut
        )

    best, strength = max((judge(strength), strength) for strength in STRENGTHS)
    return strength, best >= alone


def _mean_score(data: TrainingData, named: Sequence[str]) -> float:
    return (scoring.accuracy(data.labels, named) + scoring.macro_f1(data.labels, named)) / 2


def _best_departments(data: TrainingData, scores: Floats) -> list[str]:
    return [data.departments[at] for at in scores.argmax(axis=1)]


def find_temperature(data: TrainingData, scores_by_cut: Sequence[Floats]) -> float:
    """Find the temperature at which the right departments are most probable."""
    import numpy as np

    right = data.targets.argmax(axis=1)

    def surprise(temperature: float) -> float:
        total = 0.0
        for scores in scores_by_cut:
            cooled = scores / temperature
            top = cooled.max(axis=1)
            whole = top + np.log(np.exp(cooled - top[:, None]).sum(axis=1))
            total += float((whole - cooled[range(len(right)), right]).mean())
        return total

    return min(TEMPERATURES, key=surprise)


def compute_metrics(
    data: TrainingData, scores_by_cut: Sequence[Floats], temperature: float
) -> dict[str, Any]:
    """Compute the figures of the cross-validation.

    Numbers are means over the splits; tables are of the first split. `outcomes` has a row for each example:
    the right department, the predicted one and its probability.
    """
    rules = [example.votes.department for example in data.examples]
    named_by_cut = [_best_departments(data, scores) for scores in scores_by_cut]
    named = named_by_cut[0]
    sure = _probabilities(scores_by_cut[0], temperature)
    order = (-sure).argsort(axis=1, kind="stable")
    top = sure.max(axis=1)
    best_two = [
        label in (data.departments[two[0]], data.departments[two[1]])
        for label, two in zip(data.labels, order, strict=True)
    ]
    surest = sorted(range(len(top)), key=lambda at: -float(top[at]))[: math.ceil(SUREST_SHARE * len(top))]
    return {
        "examples": len(data.labels),
        "accuracy": _rounded_mean(scoring.accuracy(data.labels, each) for each in named_by_cut),
        "macro_f1": _rounded_mean(scoring.macro_f1(data.labels, each) for each in named_by_cut),
        "rules_accuracy": _rounded_mean([scoring.accuracy(data.labels, rules)]),
        "rules_macro_f1": _rounded_mean([scoring.macro_f1(data.labels, rules)]),
        "best_two": _rounded_mean(best_two),
        "surest_40": _rounded_mean(named[at] == data.labels[at] for at in surest),
        "confusion": scoring.count_confusion(data.labels, named),
        "by_department": dict(Counter(data.labels)),
        "by_rule": _right_counts_by_rule(data.examples),
        "outcomes": [
            [label, name, round(float(chance), 3)]
            for label, name, chance in zip(data.labels, named, top, strict=True)
        ],
    }


def _probabilities(scores: Floats, temperature: float) -> Floats:
    import numpy as np

    raised: Floats = np.exp((scores - scores.max(axis=1, keepdims=True)) / temperature)
    raised /= raised.sum(axis=1, keepdims=True)
    return raised


def _right_counts_by_rule(examples: Sequence[Example]) -> dict[str, list[int]]:
    """Count the decisions of each rule, as [right, all] by its key.

    Only the rule that decided counts, not the other matching ones.
    """
    counts_by_rule: dict[str, list[int]] = {}
    for example in examples:
        if example.votes.holding:
            counts = counts_by_rule.setdefault(example.votes.holding[0][1], [0, 0])
            counts[0] += example.department == example.votes.department
            counts[1] += 1
    return counts_by_rule


def _rounded_mean(values: Iterable[float]) -> float:
    numbers = [float(value) for value in values]
    return round(sum(numbers) / (len(numbers) or 1), 4)
