"""Measure how often the reading of messages agrees with labels by people, and how fast it is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from routing.files.labelled import score_labels
from routing.reading.judging import Reading, read_message
from routing.reading.languages import detect_language

#: The fields that can be measured, and how to get the value from a reading.
MEASURED_FIELDS: dict[str, Callable[[Reading], str]] = {
    "sentiment": lambda reading: reading.sentiment,
    "language": lambda reading: reading.language,
    "needs_answer": lambda reading: "yes" if reading.wants_answer else "no",
    "urgency": lambda reading: str(reading.urgency),
    "spam": lambda reading: "yes" if reading.is_spam else "no",
}


def measure_readings(messages: Iterable[tuple[str, str, str]], field: str) -> dict[str, Any]:
    """Measure the readings of (text, language, label) messages.

    A language of "" is detected, and always where the language is what is measured. Returns accuracy, macro-F1 over the labels, the F1 of each label, and
    microseconds of CPU time per message without the detection of languages.
    """
    labelled = [
        (text, (language if field != "language" else "") or detect_language(text), label)
        for text, language, label in messages
    ]
    for language in {language for _, language, _ in labelled}:
        read_message("", language=language)  # loads the word lists, which must not count as reading time
    began = time.process_time()
    readings = [read_message(text, language=language) for text, language, _ in labelled]
    spent = time.process_time() - began
    values = map(MEASURED_FIELDS[field], readings)
    accuracy, macro, table = score_labels(
        [(label, value) for (_, _, label), value in zip(labelled, values, strict=True)]
    )
    return {
        "field": field,
        "messages": len(labelled),
        "accuracy": round(accuracy, 4),
        "macro_f1": round(macro, 4),
        "f1": {name: round(f1, 4) for name, _, _, _, f1 in table},
        "us_per_message": round(spent / (len(labelled) or 1) * 1e6, 1),
    }
