"""Measure how often messages are read as people labelled them, and how fast."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from routing.files.labelled import score_labels
from routing.reading.judging import Reading, read_message
from routing.reading.languages import detect_language

#: What can be measured, and how a reading says it.
MEASURED_FIELDS: dict[str, Callable[[Reading], str]] = {
    "sentiment": lambda reading: reading.sentiment,
    "language": lambda reading: reading.language,
    "needs_answer": lambda reading: "yes" if reading.wants_answer else "no",
    "urgency": lambda reading: str(reading.urgency),
    "spam": lambda reading: "yes" if reading.is_spam else "no",
}


def measure_readings(messages: Iterable[tuple[str, str, str]], field: str) -> dict[str, Any]:
    """Measure the readings of (text, language, label) messages.

    "" for a language that is to be found. Returns accuracy, macro-F1 over the labels, F1 of each, and microseconds of CPU a
    message, the language's apart.
    """
    labelled = [(text, language or detect_language(text), label) for text, language, label in messages]
    for language in {language for _, language, _ in labelled}:
        read_message("", language=language)  # the word lists are loaded before the time is taken
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
