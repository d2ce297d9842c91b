"""Count how often each word of a list decided lately, from what decisions kept."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from accounts.models import User
from routing.conditions.word_lists import positive_words_of, word_list_condition


@dataclass(frozen=True, slots=True)
class RecentWords:
    """The words of lists that recent decisions by some rules found, and of how many days they are.

    `found_words` has the words of each message. `is_more` is True when there are more messages than were read.
    """

    found_words: Sequence[Sequence[str]]
    days: int
    is_more: bool


#: Set by the inbox, which has the decisions: the words of recent ones by these rules, that the user may read.
recent_words_readers: list[Callable[[User, Sequence[str], dt.datetime], RecentWords]] = []


@dataclass(frozen=True, slots=True)
class WordUsage:
    """The words of a list that were found, most often first, and those that were not."""

    found: Sequence[tuple[str, int]]
    never: Sequence[str]
    messages: int
    days: int
    is_more: bool


def read_usage(
    word_list: Mapping[str, Any], rule_keys: Sequence[str], user: User, now: dt.datetime
) -> WordUsage | None:
    """Count how often each word of a list was found. None where nobody can tell.

    Counts messages that the user may read and that one of the rules took.
    """
    if not recent_words_readers:
        return None
    recent = recent_words_readers[0](user, rule_keys, now)
    words = list_words(word_list)
    counts = count_words(words, recent.found_words)
    never = [word for word in words if word not in counts]
    return WordUsage(counts.most_common(), never, len(recent.found_words), recent.days, recent.is_more)


def list_words(word_list: Mapping[str, Any]) -> list[str]:
    """Return the words that a list looks for, each once.

    Those of its further conditions are among them.
    """
    return list(dict.fromkeys(positive_words_of(word_list_condition(word_list))))


def count_words(words: Iterable[str], found_words: Iterable[Sequence[str]]) -> Counter[str]:
    """Count the messages in which each of the words was found."""
    wanted = set(words)
    return Counter(word for each in found_words for word in dict.fromkeys(each) if word in wanted)
