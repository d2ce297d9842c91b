"""Features of a message: words, word pairs, character n-grams, signs such as a link, and the rules' votes.

Pure; never raises.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from routing.text import tokenize

#: Only this many characters of a message are read: more than any public post has, and a limit on the time per
#: message.
READ_CHARACTERS = 1_000
#: Lengths of the character n-grams of a word. A blank on each side of the word counts as a character.
PIECE_LENGTHS = (2, 3, 4, 5)
#: The largest number of text features; the most frequent ones are used.
MAX_FEATURES = 40_000
#: From this many examples on, a text feature must occur in at least two examples or rule phrases.
MANY_EXAMPLES = 300
#: The weight of the features of every matching rule; the department of the rule that decides has weight 1.
_HOLDING_WEIGHT = 0.7
#: The weight of a sign, on the same scale. Measured; see docs/decisions.
_SIGN_WEIGHT = 0.2
_LINK = re.compile(r"(?:https?://|www\.)\S+")
_HANDLE = re.compile(r"@\w+")
_DIGIT = re.compile(r"\d")
#: Signs of a message that do not depend on its language.
_SIGNS = {
    "asks": re.compile(r"[?\uff1f\u061f]"),
    "ends asking": re.compile(r"[?\uff1f\u061f]\W*$"),
    "exclaims": re.compile(r"[!\uff01]"),
    "link": _LINK,
    "addressed": re.compile(r"^\s*@\w"),
    "names somebody": _HANDLE,
    "hashtag": re.compile(r"#\w"),
    "emoji": re.compile("[\u2600-\u27bf\U0001f300-\U0001faff]"),
    "figures": _DIGIT,
    "money": re.compile(r"[$\u20ac\u00a3\u00a5%]"),
    "drawn out": re.compile(r"([^\W\d])\1\1"),
    "several sentences": re.compile(r"[.!?]\s+\S[^.!?]*[.!?]\s+\S"),
}
#: Length classes: fewer words than the first number, than the second, and so on. Longer messages form the
#: last class.
_LENGTHS = (6, 12, 20, 30)


@dataclass(frozen=True, slots=True)
class Votes:
    """The rules' decision about a message, and the other rules that match.

    `department` (a slug) is the destination without learning. `by_default` is True when no rule matches.
    `holding` has every matching rule as (department, key), in order. `sentiment` is the sentiment read from
    the text, "" when it was not read.
    """

    department: str
    by_default: bool
    holding: tuple[tuple[str, str], ...] = ()
    sentiment: str = ""


def message_words(text: str) -> tuple[str, ...]:
    """Return the words of a message, folded, in order.

    Links and handles become placeholders and digits become 0, because they identify customers, not
    departments.
    """
    plain = _HANDLE.sub(" \u2709 ", _LINK.sub(" \u2197 ", text[:READ_CHARACTERS]))
    return tokenize(_DIGIT.sub("0", plain))


def count_features(text: str) -> Counter[str]:
    """Count the text features: "w refund", "w charged twice", "c efun".

    "w" is a word or two words in a row, "c" a character n-gram.
    """
    words = message_words(text)
    counts = Counter(f"w {word}" for word in words)
    counts.update(f"w {left} {right}" for left, right in pairwise(words))
    for word in words:
        edged = f" {word} "
        for length in PIECE_LENGTHS:
            counts.update(f"c{edged[at : at + length]}" for at in range(len(edged) - length + 1))
    return counts


def vote_features(votes: Votes) -> dict[str, float]:
    """Return the rules' votes as features."""
    if votes.by_default:
        return {"default": 1.0}
    features = {f"first {votes.department}": 1.0}
    for department, key in votes.holding:
        features[f"vote {department}"] = _HOLDING_WEIGHT
        features[f"rule {key}"] = _HOLDING_WEIGHT
    return features


def sign_features(text: str, votes: Votes) -> dict[str, float]:
    """Return the signs of a message: "sign link", "length 12", "sentiment negative"."""
    beginning = text[:READ_CHARACTERS]
    count = len(beginning.split())
    names = [f"sign {name}" for name, pattern in _SIGNS.items() if pattern.search(beginning)]
    names.append(f"length {next((most for most in _LENGTHS if count < most), 'more')}")
    if votes.sentiment:
        names.append(f"sentiment {votes.sentiment}")
    return dict.fromkeys(names, _SIGN_WEIGHT)


def other_features(text: str, votes: Votes) -> dict[str, float]:
    """Return the features that are not text: signs and the rules' votes."""
    return vote_features(votes) | sign_features(text, votes)


@dataclass(frozen=True, slots=True)
class FeatureSpace:
    """The features in use, each with its number.

    Text features come first (`names`, with `rarity`, the inverse document frequency of each), then `others`
    (see `other_features`), and last a constant feature that every message has.
    """

    names: Mapping[str, int]
    rarity: Sequence[float]
    others: Mapping[str, int]

    @property
    def width(self) -> int:
        return len(self.names) + len(self.others) + 1

    def text_row(self, counts: Mapping[str, int]) -> list[tuple[int, float]]:
        """Return the text's part of a row.

        Words and character n-grams are each normalized to length 1.
        """
        parts: tuple[list[tuple[int, float]], list[tuple[int, float]]] = ([], [])
        for name, count in counts.items():
            number = self.names.get(name)
            if number is not None:
                weight = self.rarity[number] * (1.0 + math.log(count) if count > 1 else 1.0)
                parts[name[0] == "c"].append((number, weight))
        row: list[tuple[int, float]] = []
        for part in parts:
            length = math.sqrt(sum(value * value for _, value in part))
            row += [(number, value / length) for number, value in part]
        return row

    def feature_row(self, text: str, votes: Votes) -> list[tuple[int, float]]:
        """Return a message as (feature number, value) pairs."""
        row = self.text_row(count_features(text))
        first = len(self.names)
        for name, value in other_features(text, votes).items():
            if name in self.others:
                row.append((first + self.others[name], value))
        row.append((self.width - 1, 1.0))
        return row


def build_feature_space(texts: Sequence[str], hints: Iterable[str], votes: Sequence[Votes]) -> FeatureSpace:
    """Build the features of examples and of the rules' words.

    `votes` belong to the examples' `texts`, in the same order; `hints` are the rules' words. `rarity` is a
    smoothed inverse document frequency over the examples alone.
    """
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(count_features(text).keys())
    hint_counts: Counter[str] = Counter()
    for hint in hints:
        hint_counts.update(count_features(hint).keys())
    at_least = 2 if len(texts) >= MANY_EXAMPLES else 1
    chosen = [name for name, count in counts.items() if count + hint_counts[name] >= at_least]
    chosen += [name for name, count in hint_counts.items() if name not in counts and count >= at_least]
    chosen.sort(key=lambda name: (-counts[name] - hint_counts[name], name))
    names = {name: number for number, name in enumerate(chosen[:MAX_FEATURES])}
    rarity = [math.log((1 + len(texts)) / (1 + counts[name])) + 1.0 for name in names]
    others = sorted({name for pair in zip(texts, votes, strict=True) for name in other_features(*pair)})
    return FeatureSpace(names, rarity, {name: number for number, name in enumerate(others)})


def feature_in_words(feature: str) -> str:
    """Return the words of a feature for people.

    "" for character n-grams, signs, and words without a letter.
    """
    if not feature.startswith("w ") or not any(letter.isalpha() for letter in feature[2:]):
        return ""
    return feature[2:] if "\u2709" not in feature and "\u2197" not in feature else ""
