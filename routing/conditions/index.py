"""Find all terms of the rules that a message has.

The search runs once per message, not once per rule.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, NamedTuple

from routing.business_hours.history import VersionedCalendar
from routing.conditions.fields import number_bounds
from routing.conditions.patterns import PatternSet
from routing.facts import Facts
from routing.links import has_link
from routing.text import MIN_PREFIX, count_words, is_emoji_only, parse_phrase, tokenize

#: Fields computed from the text, only when a rule uses them.
_TEXT_READERS: dict[str, Callable[[Facts], Any]] = {
    "emoji_only": lambda facts: is_emoji_only(facts.text),
    "has_link": lambda facts: has_link(facts.text),
    "word_count": lambda facts: count_words(facts.text),
}

#: The number of tokens whose terms an index caches, and their length; any others are looked up each time.
_MAX_CACHED_TOKENS, _LONGEST_CACHED_TOKEN = 20_000, 40


def _reader_for(field: str) -> Callable[[Facts], Any]:
    return _TEXT_READERS.get(field) or attrgetter(field)


class ConditionIndex:
    """The numbered words, patterns, values and ranges of a rule set.

    The cost of `find_seen_numbers` grows with the message, not with the number of rules: words are looked up by
    token, phrases by their first token, prefixes by their first letters, patterns in one RE2 set, and each field is
    read once. Nothing may be added after `freeze`.
    """

    def __init__(
        self,
        calendars: Mapping[str, VersionedCalendar] | None = None,
        names: Mapping[str, str] | None = None,
        word_lists: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        """Create an empty index.

        `calendars` and `word_lists` are those that the rules use, by key; `names` as `routing.conditions.wording` takes
        them.
        """
        self.names = dict(names or {})
        self.word_lists = dict(word_lists or {})
        self._ids: dict[tuple[str, object], int] = {}
        #: Numbers of field values, ranges and hours. Many messages have them, so they exclude few rules.
        self.common_numbers: set[int] = set()
        self._words: dict[str, int] = {}
        self._phrases: dict[str, int] = {}
        #: Lengths of phrases in tokens, by their first and second token.
        self._heads: dict[str, dict[str, tuple[int, ...]]] = {}
        self._prefixes: dict[str, dict[str, int]] = {}
        self._terms = _TermsByToken(self._words, self._prefixes, self._heads)
        self._pattern_ids: list[int] = []
        self._patterns: list[str] = []
        self._pattern_set = PatternSet(())
        self._values: dict[str, dict[object, int]] = {}
        self._ranges: dict[str, dict[tuple[int, int], int]] = {}
        self._value_readers: tuple[tuple[Callable[[Facts], Any], dict[object, int]], ...] = ()
        self._range_readers: tuple[tuple[Callable[[Facts], Any], tuple[tuple[int, int, int], ...]], ...] = ()
        self._tags: dict[object, int] = {}
        self._calendars = dict(calendars or {})
        self._hours: dict[str, dict[bool, int]] = {}

    def _number_of(self, kind: str, value: object) -> int:
        return self._ids.setdefault((kind, value), len(self._ids))

    def add_word(self, text: str) -> int:
        """Add a word, a phrase or a prefix (`refund*`); return its number."""
        phrase, is_prefix = parse_phrase(text)
        number = self._number_of("prefix" if is_prefix else "word", phrase)
        if is_prefix:
            self._prefixes.setdefault(phrase[:MIN_PREFIX], {})[phrase] = number
        elif " " not in phrase:
            self._words[phrase] = number
        else:
            head, second, *rest = phrase.split(" ")
            seconds = self._heads.setdefault(head, {})
            self._phrases[phrase] = number
            seconds[second] = tuple(sorted({*seconds.get(second, ()), len(rest) + 2}))
        return number

    def add_pattern(self, pattern: str) -> int:
        """Add a pattern; return its number."""
        number = self._number_of("pattern", pattern)
        if number == len(self._ids) - 1 and number not in self._pattern_ids[-1:]:
            self._patterns.append(pattern)
            self._pattern_ids.append(number)
        return number

    def add_value(self, field: str, value: object) -> int:
        """Add a field's value, such as network "x"; return its number."""
        number = self._number_of(field, value)
        self._values.setdefault(field, {})[value] = number
        self.common_numbers.add(number)
        return number

    def add_range(self, leaf: dict[str, Any]) -> int:
        """Add a leaf's range (`gte`, `lte` or both); return its number."""
        field, ends = leaf["field"], number_bounds(leaf)
        number = self._number_of(field, ends)
        self._ranges.setdefault(field, {})[ends] = number
        self.common_numbers.add(number)
        return number

    def add_hours(self, calendar: str, is_open: bool) -> int:
        """Add the state of a calendar, open or closed; return its number.

        Raises `KeyError` for a calendar that is gone.
        """
        self._calendars[calendar]
        number = self._number_of("hours", (calendar, is_open))
        self._hours.setdefault(calendar, {})[is_open] = number
        self.common_numbers.add(number)
        return number

    def freeze(self) -> None:
        """Compile the patterns and prepare the lookups.

        Raises `re2.error` when RE2 refuses a pattern.
        """
        self._pattern_set = PatternSet(self._patterns)
        self._tags = self._values.pop("customer_tags", {})
        self._value_readers = tuple((_reader_for(field), numbers) for field, numbers in self._values.items())
        self._range_readers = tuple(
            (_reader_for(field), tuple((*ends, number) for ends, number in ranges.items()))
            for field, ranges in self._ranges.items()
        )

    def find_seen_numbers(self, facts: Facts) -> set[int]:
        """Return the numbers of all terms that a message has. Never raises."""
        numbers: set[int] = set()
        self._add_seen_words(tokenize(facts.text), numbers)
        for read, numbers_by_value in self._value_readers:
            number = numbers_by_value.get(read(facts))
            if number is not None:
                numbers.add(number)
        for read, ranges in self._range_readers:
            amount = read(facts)
            if amount is not None:
                numbers.update(number for least, most, number in ranges if least <= amount <= most)
        if self._tags:
            numbers.update(self._tags[tag] for tag in facts.customer_tags if tag in self._tags)
        for calendar, states in self._hours.items():
            number = states.get(self._calendars[calendar].is_open(facts.at))
            if number is not None:
                numbers.add(number)
        if self._patterns:
            numbers.update(self._pattern_ids[hit] for hit in self._pattern_set.matches(facts.text))
        return numbers

    def _add_seen_words(self, tokens: tuple[str, ...], numbers: set[int]) -> None:
        terms = self._terms
        seconds: dict[str, tuple[int, ...]] | None = None
        for index, token in enumerate(tokens):
            if seconds is not None:
                for length in seconds.get(token, ()):
                    number = self._phrases.get(" ".join(tokens[index - 1 : index - 1 + length]))
                    if number is not None:
                        numbers.add(number)
            if (term := terms[token]) is None:
                seconds = None
            else:
                numbers.update(term.numbers)
                seconds = term.seconds


class _Term(NamedTuple):
    """The terms that a token is, and the second tokens of the phrases that it begins, with their lengths."""

    numbers: tuple[int, ...]
    seconds: dict[str, tuple[int, ...]] | None


class _TermsByToken(dict[str, _Term | None]):
    """Token → `_Term`, None for a token of no term. A lookup never fails; results are cached, up to a limit."""

    def __init__(
        self,
        words: Mapping[str, int],
        prefixes: Mapping[str, Mapping[str, int]],
        heads: Mapping[str, dict[str, tuple[int, ...]]],
    ) -> None:
        super().__init__()
        self._words, self._prefixes, self._heads = words, prefixes, heads

    def __missing__(self, token: str) -> _Term | None:
        prefixes = self._prefixes.get(token[:MIN_PREFIX], {})
        numbers = [number for prefix, number in prefixes.items() if token.startswith(prefix)]
        if token in self._words:
            numbers.append(self._words[token])
        seconds = self._heads.get(token)
        term = _Term(tuple(numbers), seconds) if numbers or seconds else None
        if len(self) < _MAX_CACHED_TOKENS and len(token) <= _LONGEST_CACHED_TOKEN:
            self[token] = term
        return term
