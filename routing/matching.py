"""What a message holds of everything that any rule asks for: looked up once, for all rules together."""

from __future__ import annotations

from routing.facts import Facts
from routing.patterns import PatternSet
from routing.text import MIN_PREFIX, phrase, tokens

#: The fields whose value is compared with what a rule names.
VALUES = ("network", "stream", "brand_account", "language")
FLAGS = ("verified", "is_reply")


class Index:
    """The words, patterns and values of a rule set, each with a number.

    Cost of `seen` grows with the message, not with the number of rules: words are looked up by token, phrases by
    their first token, prefixes by their first letters, patterns in one RE2 set. After `freeze` nothing may be added.
    """

    def __init__(self) -> None:
        self._ids: dict[tuple[str, object], int] = {}
        #: Numbers of fields' values: many messages have them, so they say little about which rule may hold.
        self.common: set[int] = set()
        self._words: dict[str, int] = {}
        self._phrases: dict[str, int] = {}
        self._lengths: dict[str, tuple[int, ...]] = {}
        self._prefixes: dict[str, dict[str, int]] = {}
        self._pattern_ids: list[int] = []
        self._patterns: list[str] = []
        self._set = PatternSet(())

    def _id(self, kind: str, value: object) -> int:
        return self._ids.setdefault((kind, value), len(self._ids))

    def word(self, text: str) -> int:
        """The number of a word, a phrase or a prefix (`refund*`)."""
        found, is_prefix = phrase(text)
        number = self._id("prefix" if is_prefix else "word", found)
        if is_prefix:
            self._prefixes.setdefault(found[:MIN_PREFIX], {})[found] = number
        elif " " not in found:
            self._words[found] = number
        else:
            head, count = found.partition(" ")[0], found.count(" ") + 1
            self._phrases[found] = number
            self._lengths[head] = tuple(sorted({*self._lengths.get(head, ()), count}))
        return number

    def pattern(self, pattern: str) -> int:
        """The number of a pattern."""
        number = self._id("pattern", pattern)
        if number == len(self._ids) - 1 and number not in self._pattern_ids[-1:]:
            self._patterns.append(pattern)
            self._pattern_ids.append(number)
        return number

    def value(self, field: str, value: object) -> int:
        """The number of a value of a field, such as network "x" or verified True."""
        number = self._id(field, value)
        self.common.add(number)
        return number

    def freeze(self) -> None:
        """Compiles the patterns. Raises `re2.error` when RE2 refuses one."""
        self._set = PatternSet(self._patterns)

    def seen(self, facts: Facts) -> set[int]:
        """The numbers of everything that the message holds. Never raises."""
        numbers: set[int] = set()
        ids = self._ids
        for field in VALUES:
            number = ids.get((field, getattr(facts, field)))
            if number is not None:
                numbers.add(number)
        for field in FLAGS:
            number = ids.get((field, bool(getattr(facts, field))))
            if number is not None:
                numbers.add(number)
        self._see_words(tokens(facts.text), numbers)
        if self._patterns:
            numbers.update(self._pattern_ids[hit] for hit in self._set.matches(facts.text))
        return numbers

    def _see_words(self, found: list[str], numbers: set[int]) -> None:
        words, prefixes = self._words, self._prefixes
        for token in set(found):
            if token in words:
                numbers.add(words[token])
            endings = prefixes.get(token[:MIN_PREFIX])
            if endings is not None:
                numbers.update(n for prefix, n in endings.items() if token.startswith(prefix))
        lengths = self._lengths
        if lengths.keys().isdisjoint(found):
            return
        phrases = self._phrases
        for at, token in enumerate(found):
            for length in lengths.get(token, ()):
                number = phrases.get(" ".join(found[at : at + length]))
                if number is not None:
                    numbers.add(number)
