"""The learned router: arrays that map a message and the rules' votes to departments with probabilities.

A score is the sum of three parts: the rules' vote, the similarity to the rules' words, and what the
corrections taught. The arrays are stored in numpy's own format without pickle, so that reading a version runs
no code.
"""

from __future__ import annotations

import io
import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from routing.classifier.features import FeatureSpace, Votes, count_features, feature_in_words
from routing.classifier.stop_words import stop_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from routing.classifier.arrays import Floats

#: The prior probability that the rules' vote is right: when a rule matches, and when only the default
#: applies.
RULE_BELIEVED, DEFAULT_BELIEVED = 0.95, 0.3
#: The most words given as reasons.
MAX_REASONS = 3
ARRAYS_FORMAT = 1


class BadArrays(ValueError):
    """Stored bytes that are not a router."""


@dataclass(frozen=True, slots=True)
class Guess:
    """A department (slug) and its probability (0 to 1)."""

    department: str
    probability: float


@dataclass(frozen=True, slots=True)
class Router:
    """A router that is ready to guess.

    `weights` is features × departments; dividing the scores by `temperature` calibrates the probabilities.
    """

    departments: tuple[str, ...]
    space: FeatureSpace
    weights: Floats
    temperature: float
    #: Added to the score of the department that the rules name, so that only clear evidence overrules them.
    loyalty: float = 0.0

    def guess(self, text: str, votes: Votes) -> list[Guess]:
        """Return every department with its probability, the most probable first.

        The probabilities add up to 1. Never raises.
        """
        scores = self._scores(self.space.feature_row(text, votes), votes)
        top = max(scores)
        raised = [math.exp((score - top) / self.temperature) for score in scores]
        whole = sum(raised)
        guesses = [
            Guess(department, weight / whole)
            for department, weight in zip(self.departments, raised, strict=True)
        ]
        return sorted(guesses, key=lambda guess: (-guess.probability, guess.department))

    def _scores(self, row: list[tuple[int, float]], votes: Votes) -> list[float]:
        import numpy as np

        features, values = zip(*row, strict=True)
        learned = np.asarray(values, np.float32) @ self.weights[list(features)]
        return [
            believed + float(learned_score)
            for believed, learned_score in zip(
                belief_scores(votes, self.departments, self.loyalty), learned, strict=True
            )
        ]

    def reasons(self, text: str, votes: Votes, department: str) -> tuple[str, ...]:
        """Return the words that spoke most for `department`, at most `MAX_REASONS`.

        Only words of the text whose weight for the department is above their mean weight count, and none with a word that says
        nothing: “to me” may weigh much in few examples, and explains nothing to anybody.
        """
        if department not in self.departments:
            return ()
        column = self.departments.index(department)
        counts = count_features(text)
        values = dict(self.space.text_row(counts))
        worth_of_words: list[tuple[float, str]] = []
        for name in counts:
            number = self.space.names.get(name)
            words = feature_in_words(name)
            if number is not None and words and stop_words().isdisjoint(words.split()):
                weights = self.weights[number]
                worth_of_words.append((values[number] * float(weights[column] - weights.mean()), words))
        worth_of_words.sort(key=lambda pair: (-pair[0], pair[1]))
        return _drop_overlapping([words for worth, words in worth_of_words if worth > 0])

    def pack(self) -> bytes:
        """Return the arrays as bytes."""
        import numpy as np

        meta = {
            "format": ARRAYS_FORMAT,
            "departments": list(self.departments),
            "names": list(self.space.names),
            "votes": list(self.space.others),
            "temperature": self.temperature,
            "loyalty": self.loyalty,
        }
        written = io.BytesIO()
        np.savez_compressed(
            written,
            meta=np.frombuffer(json.dumps(meta).encode(), np.uint8),
            rarity=np.asarray(self.space.rarity, np.float64),
            weights=self.weights.astype(np.float32),
        )
        return written.getvalue()


def _drop_overlapping(names: list[str]) -> tuple[str, ...]:
    """Return the first names that share no word, at most `MAX_REASONS`.

    "charged" adds nothing to "charged twice".
    """
    chosen: list[str] = []
    for name in names:
        if not any(set(name.split()) & set(other.split()) for other in chosen):
            chosen.append(name)
        if len(chosen) == MAX_REASONS:
            break
    return tuple(chosen)


def unpack_router(stored: bytes) -> Router:
    """Read a router that `pack` wrote. Raises `BadArrays` for anything else; never unpickles."""
    import numpy as np

    try:
        with np.load(io.BytesIO(stored), allow_pickle=False) as arrays:
            meta = json.loads(bytes(arrays["meta"]))
            rarity, weights = arrays["rarity"], arrays["weights"]
        if meta["format"] != ARRAYS_FORMAT:
            raise BadArrays(f"Format {meta['format']} is not known.")
        space = FeatureSpace(
            _number_names(meta["names"]), [float(value) for value in rarity], _number_names(meta["votes"])
        )
        router = Router(
            tuple(meta["departments"]),
            space,
            weights,
            float(meta["temperature"]),
            # Versions stored before loyalty was introduced lack it.
            float(meta.get("loyalty", 0.0)),
        )
    except BadArrays:
        raise
    except Exception as error:  # numpy, zipfile and json raise many types for foreign bytes
        raise BadArrays(f"These are no arrays of a router: {error}") from error
    if weights.shape != (space.width, len(router.departments)) or len(rarity) != len(space.names):
        raise BadArrays("The arrays do not fit each other.")
    return router


def _number_names(names: Sequence[str]) -> dict[str, int]:
    return {name: number for number, name in enumerate(names)}


def belief_scores(votes: Votes, departments: Sequence[str], loyalty: float = 0.0) -> list[float]:
    """Return the scores that the rules' vote gives to the departments.

    They are logarithms of prior probabilities; `loyalty` is added for the department that the rules name.
    """
    believed = DEFAULT_BELIEVED if votes.by_default else RULE_BELIEVED
    rest = (1.0 - believed) / len(departments)
    high, low = math.log(believed + rest) + loyalty, math.log(rest)
    return [high if department == votes.department else low for department in departments]
