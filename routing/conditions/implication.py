"""Prove that one condition implies or excludes another. Pure.

Sound, not complete: True is certain, False means that it could not be proved.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from routing.conditions.fields import CHOICE_FIELDS, FLAG_FIELDS, NUMBER_FIELDS, number_bounds
from routing.text import MIN_PREFIX, parse_phrase

ConditionTree = dict[str, Any]
#: Fields that have only one value per message.
_SINGLE_VALUED_FIELDS = frozenset(CHOICE_FIELDS) - {"customer_tags", "about"}


class PhraseSet:
    """Words, phrases and prefixes, each as `routing.text.parse_phrase` returns it.

    They are indexed for fast lookup, because a list may have hundreds.
    """

    def __init__(self, phrases: Iterable[tuple[str, bool]]) -> None:
        self._whole: set[str] = set()
        self._prefixes: dict[str, list[str]] = {}
        for text, is_prefix in phrases:
            if is_prefix:
                self._prefixes.setdefault(text[:MIN_PREFIX], []).append(text)
            else:
                self._whole.add(text)

    def covers_phrase(self, phrase: tuple[str, bool]) -> bool:
        """Return True when every text with the phrase contains a listed one."""
        text, is_prefix = phrase
        if self._has_prefix_of(text):
            return True
        if is_prefix:
            return False
        if text in self._whole:
            return True
        tokens = text.split()
        return len(tokens) > 1 and (
            any(self._has_prefix_of(token) for token in tokens)
            or any(
                " ".join(tokens[start:end]) in self._whole
                for start in range(len(tokens))
                for end in range(start + 1, len(tokens) + 1)
            )
        )

    def _has_prefix_of(self, text: str) -> bool:
        return any(text.startswith(prefix) for prefix in self._prefixes.get(text[:MIN_PREFIX], ()))


#: Word lists by the `id` of their leaf, which is stored with them (see `_cached_phrases`).
PhraseSetCache = dict[int, tuple[ConditionTree, PhraseSet]]


@dataclass(slots=True)
class ComparisonBudget:
    """The number of comparisons that are left.

    It is limited because conditions can be large and a page waits for the result. `phrase_sets` caches the sets of words
    that were already built.
    """

    left: int = 20_000
    phrase_sets: PhraseSetCache = field(default_factory=dict)

    def spend(self) -> bool:
        """Use up one comparison; return False when none was left."""
        self.left -= 1
        return self.left >= 0


def implies(a: ConditionTree, b: ConditionTree, budget: ComparisonBudget | None = None) -> bool:
    """Return True when every message matching `a` also matches `b`. Both must be valid."""
    budget = budget or ComparisonBudget()
    if not budget.spend():
        return False
    if a == b:
        return True
    if _group_key(a) == "any":
        return all(implies(part, b, budget) for part in a["any"])
    if _group_key(b) == "all":
        return all(implies(a, part, budget) for part in b["all"])
    if _group_key(a) == "all" and any(implies(part, b, budget) for part in a["all"]):
        return True
    if _group_key(b) == "any":
        return any(implies(a, part, budget) for part in b["any"]) or _implies_by_parts(a, b, budget)
    if _group_key(b) == "none":
        return all(excludes(a, part, budget) for part in b["none"])
    return "field" in a and "field" in b and _leaf_implies(a, b, budget.phrase_sets)


def excludes(a: ConditionTree, b: ConditionTree, budget: ComparisonBudget | None = None) -> bool:
    """Return True when no message matches both `a` and `b`. Both must be valid."""
    budget = budget or ComparisonBudget()
    if not budget.spend():
        return False
    if _group_key(a) == "any":
        return all(excludes(part, b, budget) for part in a["any"])
    if _group_key(b) == "any":
        return all(excludes(a, part, budget) for part in b["any"])
    if _group_key(a) == "all" and any(excludes(part, b, budget) for part in a["all"]):
        return True
    if _group_key(b) == "all" and any(excludes(a, part, budget) for part in b["all"]):
        return True
    if _group_key(a) == "none" and any(implies(b, part, budget) for part in a["none"]):
        return True
    if _group_key(b) == "none":
        return implies(a, {"any": b["none"]}, budget)
    return "field" in a and "field" in b and _leaf_excludes(a, b)


def matches_everything(tree: ConditionTree) -> bool:
    """Return True when the condition matches every message."""
    group = _group_key(tree)
    if group == "all":
        return all(matches_everything(part) for part in tree["all"])
    if group == "none":
        return all(matches_nothing(part) for part in tree["none"])
    if group == "any":
        parts = tree["any"]
        return any(matches_everything(part) for part in parts) or _are_complementary(parts)
    return tree["field"] in NUMBER_FIELDS and tree["field"] != "followers" and _is_full_range(tree)


def matches_nothing(tree: ConditionTree) -> bool:
    """Return True when the condition matches no message."""
    group = _group_key(tree)
    if group == "any":
        return all(matches_nothing(part) for part in tree["any"])
    if group == "none":
        return any(matches_everything(part) for part in tree["none"]) or _are_complementary(tree["none"])
    if group == "all":
        parts, budget = tree["all"], ComparisonBudget(5_000)
        return any(matches_nothing(part) for part in parts) or any(
            excludes(part, other, budget) for part, other in combinations(parts, 2)
        )
    return False


def _group_key(tree: ConditionTree) -> str:
    if "field" in tree:
        return ""
    return next(iter(tree))


def _are_complementary(parts: Sequence[ConditionTree]) -> bool:
    """Return True when two of the parts together match every message.

    Examples are verified and not verified, or a condition and its negation.
    """
    flags = {(part["field"], part["is"]) for part in parts if part.get("field") in FLAG_FIELDS}
    if any((field, not value) in flags for field, value in flags):
        return True
    negated = [part["none"][0] for part in parts if _group_key(part) == "none" and len(part["none"]) == 1]
    return any(implies(part, other) for part in negated for other in parts)


def _is_full_range(leaf: ConditionTree) -> bool:
    return number_bounds(leaf) == (0, NUMBER_FIELDS[leaf["field"]])


def _implies_by_parts(a: ConditionTree, b: ConditionTree, budget: ComparisonBudget) -> bool:
    """Return True when `b` covers each value of the leaf `a`.

    Values may be words. Different parts of `b` may cover different values. False for leaves with fewer than two
    values.
    """
    singles: list[ConditionTree] = []
    if a.get("field") == "words" and len(a.get("any", ())) > 1:
        singles = [{"field": "words", "any": [word]} for word in a["any"]]
    elif a.get("field") in CHOICE_FIELDS and len(a["is"]) > 1:
        singles = [{"field": a["field"], "is": [value]} for value in a["is"]]
    return bool(singles) and all(implies(single, b, budget) for single in singles)


def _leaf_implies(a: ConditionTree, b: ConditionTree, phrase_sets: PhraseSetCache) -> bool:
    name = a["field"]
    if name != b["field"]:
        return False
    if name == "words":
        return _words_imply(a, b, phrase_sets)
    if name in CHOICE_FIELDS:
        return set(a["is"]) <= set(b["is"])
    if name in NUMBER_FIELDS:
        (low, high), (least, most) = number_bounds(a), number_bounds(b)
        return least <= low and high <= most
    return a == b


def _leaf_excludes(a: ConditionTree, b: ConditionTree) -> bool:
    field = a["field"]
    if field != b["field"]:
        return False
    if field in _SINGLE_VALUED_FIELDS:
        return set(a["is"]).isdisjoint(b["is"])
    if field in NUMBER_FIELDS:
        (low, high), (least, most) = number_bounds(a), number_bounds(b)
        return high < least or most < low
    if field == "hours":
        return bool(a["calendar"] == b["calendar"]) and a["is"] != b["is"]
    return field in FLAG_FIELDS and a["is"] != b["is"]


def _words_imply(a: ConditionTree, b: ConditionTree, phrase_sets: PhraseSetCache) -> bool:
    phrases = [parse_phrase(word) for word in a.get("any") or a["all"]]
    if "any" in b:
        listed = _cached_phrases(b, phrase_sets)
        return (all if "any" in a else any)(listed.covers_phrase(phrase) for phrase in phrases)
    required = [parse_phrase(word) for word in b["all"]]
    if "any" in a:
        return all(_phrase_contains(phrase, other) for phrase in phrases for other in required)
    return all(any(_phrase_contains(phrase, other) for phrase in phrases) for other in required)


def _cached_phrases(leaf: ConditionTree, phrase_sets: PhraseSetCache) -> PhraseSet:
    # The cache keeps a reference to the leaf, so that no other object can get its `id`.
    entry = phrase_sets.get(id(leaf))
    if entry is None:
        entry = phrase_sets[id(leaf)] = (leaf, PhraseSet([parse_phrase(word) for word in leaf["any"]]))
    return entry[1]


def _phrase_contains(phrase: tuple[str, bool], other: tuple[str, bool]) -> bool:
    """Return True when every text with `phrase` also contains `other`."""
    return PhraseSet([other]).covers_phrase(phrase)
