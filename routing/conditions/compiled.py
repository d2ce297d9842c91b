"""Compile condition trees into functions.

They return whether a condition matches a message, and which of its leaves match.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from routing.conditions.fields import CHOICE_FIELDS, NUMBER_FIELDS
from routing.conditions.index import ConditionIndex
from routing.conditions.word_lists import positive_words_of, word_list_condition
from routing.conditions.wording import describe_leaf, join_quoted

#: Returns True when the condition matches, given the numbers seen in a message
#: (`routing.conditions.index.ConditionIndex`).
ConditionTest = Callable[[set[int]], bool]
#: Most words of a list named in an explanation.
MAX_WORDS_NAMED = 4


class Match(NamedTuple):
    """A leaf that matches, in words. `list_words`: the words of its word list that were found."""

    text: str
    list_words: tuple[str, ...] = ()


#: Yields the matching leaves. Leaves inside a `none` group are left out.
ConditionExplanation = Callable[[set[int]], Iterator[Match]]


@dataclass(frozen=True, slots=True)
class CompiledCondition:
    """A condition compiled into functions.

    It can only match when one of `needs_one_of` is seen; None when no such set is known.
    """

    test: ConditionTest
    explain: ConditionExplanation
    needs_one_of: frozenset[int] | None


def compile_condition(node: dict[str, Any], index: ConditionIndex) -> CompiledCondition:
    """Compile a valid condition and add its terms to the index.

    A condition is valid when `routing.conditions.validation.validate_condition` finds no problem. Raises `KeyError` for a
    calendar or word list that is gone.
    """
    if "field" in node:
        return _compile_about(node, index) if node["field"] == "about" else _compile_leaf(node, index)
    group = "all" if "all" in node else "any" if "any" in node else "none"
    parts = tuple(compile_condition(child, index) for child in node[group])
    if group == "all":
        return _compile_all(parts, index.common_numbers)
    return _compile_any(parts) if group == "any" else _compile_none(parts)


def needs_words(node: dict[str, Any]) -> bool:
    """Return whether a valid condition depends on words of the text."""
    if "field" in node:
        return node["field"] in ("words", "pattern", "about")
    if "all" in node:
        return any(needs_words(child) for child in node["all"])
    return "any" in node and all(needs_words(child) for child in node["any"])


def _compile_leaf(leaf: dict[str, Any], index: ConditionIndex) -> CompiledCondition:
    names = _number_leaf_terms(leaf, index)
    numbers, needs_all = frozenset(names), "all" in leaf
    places = {number: place for place, number in enumerate(names)}

    def explain(seen: set[int]) -> Iterator[Match]:
        matched = [names[number] for number in sorted(numbers & seen, key=places.__getitem__)]
        if not matched or (needs_all and len(matched) < len(names)):
            return
        if leaf["field"] == "words":
            yield Match(describe_leaf({"field": "words", "all": _drop_contained_words(matched)}))
        else:
            matched_leaf = {**leaf, "is": matched} if isinstance(leaf.get("is"), list) else leaf
            yield Match(describe_leaf(matched_leaf, names=index.names))

    if needs_all:
        return CompiledCondition(numbers.issubset, explain, frozenset((min(numbers),)))
    if len(numbers) == 1:
        (only,) = numbers
        return CompiledCondition(lambda seen: only in seen, explain, numbers)
    return CompiledCondition(lambda seen: not numbers.isdisjoint(seen), explain, numbers)


def _compile_about(leaf: dict[str, Any], index: ConditionIndex) -> CompiledCondition:
    """Compile references to word lists.

    Its explanation is the list's name and the words that were found.
    """
    lists = [_compile_list(key, index) for key in leaf["is"]]

    def explain(seen: set[int]) -> Iterator[Match]:
        for part in lists:
            if part.test(seen):
                yield from part.explain(seen)

    any_part = _compile_any(tuple(lists))
    return CompiledCondition(any_part.test, explain, any_part.needs_one_of)


def _compile_list(key: str, index: ConditionIndex) -> CompiledCondition:
    tree = word_list_condition(index.word_lists[key])
    compiled = compile_condition(tree, index)
    words = {index.add_word(word): word for word in positive_words_of(tree)}
    numbers, places = frozenset(words), {number: place for place, number in enumerate(words)}
    name = describe_leaf({"field": "about", "is": [key]}, names=index.names)

    def explain(seen: set[int]) -> Iterator[Match]:
        # Only what was seen is looked at: a list may have a thousand words.
        matched = _drop_contained_words(
            [words[number] for number in sorted(numbers & seen, key=places.__getitem__)]
        )
        text = f"{name} ({join_quoted(matched, 'and', MAX_WORDS_NAMED)})" if matched else name
        yield Match(text, tuple(matched))

    return CompiledCondition(compiled.test, explain, compiled.needs_one_of)


def _drop_contained_words(words: list[str]) -> list[str]:
    """Drop words that are part of a longer phrase: “charged” beside “charged twice”."""
    return [
        word for word in words if not any(f" {word} " in f" {other} " for other in words if other != word)
    ]


def _number_leaf_terms(leaf: dict[str, Any], index: ConditionIndex) -> dict[int, str]:
    """Add the terms of a leaf to the index; return them by number.

    The terms are its words or values.
    """
    field = leaf["field"]
    if field == "words":
        words = leaf["any"] if "any" in leaf else leaf["all"]
        return {index.add_word(word): word for word in words}
    if field == "pattern":
        return {index.add_pattern(leaf["matches"]): leaf["matches"]}
    if field in NUMBER_FIELDS:
        return {index.add_range(leaf): field}
    if field == "hours":
        return {index.add_hours(leaf["calendar"], leaf["is"] == "open"): leaf["calendar"]}
    if field in CHOICE_FIELDS:
        return {index.add_value(field, value): value for value in leaf["is"]}
    return {index.add_value(field, leaf["is"]): field}


def _compile_all(parts: tuple[CompiledCondition, ...], common: set[int]) -> CompiledCondition:
    tests = tuple(part.test for part in parts)

    def test(seen: set[int]) -> bool:
        for part_holds in tests:  # noqa: SIM110  (a generator in all() costs three times as much)
            if not part_holds(seen):
                return False
        return True

    needs = [part.needs_one_of for part in parts if part.needs_one_of is not None]
    rarest = min(needs, key=lambda numbers: (not numbers.isdisjoint(common), len(numbers)), default=None)
    return CompiledCondition(test, _explain_parts(parts), rarest)


def _compile_any(parts: tuple[CompiledCondition, ...]) -> CompiledCondition:
    needs = [part.needs_one_of for part in parts if part.needs_one_of is not None]
    union = frozenset[int]().union(*needs) if len(needs) == len(parts) else None
    return CompiledCondition(_any_part_holds(parts), _explain_parts(parts), union)


def _compile_none(parts: tuple[CompiledCondition, ...]) -> CompiledCondition:
    any_holds = _any_part_holds(parts)
    return CompiledCondition(lambda seen: not any_holds(seen), lambda seen: iter(()), None)


def _any_part_holds(parts: tuple[CompiledCondition, ...]) -> ConditionTest:
    tests = tuple(part.test for part in parts)
    if len(tests) == 1:
        return tests[0]

    def test(seen: set[int]) -> bool:
        for part_holds in tests:  # noqa: SIM110  (as above)
            if part_holds(seen):
                return True
        return False

    return test


def _explain_parts(parts: tuple[CompiledCondition, ...]) -> ConditionExplanation:
    def explain(seen: set[int]) -> Iterator[Match]:
        for part in parts:
            yield from part.explain(seen)

    return explain
