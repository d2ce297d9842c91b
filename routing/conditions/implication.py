"""Whether one condition takes everything that another takes. Sound, not complete: True is certain, False means that it
could not be shown. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from routing.conditions.fields import CHOICE_FIELDS, FLAG_FIELDS, NUMBER_FIELDS, number_bounds
from routing.text import MIN_PREFIX, parse_phrase

ConditionTree = dict[str, Any]
#: Fields that have one value at a time.
_SINGLE_VALUED_FIELDS = frozenset(CHOICE_FIELDS) - {"customer_tags"}


class WordList:
    """Words, phrases and prefixes, as `routing.text.parse_phrase` gives them, found again by their letters: lists have hundreds."""

    def __init__(self, wanted: Iterable[tuple[str, bool]]) -> None:
        self._whole: set[str] = set()
        self._prefixes: dict[str, list[str]] = {}
        for text, any_ending in wanted:
            if any_ending:
                self._prefixes.setdefault(text[:MIN_PREFIX], []).append(text)
            else:
                self._whole.add(text)

    def covers_phrase(self, one: tuple[str, bool]) -> bool:
        """Whether every text with this word, phrase or prefix has one of the list."""
        text, is_prefix = one
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


#: Lists of words that were looked at, by the number of the leaf that has them.
WordListCache = dict[int, tuple[ConditionTree, WordList]]


@dataclass(slots=True)
class ComparisonBudget:
    """How many comparisons may still be made: conditions can be large, and answers are wanted while a page loads. `known`
    keeps what was worked out about lists of words."""

    left: int = 20_000
    word_lists: WordListCache = field(default_factory=dict)

    def spend(self) -> bool:
        """False when it is used up."""
        self.left -= 1
        return self.left >= 0


def implies(a: ConditionTree, b: ConditionTree, effort: ComparisonBudget | None = None) -> bool:
    """Whether every message that meets `a` meets `b`. Both are valid trees."""
    effort = effort or ComparisonBudget()
    if not effort.spend():
        return False
    if a == b:
        return True
    if _group_key(a) == "any":
        return all(implies(part, b, effort) for part in a["any"])
    if _group_key(b) == "all":
        return all(implies(a, part, effort) for part in b["all"])
    if _group_key(a) == "all" and any(implies(part, b, effort) for part in a["all"]):
        return True
    if _group_key(b) == "any":
        return any(implies(a, part, effort) for part in b["any"]) or _implies_by_parts(a, b, effort)
    if _group_key(b) == "none":
        return all(excludes(a, part, effort) for part in b["none"])
    return "field" in a and "field" in b and _leaf_implies(a, b, effort.word_lists)


def excludes(a: ConditionTree, b: ConditionTree, effort: ComparisonBudget | None = None) -> bool:
    """Whether no message that meets `a` meets `b`."""
    effort = effort or ComparisonBudget()
    if not effort.spend():
        return False
    if _group_key(a) == "any":
        return all(excludes(part, b, effort) for part in a["any"])
    if _group_key(b) == "any":
        return all(excludes(a, part, effort) for part in b["any"])
    if _group_key(a) == "all" and any(excludes(part, b, effort) for part in a["all"]):
        return True
    if _group_key(b) == "all" and any(excludes(a, part, effort) for part in b["all"]):
        return True
    if _group_key(a) == "none" and any(implies(b, part, effort) for part in a["none"]):
        return True
    if _group_key(b) == "none":
        return implies(a, {"any": b["none"]}, effort)
    return "field" in a and "field" in b and _leaf_excludes(a, b)


def matches_everything(tree: ConditionTree) -> bool:
    """Whether the condition holds for every message."""
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
    """Whether the condition holds for no message."""
    group = _group_key(tree)
    if group == "any":
        return all(matches_nothing(part) for part in tree["any"])
    if group == "none":
        return any(matches_everything(part) for part in tree["none"]) or _are_complementary(tree["none"])
    if group == "all":
        parts, effort = tree["all"], ComparisonBudget(5_000)
        return any(matches_nothing(part) for part in parts) or any(
            excludes(one, other, effort) for at, one in enumerate(parts) for other in parts[at + 1 :]
        )
    return False


def _group_key(tree: ConditionTree) -> str:
    if "field" in tree:
        return ""
    return next(iter(tree))


def _are_complementary(parts: Sequence[ConditionTree]) -> bool:
    """Whether two of them leave nothing out: verified or not verified, this or none of this."""
    flags = {(part["field"], part["is"]) for part in parts if part.get("field") in FLAG_FIELDS}
    if any((field, not value) in flags for field, value in flags):
        return True
    barred = [
        part
        for each in parts
        if _group_key(each) == "none" and len(each["none"]) == 1
        for part in each["none"]
    ]
    return any(implies(part, other) for part in barred for other in parts)


def _is_full_range(leaf: ConditionTree) -> bool:
    return number_bounds(leaf) == (0, NUMBER_FIELDS[leaf["field"]])


def _implies_by_parts(a: ConditionTree, b: ConditionTree, effort: ComparisonBudget) -> bool:
    """A leaf with several words or values, each of them held by another part of `b`."""
    singles: list[ConditionTree] = []
    if a.get("field") == "words" and len(a.get("any", ())) > 1:
        singles = [{"field": "words", "any": [word]} for word in a["any"]]
    elif a.get("field") in CHOICE_FIELDS and len(a["is"]) > 1:
        singles = [{"field": a["field"], "is": [value]} for value in a["is"]]
    return bool(singles) and all(implies(one, b, effort) for one in singles)


def _leaf_implies(a: ConditionTree, b: ConditionTree, known: WordListCache) -> bool:
    name = a["field"]
    if name != b["field"]:
        return False
    if name == "words":
        return _words_imply(a, b, known)
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


def _words_imply(a: ConditionTree, b: ConditionTree, known: WordListCache) -> bool:
    given = [parse_phrase(word) for word in a.get("any") or a["all"]]
    if "any" in b:
        wanted = _cached_word_list(b, known)
        return (all if "any" in a else any)(wanted.covers_phrase(one) for one in given)
    asked = [parse_phrase(word) for word in b["all"]]
    if "any" in a:
        return all(_phrase_contains(one, other) for one in given for other in asked)
    return all(any(_phrase_contains(one, other) for one in given) for other in asked)


def _cached_word_list(leaf: ConditionTree, known: WordListCache) -> WordList:
    # The leaf is kept with it, so that no other gets its number.
    kept = known.get(id(leaf))
    if kept is None:
        kept = known[id(leaf)] = (leaf, WordList([parse_phrase(word) for word in leaf["any"]]))
    return kept[1]


def _phrase_contains(one: tuple[str, bool], other: tuple[str, bool]) -> bool:
    """Whether a text with one word, phrase or prefix holds another."""
    return WordList([other]).covers_phrase(one)
