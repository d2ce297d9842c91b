"""Find words that many corrections share and that are rare elsewhere, to suggest rules. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from routing.classifier.features import message_words
from routing.classifier.training_data import Example

#: The least number of corrections with the words, and the least share of all examples with the words that
#: belong to one department.
MIN_CORRECTIONS, MIN_SHARE = 3, 0.9
#: The most words in a phrase, the most suggestions, and the largest share of all examples that may have a
#: phrase (more frequent phrases say nothing). A small share would refuse the word of a whole subject in a small file, and
#: suggest every combination of it with another word instead.
MAX_PHRASE_WORDS, MAX_SUGGESTIONS, MAX_EXAMPLE_SHARE = 3, 8, 0.5
#: At least one word of a phrase must have this many letters.
MIN_LETTERS = 4


@dataclass(frozen=True, slots=True)
class RepeatedPhrase:
    """A phrase whose messages belong to one department according to the examples.

    `right` examples with the phrase belong to `department`, `wrong` ones elsewhere. `corrected` counts the
    right ones that the rules sent elsewhere, `overruled` those of them that a rule decided and not the
    default.
    """

    words: str
    department: str
    right: int
    wrong: int
    corrected: int
    overruled: int


def find_repeated_phrases(examples: Sequence[Example]) -> list[RepeatedPhrase]:
    """Find the phrases to suggest, sorted by corrections, most first.

    A phrase is suggested only when it catches at least `MIN_CORRECTIONS` corrected examples that no earlier
    suggestion catches.
    """
    holding = _places_by_phrase(examples)
    limit = max(MIN_CORRECTIONS, MAX_EXAMPLE_SHARE * len(examples))
    candidates = []
    for words, places in holding.items():
        if len(places) > limit or len(places) < MIN_CORRECTIONS or not _is_meaningful(words):
            continue
        phrase = _judge_phrase(words, places, examples)
        if phrase is not None:
            candidates.append(phrase)
    # Of two phrases with the same corrections the longer one comes first: the more specific rule surprises
    # less.
    candidates.sort(key=lambda phrase: (-phrase.corrected, phrase.wrong, -len(phrase.words), phrase.words))
    chosen: list[RepeatedPhrase] = []
    spared_before: set[int] = set()
    for phrase in candidates:
        corrected = {at for at in holding[phrase.words] if _is_corrected_to(examples[at], phrase.department)}
        spared = corrected - spared_before
        if len(spared) >= MIN_CORRECTIONS:
            chosen.append(phrase)
            spared_before |= spared
    return sorted(chosen[:MAX_SUGGESTIONS], key=lambda phrase: (-phrase.corrected, phrase.words))


def _places_by_phrase(examples: Sequence[Example]) -> dict[str, list[int]]:
    """Map phrases of corrected texts to the examples that have them."""
    corrected_phrases: set[str] = set()
    for example in examples:
        if example.department != example.votes.department:
            corrected_phrases.update(_phrases(example.text))
    holding: dict[str, list[int]] = {}
    for at, example in enumerate(examples):
        for phrase in _phrases(example.text) & corrected_phrases:
            holding.setdefault(phrase, []).append(at)
    return holding


def _phrases(text: str) -> set[str]:
    words = message_words(text)
    return {
        " ".join(words[at : at + length])
        for length in range(1, MAX_PHRASE_WORDS + 1)
        for at in range(len(words) - length + 1)
    }


def _is_meaningful(phrase: str) -> bool:
    """Return whether a phrase has letters only and one longer word."""
    parts = phrase.split()
    return all(part.isalpha() for part in parts) and any(len(part) >= MIN_LETTERS for part in parts)


def _is_corrected_to(example: Example, department: str) -> bool:
    return example.department == department != example.votes.department


def _judge_phrase(phrase: str, places: Sequence[int], examples: Sequence[Example]) -> RepeatedPhrase | None:
    labels = [examples[at].department for at in places]
    department = max(sorted(set(labels)), key=labels.count)
    right = labels.count(department)
    spared = [examples[at] for at in places if _is_corrected_to(examples[at], department)]
    if len(spared) < MIN_CORRECTIONS or right < MIN_SHARE * len(places):
        return None
    overruled = sum(not example.votes.by_default for example in spared)
    return RepeatedPhrase(phrase, department, right, len(places) - right, len(spared), overruled)
