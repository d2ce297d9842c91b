"""Measure the learned router by the number of corrections that it learned from.

It is tested on messages that it did not learn from.
"""

from __future__ import annotations

import math
import random
import resource
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from routing.classifier import scoring
from routing.classifier.training import TooFewExamples, TrainingResult, train_router
from routing.classifier.training_data import Example

#: The least number of messages to test on.
MIN_TESTED = 50


@dataclass(frozen=True, slots=True)
class LabelledMessage:
    """A labelled message with the rules' votes.

    `in_slice` is True for messages of the slice that is also measured separately.
    """

    example: Example
    in_slice: bool = False


def measure_learning_curve(
    messages: Sequence[LabelledMessage],
    hints: Sequence[tuple[str, str]],
    corrections: Sequence[int],
    seeds: int,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Measure the rules alone and the learned router, by number of corrections.

    For each number in `corrections`, that many messages are drawn from all departments in proportion and
    learned from; all others are tested. Figures are means over `seeds` draws. Times depend on this machine;
    `memory_mb` is by how much the peak memory of the process grew. A number that leaves fewer than
    `MIN_TESTED` messages to test on is skipped. `say` receives a line of progress after each step.
    """
    before = _peak_memory_mb()
    points = []
    for count in corrections:
        if count > len(messages) - MIN_TESTED:
            say(f"{count} corrections leave too few of {len(messages)} messages to test on: left out.")
            continue
        draws = []
        for seed in range(seeds):
            draws.append(_measure_draw(messages, hints, count, seed))
            say(f"{count} corrections, draw {seed + 1} of {seeds}: {draws[-1]['learned']['macro_f1']:.3f}")
        points.append({"corrections": count, "draws": seeds, **_mean_figures(draws)})
    return {"messages": len(messages), "curve": points, "memory_mb": round(_peak_memory_mb() - before, 1)}


def _measure_draw(
    messages: Sequence[LabelledMessage], hints: Sequence[tuple[str, str]], count: int, seed: int
) -> dict[str, Any]:
    learned_from, tested = split_messages(messages, count, seed)
    begun = time.perf_counter()
    try:
        trained: TrainingResult | None = train_router(
            [message.example for message in learned_from], hints, seed=seed + 1
        )
    except TooFewExamples:
        trained = None
    seconds = time.perf_counter() - begun
    figures = {"train_seconds": seconds, **_test_figures(tested, trained, "")}
    slice_messages = [message for message in tested if message.in_slice]
    return figures | (_test_figures(slice_messages, trained, "slice_") if slice_messages else {})


def split_messages(
    messages: Sequence[LabelledMessage], count: int, seed: int
) -> tuple[list[LabelledMessage], list[LabelledMessage]]:
    """Return `count` of the messages, and the rest.

    Both have the departments in proportion, rounded at random.
    """
    order = list(range(len(messages)))
    random.Random(seed).shuffle(order)
    by_department: dict[str, list[int]] = {}
    for at in order:
        by_department.setdefault(messages[at].example.department, []).append(at)
    # Each department's messages are spread evenly between 0 and 1, so any prefix has the departments in
    # proportion.
    places = sorted(
        ((place + random.Random(f"{seed} {name}").random()) / len(members), name, at)
        for name, members in by_department.items()
        for place, at in enumerate(members)
    )
    chosen = {at for _, _, at in places[:count]}
    return [messages[at] for at in order if at in chosen], [messages[at] for at in order if at not in chosen]


def _test_figures(
    tested: Sequence[LabelledMessage], trained: TrainingResult | None, prefix: str
) -> dict[str, Any]:
    """Measure on messages not learned from; names begin with `prefix`.

    `learned` is the result that a workspace would get: the rules alone when the training rejected the router.
    """
    right = [message.example.department for message in tested]
    rules = [message.example.votes.department for message in tested]
    begun = time.perf_counter()
    guesses = [
        trained.router.guess(message.example.text, message.example.votes) if trained is not None else []
        for message in tested
    ]
    spent = time.perf_counter() - begun
    used = trained is not None and trained.is_better
    named = [ranking[0].department for ranking in guesses] if used else rules
    figures: dict[str, Any] = {
        f"{prefix}tested": len(tested),
        f"{prefix}rules": _figures(right, rules),
        f"{prefix}learned": _figures(right, named),
        f"{prefix}used": float(used),
    }
    if trained is not None:
        figures[f"{prefix}best_two"] = sum(
            label in {guess.department for guess in ranking[:2]}
            for label, ranking in zip(right, guesses, strict=True)
        ) / len(right)
        surest = sorted(range(len(right)), key=lambda at: -guesses[at][0].probability)
        surest = surest[: math.ceil(0.4 * len(right))]
        figures[f"{prefix}surest_40"] = sum(guesses[at][0].department == right[at] for at in surest) / len(
            surest
        )
    if not prefix:
        figures["ms_per_message"] = 1000 * spent / len(tested)
    return figures


def _figures(right: Sequence[str], named: Sequence[str]) -> dict[str, float]:
    return {"accuracy": scoring.accuracy(right, named), "macro_f1": scoring.macro_f1(right, named)}


def _mean_figures(draws: Sequence[dict[str, Any]]) -> dict[str, Any]:
    means: dict[str, Any] = {}
    for name in draws[0]:
        values = [draw[name] for draw in draws if name in draw]
        means[name] = (
            _mean_figures(values) if isinstance(values[0], dict) else round(sum(values) / len(values), 4)
        )
    return means


def _peak_memory_mb() -> float:
    """Return the peak memory of this process so far, in MB."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1024 * 1024 if sys.platform == "darwin" else 1024)
