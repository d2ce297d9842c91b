"""Read a message from its text alone: language, tone, urgency, whether it wants an answer, spam, thanks. Pure.

May import: scope, refusals, facts, text; not business_hours, which is on the same level. A new thing to read
is a module here and a field of `Reading`; new words of a language go into `words/`.
"""

from __future__ import annotations

from routing.reading.filling import with_reading
from routing.reading.judging import SENTIMENTS, URGENCIES, Reading, Sentiment, read_message
from routing.reading.saying import SAYINGS, Said

__all__ = [
    "SAYINGS",
    "SENTIMENTS",
    "URGENCIES",
    "Reading",
    "Said",
    "Sentiment",
    "read_message",
    "with_reading",
]
