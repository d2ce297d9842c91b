"""Scores of predicted departments: accuracy, macro-F1, confusion table. Plain lists, no numpy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any


def accuracy(right: Sequence[str], named: Sequence[str]) -> float:
    """Return the share of right predictions; 0 for empty lists."""
    return sum(label == name for label, name in zip(right, named, strict=True)) / (len(right) or 1)


def macro_f1(right: Sequence[str], named: Sequence[str]) -> float:
    """Return the mean F1 score of the departments.

    Only departments that are right at least once count. F1 is 2·both ÷ (times right + times named).
    """
    rights, names = Counter(right), Counter(named)
    both = Counter(label for label, name in zip(right, named, strict=True) if label == name)
    return sum(2 * both[label] / (rights[label] + names[label]) for label in rights) / (len(rights) or 1)


def count_confusion(right: Sequence[str], named: Sequence[str]) -> dict[str, Any]:
    """Count for each right department how often each one was named.

    Returns `{"departments": […], "rows": [[…], …]}`.
    """
    order = sorted({*right, *named})
    counts = Counter(zip(right, named, strict=True))
    return {"departments": order, "rows": [[counts[label, name] for name in order] for label in order]}


def count_decided(
    outcomes: Iterable[tuple[str, str, float]], department: str, threshold: float
) -> tuple[int, int]:
    """Count the decisions for a department, and the wrong ones.

    `outcomes` are (right, named, confidence). A decision is an outcome that names the department with a
    confidence of at least `threshold`.
    """
    decided = [right for right, named, sure in outcomes if named == department and sure >= threshold]
    return len(decided), sum(right != department for right in decided)
