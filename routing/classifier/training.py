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
from routing.classifier.arrays import columns, kernel, packed, times, weights_of
from routing.classifier.features import Space, Votes, space
from routing.classifier.fitting import Problem, fit
from routing.classifier.hints import likeness
from routing.classifier.router import Router, belief

if TYPE_CHECKING:
    from routing.classifier.arrays import Floats

#: Fewer examples than this teach nothing that could be checked.
LEAST = 20
#: The newest so many examples are learned from: time and memory stay bounded, and departments change.
MOST = 4_000
FOLDS = 5
#: With few examples the folds are cut anew so many times: one cut would be luck.
CUTS, FEW = 3, 400
#: The price of large weights, by what the examples weigh in all. Measured; see docs/decisions.
RIDGE = 0.1
#: How much of what was learned is used; the cross-validation chooses.
STRENGTHS = (0.25, 0.5, 0.75, 1.0)
#: The score of the rules' department is this much higher than fitted with 50 corrections, and no higher from 1,000 on.
LOYALTY, LOYAL_AT, FREE_AT = 0.5, 50, 1_000
TEMPERATURES = tuple(0.4 * 1.15**step for step in range(16))

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Example:
    """A text, the department (slug) where a person says that it belongs, and the rules' votes about it."""

    text: str
    department: str
    votes: Votes


@dataclass(frozen=True, slots=True)
class Trained:
    """A router and what the cross-validation found; `is_better` says that it is not worse than the rules alone."""

    router: Router
    is_better: bool
    metrics: dict[str, Any]


class TooFew(ValueError):
    """There is not enough to learn from. The message says what is missing, for people."""


@dataclass(slots=True)
class _Bench:
    """The examples as numbers."""

    examples: Sequence[Example]
    departments: list[str]
    space: Space
    kernel: Floats
    targets: Floats
    #: What the rules' votes are worth to the fit, and with loyalty to what is decided.
    beliefs: Floats
    loyal: Floats
    likenesses: Floats
    labels: list[str]


def train(
    examples: Sequence[Example],
    hints: Sequence[tuple[str, str]] = (),
    *,
    seed: int = 1,
    progress: Progress = lambda said: None,
) -> Trained:
    """A router from `examples`, oldest first, and the rules' words (`routing.classifier.hints.phrases`).

    Raises `TooFew` below `LEAST` examples, and when all are of one department. The same arguments give the same
    router. `progress` is told what goes on.
    """
    begun = time.perf_counter()
    examples = examples[-MOST:]
    _require_enough(examples)
    progress(f"Reading {len(examples):,} examples")
    held, bench, like = _prepare(examples, hints)
    scores = _cross_validated(bench, seed, progress)
    strength, verdict = _choose(bench, scores)
    progress("Fitting all examples")
    share, _ = fit(_problem(bench, [1.0] * len(examples)))
    weights = (like + weights_of(held, share)) * strength
    out = [(bench.loyal + (bench.likenesses + one) * strength) for one in scores]
    temperature = _temperature(out, bench)
    loyalty = _loyalty(len(examples))
    router = Router(tuple(bench.departments), bench.space, weights, temperature, loyalty)
    metrics = _metrics(bench, out, temperature) | {
        "strength": strength,
        "temperature": round(temperature, 3),
        "features": bench.space.width,
        "cuts": len(scores),
        "folds": FOLDS,
        "seconds": round(time.perf_counter() - begun, 2),
    }
    return Trained(router, verdict, metrics)


def _require_enough(examples: Sequence[Example]) -> None:
    if len(examples) < LEAST:
        raise TooFew(f"{len(examples)} of the {LEAST} corrections that learning needs are there.")
    if len({one.department for one in examples}) < 2:
        raise TooFew("All corrections lead to one department: there is nothing to tell apart yet.")


def _loyalty(examples: int) -> float:
    """How much clearer than by a hair the rules must be overruled: fades evenly as the corrections multiply."""
    return LOYALTY * max(0.0, math.log(FREE_AT / examples) / math.log(FREE_AT / LOYAL_AT))


def _prepare(examples: Sequence[Example], hints: Sequence[tuple[str, str]]) -> tuple[Any, _Bench, Floats]:
    import numpy as np

    labels = [one.department for one in examples]
    departments = sorted({*labels, *(one.votes.department for one in examples), *(slug for _, slug in hints)})
    features = space(
        [one.text for one in examples], (phrase for phrase, _ in hints), [one.votes for one in examples]
    )
    rows = packed((features.row(one.text, one.votes) for one in examples), features.width)
    held = columns(rows)
    targets = np.zeros((len(examples), len(departments)), np.float32)
    targets[range(len(examples)), [departments.index(label) for label in labels]] = 1.0
    like = likeness(features, hints, departments)
    beliefs = np.asarray([belief(one.votes, departments) for one in examples], np.float32)
    loyalty = _loyalty(len(examples))
    loyal = np.asarray([belief(one.votes, departments, loyalty) for one in examples], np.float32)
    bench = _Bench(
        examples, departments, features, kernel(held), targets, beliefs, loyal, times(rows, like), labels
    )
    return held, bench, like


def _problem(bench: _Bench, kept: Sequence[float]) -> Problem:
    """The kept examples, every department weighing the same in all."""
    import numpy as np

    weights = np.asarray(kept, np.float32)
    sizes = weights @ bench.targets
    balanced = weights.sum() / ((sizes > 0).sum() * np.maximum(sizes, 1.0))
    return Problem(
        bench.kernel,
        bench.targets,
        (weights * (bench.targets @ balanced)).astype(np.float32),
        bench.beliefs + bench.likenesses,
        RIDGE,
    )


def _cross_validated(bench: _Bench, seed: int, progress: Progress) -> list[Floats]:
    """What the folds' fits say about the examples that they did not see; one array (n × k) a cut."""
    import numpy as np

    scores = []
    cuts = CUTS if len(bench.labels) <= FEW else 1
    for cut in range(cuts):
        found = np.zeros_like(bench.targets)
        folds = _folds(bench.labels, seed + cut)
        for fold in range(FOLDS):
            progress(f"Cross-validation: {cut * FOLDS + fold + 1} of {cuts * FOLDS}")
            unseen = np.asarray(folds) == fold
            _, fitted = fit(_problem(bench, [0.0 if one else 1.0 for one in unseen]))
            found[unseen] = fitted[unseen]
        scores.append(found)
    return scores


def _folds(labels: Sequence[str], seed: int) -> list[int]:
    """The fold of each example, each department spread over all of them."""
    order = list(range(len(labels)))
    random.Random(seed).shuffle(order)
    order.sort(key=lambda at: labels[at])
    folds = [0] * len(labels)
    for place, at in enumerate(order):
        folds[at] = place % FOLDS
    return folds


def _named(bench: _Bench, scores: Floats) -> list[str]:
    return [bench.departments[at] for at in scores.argmax(axis=1)]


def _worth(bench: _Bench, named: Sequence[str]) -> float:
    return (scoring.accuracy(bench.labels, named) + scoring.macro_f1(bench.labels, named)) / 2


def _choose(bench: _Bench, scores: list[Floats]) -> tuple[float, bool]:
    """How much of what was learned to use, and whether that is not worse than the rules alone, both on examples that
    were not seen: the mean of accuracy and macro-F1 over the cuts. Of equals the stronger."""
    alone = _worth(bench, [one.votes.department for one in bench.examples])
    found = [
        (
            sum(
                _worth(bench, _named(bench, bench.loyal + (bench.likenesses + one) * strength))
                for one in scores
            )
            / len(scores),
            strength,
        )
        for strength in STRENGTHS
    ]
    best, strength = max(found)
    return strength, best >= alone


def _temperature(out: list[Floats], bench: _Bench) -> float:
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


def _metrics(bench: _Bench, out: list[Floats], temperature: float) -> dict[str, Any]:
    """Figures of the cross-validation: means over the cuts, tables of the first. `outcomes` has, of every example, the
    right department, the one named and how sure."""
    rules = [one.votes.department for one in bench.examples]
    named = [_named(bench, scores) for scores in out]
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
        "confusion": scoring.confusion(bench.labels, named[0]),
        "by_department": dict(Counter(bench.labels)),
        "by_rule": _by_rule(bench.examples),
        "outcomes": [
            [label, name, round(float(chance), 3)]
            for label, name, chance in zip(bench.labels, named[0], top, strict=True)
        ],
    }


def _by_rule(examples: Sequence[Example]) -> dict[str, list[int]]:
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
