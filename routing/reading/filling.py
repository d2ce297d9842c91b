"""Add a reading to facts that have none yet: for trials, for files, and for learning from a text."""

from __future__ import annotations

from dataclasses import replace

from routing.facts import Facts
from routing.reading.judging import read_message
from routing.reading.languages import detect_language


def with_reading(facts: Facts) -> Facts:
    """Return `facts` with the reading of their text.

    The language is detected when it is "". Ingest fills in the same fields.
    """
    reading = read_message(facts.text, language=facts.language or detect_language(facts.text))
    return replace(
        facts,
        language=reading.language,
        sentiment=reading.sentiment,
        wants_answer=reading.wants_answer,
        urgency=reading.urgency,
        is_spam=reading.is_spam,
    )
