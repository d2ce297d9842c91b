"""Condition trees as functions: does it hold, and what spoke for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from routing.conditions.fields import CHOICE_FIELDS, NUMBER_FIELDS
from routing.conditions.index import ConditionIndex
from routing.conditions.wording import describe_leaf

#: What a condition is asked about: the numbers seen in the message (`routing.conditions.index.ConditionIndex`).
ConditionTest = Callable[[set[int]], bool]
#: The leaves that hold, in words. What must be absent is not named.
ConditionExplanation = Callable[[set[int]], Iterator[str]]


@dataclass(frozen=True, slots=True)
class CompiledCondition:
    """A compiled condition. `needs` are numbers of which one must be seen for it to hold; None: cannot be said."""

    test: ConditionTest
    explain: ConditionExplanation
    needs_one_of: frozenset[int] | None


def compile_condition(node: dict[str, Any], index: ConditionIndex) -> CompiledCondition:
    """A tree that `routing.conditions.validation.validate_condition` found good, made ready; what it asks about goes into the index."""
    if "field" in node:
        return _compile_leaf(node, index)
    group = "all" if "all" in node else "any" if "any" in node else "none"
    parts = tuple(compile_condition(child, index) for child in node[group])
    if group == "all":
        return _compile_all(parts, index.common_numbers)
    return _compile_any(parts) if group == "any" else _compile_none(parts)


def _compile_leaf(leaf: dict[str, Any], index: ConditionIndex) -> CompiledCondition:
    names = _number_leaf_terms(leaf, index)
    numbers, every = frozenset(names), "all" in leaf
    places = {number: place for place, number in enumerate(names)}

    def tell(seen: set[int]) -> Iterator[str]:
        found = [names[number] for number in sorted(numbers & seen, key=places.__getitem__)]
        if not found or (every and len(found) < len(names)):
            return
        if leaf["field"] == "words":
            yield describe_leaf({"field": "words", "all": _drop_contained_words(found)})
        else:
            said = {**leaf, "is": found} if isinstance(leaf.get("is"), list) else leaf
            yield describe_leaf(said, names=index.names)

    if every:
        return CompiledCondition(numbers.issubset, tell, frozenset((min(numbers),)))
    if len(numbers) == 1:
        (only,) = numbers
        return CompiledCondition(lambda seen: only in seen, tell, numbers)
    return CompiledCondition(lambda seen: not numbers.isdisjoint(seen), tell, numbers)


def _drop_contained_words(found: list[str]) -> list[str]:
    """The words without those that are part of a longer phrase among them: “charged” beside “charged twice”."""
    return [
        word for word in found if not any(f" {word} " in f" {other} " for other in found if other != word)
    ]


def _number_leaf_terms(leaf: dict[str, Any], index: ConditionIndex) -> dict[int, str]:
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
        for each in tests:  # noqa: SIM110  (a generator in all() costs three times as much)
            if not each(seen):
                return False
        return True

    known = [part.needs_one_of for part in parts if part.needs_one_of is not None]
    needs = min(known, key=lambda numbers: (not numbers.isdisjoint(common), len(numbers))) if known else None
    return CompiledCondition(test, _explain_parts(parts), needs)


def _compile_any(parts: tuple[CompiledCondition, ...]) -> CompiledCondition:
    known = [part.needs_one_of for part in parts if part.needs_one_of is not None]
    needs = frozenset[int]().union(*known) if len(known) == len(parts) else None
    return CompiledCondition(_any_part_holds(parts), _explain_parts(parts), needs)


def _compile_none(parts: tuple[CompiledCondition, ...]) -> CompiledCondition:
    some = _any_part_holds(parts)
    return CompiledCondition(lambda seen: not some(seen), lambda seen: iter(()), None)


def _any_part_holds(parts: tuple[CompiledCondition, ...]) -> ConditionTest:
    tests = tuple(part.test for part in parts)
    if len(tests) == 1:
        return tests[0]

    def test(seen: set[int]) -> bool:
        for each in tests:  # noqa: SIM110  (as above)
            if each(seen):
                return True
        return False

    return test


def _explain_parts(parts: tuple[CompiledCondition, ...]) -> ConditionExplanation:
    def tell(seen: set[int]) -> Iterator[str]:
        for part in parts:
            yield from part.explain(seen)

    return tell
