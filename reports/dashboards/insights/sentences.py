"""Sentences under boards: what a rule found, how much it weighs, and when there is enough evidence for it."""

from __future__ import annotations

import math
from dataclasses import dataclass

#: The most sentences under a board.
MOST_SENTENCES = 3
#: Of fewer there is no share worth a sentence.
FEWEST = 20
#: A difference is worth a sentence from so many standard errors on, and from so many percentage points.
_ERRORS, _POINTS = 2.0, 0.05
_Share = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence: what was found (in bold), what belongs to it, and the list with the number that it names."""

    bold: str
    rest: str
    link: str
    href: str


@dataclass(frozen=True, slots=True)
class Insight:
    """A sentence and its weight: about how many customers, cases or hours it concerns."""

    weight: float
    sentence: Sentence


def choose_sentences(*insights: Insight | None) -> list[Sentence]:
    """Return the sentences that weigh most, in the order of their weight."""
    with_evidence = [insight for insight in insights if insight is not None]
    heaviest = sorted(with_evidence, key=lambda insight: insight.weight, reverse=True)
    return [insight.sentence for insight in heaviest[:MOST_SENTENCES]]


def differs(share: _Share, other: _Share) -> bool:
    """Return whether two shares, each (part, whole), differ by more than chance.

    Both must be of enough, and at least five points and two standard errors apart.
    """
    (part, whole), (other_part, other_whole) = share, other
    if whole < FEWEST or other_whole < FEWEST:
        return False
    difference = abs(part / whole - other_part / other_whole)
    together = (part + other_part) / (whole + other_whole)
    error = math.sqrt(together * (1 - together) * (1 / whole + 1 / other_whole))
    return difference >= _POINTS and difference >= _ERRORS * error
