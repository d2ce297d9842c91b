"""Compare messages with the words of each department's rules.

A rule that names "refund" also says something about "refunded". Each department gets the mean vector of its
rules' words, and a message is scored by its similarity to that vector, even when no rule matches. This helps
most while there are few corrections.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from routing.classifier.arrays import feature_weights, pack_rows, transpose_rows
from routing.classifier.features import FeatureSpace, count_features

if TYPE_CHECKING:
    from routing.classifier.arrays import Floats

#: The factor of the similarity to a department's words. Measured; see docs/decisions.
LIKENESS_WEIGHT = 12.0


def rule_phrases(snapshot: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return (words, department) for all phrases of the enabled rules.

    The rules must hold the words of their word lists themselves.
    """
    phrases = [
        (phrase.replace("*", ""), rule["department"])
        for rule in snapshot.get("rules", ())
        if rule.get("enabled", True)
        for phrase in _phrases_of_condition(rule.get("condition") or {})
    ]
    return list(dict.fromkeys(phrases))


def _phrases_of_condition(condition: Mapping[str, Any]) -> Iterator[str]:
    if condition.get("field") == "words":
        for group in ("any", "all"):
            yield from (str(phrase) for phrase in condition.get(group) or ())
        return
    for group in ("any", "all"):
        for part in condition.get(group) or ():
            if isinstance(part, Mapping):
                yield from _phrases_of_condition(part)


def likeness_weights(
    space: FeatureSpace, hints: Sequence[tuple[str, str]], departments: Sequence[str]
) -> Floats:
    """Return the weights that score the similarity to each department's words.

    The shape is width × departments; the weights include the factor `LIKENESS_WEIGHT`. Departments whose
    rules name no words get none.
    """
    import numpy as np

    share = np.zeros((len(hints), len(departments)), np.float32)
    for at, (_, department) in enumerate(hints):
        if department in departments:
            share[at, departments.index(department)] = 1.0
    share /= np.maximum(share.sum(axis=0), 1.0)
    rows = pack_rows((space.text_row(count_features(phrase)) for phrase, _ in hints), space.width)
    means = feature_weights(transpose_rows(rows), share)
    lengths = np.sqrt((means * means).sum(axis=0))
    nonzero = lengths > 0
    means[:, nonzero] /= lengths[nonzero]
    if nonzero.any():
        means[:, nonzero] -= means[:, nonzero].mean(axis=1, keepdims=True)
    means *= np.float32(LIKENESS_WEIGHT)
    return means
