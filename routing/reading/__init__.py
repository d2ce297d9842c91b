"""Reading a message: language, tone, whether it wants an answer, urgency and spam, from its text alone."""

from __future__ import annotations

from routing.reading.filling import with_reading
from routing.reading.judging import SENTIMENTS, URGENCIES, Reading, Sentiment, read_message

__all__ = ["SENTIMENTS", "URGENCIES", "Reading", "Sentiment", "read_message", "with_reading"]
