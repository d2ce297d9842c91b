"""Facts about a text whose reading nobody has made yet: for rules that are tried, replayed from files, or learned from."""

from __future__ import annotations

from dataclasses import replace

from routing.facts import Facts
from routing.reading.judging import read_message
from routing.reading.languages import detect_language


def with_reading(facts: Facts) -> Facts:
    """`facts` with what is read of their text; the language is found where it is "". Ingest fills the same fields."""
    reading = read_message(facts.text, language=facts.language or detect_language(facts.text))
    return replace(
        facts,
        language=reading.language,
        sentiment=reading.sentiment,
        wants_answer=reading.wants_answer,
        urgency=reading.urgency,
        is_spam=reading.is_spam,
    )
