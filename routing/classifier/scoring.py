"""How well departments were named: accuracy, macro-F1, the confusion table. Plain lists, no numbers library."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any


def accuracy(right: Sequence[str], named: Sequence[str]) -> float:
    """The share that was named right; 0 of nothing."""
    return sum(one == other for one, other in zip(right, named, strict=True)) / (len(right) or 1)


def macro_f1(right: Sequence[str], named: Sequence[str]) -> float:
    """The mean over the departments that are right at least once of 2·both ÷ (times right + times named)."""
    rights, names = Counter(right), Counter(named)
    both = Counter(one for one, other in zip(right, named, strict=True) if one == other)
    return sum(2 * both[one] / (rights[one] + names[one]) for one in rights) / (len(rights) or 1)


def count_confusion(right: Sequence[str], named: Sequence[str]) -> dict[str, Any]:
    """`{"departments": […], "rows": [[…], …]}`: of each department that was right, how often each was named."""
    order = sorted({*right, *named})
    counts = Counter(zip(right, named, strict=True))
    return {"departments": order, "rows": [[counts[one, other] for other in order] for one in order]}


def count_decided(
    outcomes: Iterable[tuple[str, str, float]], department: str, threshold: float
) -> tuple[int, int]:
    """Of (right, named, confidence): how many would be decided for `department` at `threshold`, and how many of these
    wrongly."""
    taken = [right for right, named, sure in outcomes if named == department and sure >= threshold]
    return len(taken), sum(right != department for right in taken)
