"""Rules that repeated corrections suggest: words that people's corrections have in common, and hardly anything else has.
Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from routing.classifier.features import message_words
from routing.classifier.training_data import Example

#: So many corrections must have the words, and so large a share of all examples with them must go to one department.
MIN_CORRECTIONS, MIN_SHARE = 3, 0.9
#: Words in a row at most; suggestions at most; words in more than this share of all examples say nothing.
MAX_PHRASE_WORDS, MAX_SUGGESTIONS, MAX_EXAMPLE_SHARE = 3, 8, 0.2
#: A word alone must have so many letters.
MIN_LETTERS = 4


@dataclass(frozen=True, slots=True)
class RepeatedPhrase:
    """Examples with `words` belong to `department`: `right` of them, `wrong` ones elsewhere; `corrected` of the right
    ones the rules sent somewhere else, of which `overruled` by a rule and not by the default."""

    words: str
    department: str
    right: int
    wrong: int
    corrected: int
    overruled: int


def find_repeated_phrases(examples: Sequence[Example]) -> list[RepeatedPhrase]:
    """Suggestions, those that would spare the most corrections first; no example counts for two of them."""
    holding = _places_by_phrase(examples)
    limit = max(MIN_CORRECTIONS, MAX_EXAMPLE_SHARE * len(examples))
    found = []
    for phrase, places in holding.items():
        if len(places) > limit or len(places) < MIN_CORRECTIONS or not _is_meaningful(phrase):
            continue
        one = _judge_phrase(phrase, places, examples)
        if one is not None:
            found.append(one)
    # Of two that catch the same the longer: it is the less surprising rule.
    found.sort(key=lambda one: (-one.corrected, one.wrong, -len(one.words), one.words))
    chosen: list[RepeatedPhrase] = []
    taken: set[int] = set()
    for one in found:
        spared = {at for at in holding[one.words] if _is_corrected_to(examples[at], one.department)} - taken
        if len(spared) >= MIN_CORRECTIONS:
            chosen.append(one)
            taken |= spared
    return sorted(chosen[:MAX_SUGGESTIONS], key=lambda one: (-one.corrected, one.words))


def _places_by_phrase(examples: Sequence[Example]) -> dict[str, list[int]]:
    """The words in a row of the texts that were corrected, with the places of all examples that have them."""
    wanted: set[str] = set()
    for one in examples:
        if one.department != one.votes.department:
            wanted.update(_phrases(one.text))
    holding: dict[str, list[int]] = {}
    for at, one in enumerate(examples):
        for phrase in _phrases(one.text) & wanted:
            holding.setdefault(phrase, []).append(at)
    return holding


def _phrases(text: str) -> set[str]:
    found = message_words(text)
    return {
        " ".join(found[at : at + length])
        for length in range(1, MAX_PHRASE_WORDS + 1)
        for at in range(len(found) - length + 1)
    }


def _is_meaningful(phrase: str) -> bool:
    """Whether people would make a rule of it: letters, no figures, and a longer word among them."""
    parts = phrase.split()
    return all(part.isalpha() for part in parts) and any(len(part) >= MIN_LETTERS for part in parts)


def _is_corrected_to(one: Example, department: str) -> bool:
    return one.department == department != one.votes.department


def _judge_phrase(phrase: str, places: Sequence[int], examples: Sequence[Example]) -> RepeatedPhrase | None:
    labels = [examples[at].department for at in places]
    department = max(sorted(set(labels)), key=labels.count)
    right = labels.count(department)
    spared = [examples[at] for at in places if _is_corrected_to(examples[at], department)]
    if len(spared) < MIN_CORRECTIONS or right < MIN_SHARE * len(places):
        return None
    overruled = sum(not one.votes.by_default for one in spared)
    return RepeatedPhrase(phrase, department, right, len(places) - right, len(spared), overruled)
