"""Condition trees as functions: does it hold, and what spoke for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from routing.conditions.fields import CHOICES, NUMBERS
from routing.conditions.index import Index
from routing.conditions.wording import leaf_words

#: What a condition is asked about: the numbers seen in the message (`routing.conditions.index.Index`).
Test = Callable[[set[int]], bool]
#: The leaves that hold, in words. What must be absent is not named.
Tell = Callable[[set[int]], Iterator[str]]


@dataclass(frozen=True, slots=True)
class Tree:
    """A compiled condition. `needs` are numbers of which one must be seen for it to hold; None: cannot be said."""

    test: Test
    tell: Tell
    needs: frozenset[int] | None


def compile_tree(node: dict[str, Any], index: Index) -> Tree:
    """A tree that `routing.conditions.validation.validate` found good, made ready; what it asks about goes into the index."""
    if "field" in node:
        return _leaf(node, index)
    group = "all" if "all" in node else "any" if "any" in node else "none"
    parts = tuple(compile_tree(child, index) for child in node[group])
    if group == "all":
        return _all(parts, index.common)
    return _any(parts) if group == "any" else _none(parts)


def _leaf(leaf: dict[str, Any], index: Index) -> Tree:
    names = _numbers(leaf, index)
    numbers, every = frozenset(names), "all" in leaf
    places = {number: place for place, number in enumerate(names)}

    def tell(seen: set[int]) -> Iterator[str]:
        found = [names[number] for number in sorted(numbers & seen, key=places.__getitem__)]
        if not found or (every and len(found) < len(names)):
            return
        if leaf["field"] == "words":
            yield leaf_words({"field": "words", "all": _longest(found)})
        else:
            said = {**leaf, "is": found} if isinstance(leaf.get("is"), list) else leaf
            yield leaf_words(said, names=index.names)

    if every:
        return Tree(numbers.issubset, tell, frozenset((min(numbers),)))
    if len(numbers) == 1:
        (only,) = numbers
        return Tree(lambda seen: only in seen, tell, numbers)
    return Tree(lambda seen: not numbers.isdisjoint(seen), tell, numbers)


def _longest(found: list[str]) -> list[str]:
    """The words without those that are part of a longer phrase among them: “charged” beside “charged twice”."""
    return [
        word for word in found if not any(f" {word} " in f" {other} " for other in found if other != word)
    ]


def _numbers(leaf: dict[str, Any], index: Index) -> dict[int, str]:
    field = leaf["field"]
    if field == "words":
        words = leaf["any"] if "any" in leaf else leaf["all"]
        return {index.word(word): word for word in words}
    if field == "pattern":
        return {index.pattern(leaf["matches"]): leaf["matches"]}
    if field in NUMBERS:
        return {index.between(leaf): field}
    if field == "hours":
        return {index.hours(leaf["calendar"], leaf["is"] == "open"): leaf["calendar"]}
    if field in CHOICES:
        return {index.value(field, value): value for value in leaf["is"]}
    return {index.value(field, leaf["is"]): field}


def _all(parts: tuple[Tree, ...], common: set[int]) -> Tree:
    tests = tuple(part.test for part in parts)

    def test(seen: set[int]) -> bool:
        for each in tests:  # noqa: SIM110  (a generator in all() costs three times as much)
            if not each(seen):
                return False
        return True

    known = [part.needs for part in parts if part.needs is not None]
    needs = min(known, key=lambda numbers: (not numbers.isdisjoint(common), len(numbers))) if known else None
    return Tree(test, _tell_each(parts), needs)


def _any(parts: tuple[Tree, ...]) -> Tree:
    known = [part.needs for part in parts if part.needs is not None]
    needs = frozenset[int]().union(*known) if len(known) == len(parts) else None
    return Tree(_some(parts), _tell_each(parts), needs)


def _none(parts: tuple[Tree, ...]) -> Tree:
    some = _some(parts)
    return Tree(lambda seen: not some(seen), lambda seen: iter(()), None)


def _some(parts: tuple[Tree, ...]) -> Test:
    tests = tuple(part.test for part in parts)
    if len(tests) == 1:
        return tests[0]

    def test(seen: set[int]) -> bool:
        for each in tests:  # noqa: SIM110  (as above)
            if each(seen):
                return True
        return False

    return test


def _tell_each(parts: tuple[Tree, ...]) -> Tell:
    def tell(seen: set[int]) -> Iterator[str]:
        for part in parts:
            yield from part.tell(seen)

    return tell
