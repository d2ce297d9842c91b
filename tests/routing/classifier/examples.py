"""Messages of our own for the learned router: a few patterns a department, filled with words at random."""

from __future__ import annotations

import random

from routing.classifier.features import Votes
from routing.classifier.training_data import Example

PATTERNS = {
    "billing": (
        "you took {n} euros from my {card} twice",
        "the invoice for {n} is wrong",
        "money missing after {thing}",
    ),
    "tech": (
        "the {thing} crashes when I open it",
        "error {n} on my {device}",
        "screen stays black on the {device}",
    ),
    "service": (
        "my parcel with the {thing} is late",
        "the courier lost order {n}",
        "nobody delivered the {thing}",
    ),
}
WORDS = {
    "card": ("card", "debit card", "account"),
    "thing": ("lamp", "kettle", "app", "chair", "radio"),
    "device": ("phone", "tablet", "laptop"),
}


def message(department, rng):
    pattern = rng.choice(PATTERNS[department])
    words = {name: rng.choice(choices) for name, choices in WORDS.items()}
    return pattern.format(n=rng.randint(1, 999), **words)


def examples(count, seed=1, votes=None):
    """`count` of them, departments in turn; the rules know nothing (their default is service) unless `votes` says."""
    rng = random.Random(seed)
    names = sorted(PATTERNS)
    silent = Votes("service", by_default=True)
    found = []
    for at in range(count):
        department = names[at % len(names)]
        found.append(Example(message(department, rng), department, votes(department) if votes else silent))
    return found
