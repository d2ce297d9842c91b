"""A message as features: words and pairs of words, pieces of words, signs such as a link, and the rules' votes.

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

#: Only this many characters of a message are read: more than any public post holds, and it bounds what one costs.
READ_CHARACTERS = 1_000
#: Lengths of the pieces of words, the word's edges included.
PIECE_LENGTHS = (2, 3, 4, 5)
#: Features of the text that are kept at most, the most frequent first.
MAX_FEATURES = 40_000
#: From so many examples on, a feature must occur in two of them.
MANY_EXAMPLES = 300
#: How much a rule that holds weighs against the one that decides, which weighs 1.
_HOLDING_WEIGHT = 0.7
#: How much a sign weighs, likewise. Measured; see docs/decisions.
_SIGN_WEIGHT = 0.2
_LINK = re.compile(r"(?:https?://|www\.)\S+")
_HANDLE = re.compile(r"@\w+")
_DIGIT = re.compile(r"\d")
#: What a message looks like in any language.
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
#: Fewer words than these are one length each; all that is longer is another.
_LENGTHS = (6, 12, 20, 30)


@dataclass(frozen=True, slots=True)
class Votes:
    """What the rules say about a message.

    `department` (a slug) is where it goes without learning, `by_default` whether only because no rule holds, `holding` every
    rule that holds, as (department, key), in order, and `sentiment` what was read from the text, "" for unread.
    """

    department: str
    by_default: bool
    holding: tuple[tuple[str, str], ...] = ()
    sentiment: str = ""


def message_words(text: str) -> tuple[str, ...]:
    """Return the words of a message, folded, in order.

    Links and names become signs, digits 0: they tell customers apart, not departments.
    """
    plain = _HANDLE.sub(" \u2709 ", _LINK.sub(" \u2197 ", text[:READ_CHARACTERS]))
    return tokenize(_DIGIT.sub("0", plain))


def count_features(text: str) -> Counter[str]:
    """Count how often each feature of the text occurs: "w refund", "w charged twice", "c efun"."""
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
    """Return the looks of a message as features: "sign link", "length 12", "sentiment negative"."""
    beginning = text[:READ_CHARACTERS]
    count = len(beginning.split())
    names = [f"sign {name}" for name, pattern in _SIGNS.items() if pattern.search(beginning)]
    names.append(f"length {next((most for most in _LENGTHS if count < most), 'more')}")
    if votes.sentiment:
        names.append(f"sentiment {votes.sentiment}")
    return dict.fromkeys(names, _SIGN_WEIGHT)


def other_features(text: str, votes: Votes) -> dict[str, float]:
    """Return the features that are no words: signs and the rules' votes."""
    return vote_features(votes) | sign_features(text, votes)


@dataclass(frozen=True, slots=True)
class FeatureSpace:
    """The features that count, each with its number.

    First the text's (`names`, with `rarity`: how rare each is), then `others` (`other_features`), then one that every message
    has.
    """

    names: Mapping[str, int]
    rarity: Sequence[float]
    others: Mapping[str, int]

    @property
    def width(self) -> int:
        return len(self.names) + len(self.others) + 1

    def text_row(self, counts: Mapping[str, int]) -> list[tuple[int, float]]:
        """Return the text's part of a row: words and pieces, each of length 1."""
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
        """Return a message as (feature, value) pairs."""
        row = self.text_row(count_features(text))
        first = len(self.names)
        for name, value in other_features(text, votes).items():
            if name in self.others:
                row.append((first + self.others[name], value))
        row.append((self.width - 1, 1.0))
        return row


def build_feature_space(texts: Sequence[str], hints: Iterable[str], votes: Sequence[Votes]) -> FeatureSpace:
    """Build the features of examples and of the rules' words.

    `votes` stand beside the examples' `texts`; `hints` are the rules' words. How rare the features are, the examples say (a
    smoothed inverse document frequency).
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
    """Return a feature as people read it: its words; "" for pieces of words and signs."""
    if not feature.startswith("w ") or not any(letter.isalpha() for letter in feature[2:]):
        return ""
    return feature[2:] if "\u2709" not in feature and "\u2197" not in feature else ""
