"""Judge the text of a message: its tone, whether it wants an answer, its urgency, and whether it is spam.

This uses rules and our own word lists and learns nothing: the same text always gets the same reading.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

from routing.letters import MAX_TEXT_READ
from routing.reading.lexicon import ADVISE, ASK, COMPLAIN, DENY, THANK, lexicon_for_language
from routing.reading.listening import WordSignals, collect_signals, count_emoticons
from routing.reading.saying import Said, read_said
from routing.text import tokenize

Sentiment = Literal["negative", "neutral", "positive"]
SENTIMENTS: tuple[Sentiment, ...] = ("negative", "neutral", "positive")
URGENCIES = (0, 1, 2)

#: The weight of displeased words against pleased ones: people soften complaints, but hardly anybody
#: exaggerates praise.
BAD_WEIGHT = 1.2
POSITIVE_FROM, NEGATIVE_FROM = 0.5, 1.4
#: The extra tone that a question needs to count as praise, and the penalty of a complaint that no pleased
#: word outweighs.
QUESTION_MARGIN, COMPLAINT_PENALTY = 1.2, 1.0
EMOTICON_TONE = 1.5
#: The tone whose score is 0.71; the score flattens beyond it.
_HALFWAY = 4.0
SPAM_FROM = 2
#: Praise of at least this tone needs no answer when it has no displeased word, negation, "but" or request.
CLEAR_PRAISE = 2.0
#: The beginning of an answer to another person that carries our name along, or theirs after ours.
_TO_ANOTHER = re.compile(r"\s*@\w+[\s,:]+@\w+")
_QUESTION_MARKS = ("?", "？", "؟", "¿")


@dataclass(frozen=True, slots=True)
class Reading:
    """The reading of one message.

    `score` is the tone from -1 to 1; `urgency` is 0 (can wait), 1 (today) or 2 (safety, law, fraud),
    `said` what it says of its sender's problem (`routing.reading.saying`).
    """

    language: str
    sentiment: Sentiment
    score: float
    wants_answer: bool
    urgency: int
    is_spam: bool
    said: Said = ""


def read_message(text: str, *, language: str = "") -> Reading:
    """Read a message.

    `language` is its ISO 639 code, "" when unknown. Only the first `routing.letters.MAX_TEXT_READ` characters
    count. Pure, total and deterministic; never raises.
    """
    text = text[:MAX_TEXT_READ]
    signals = collect_signals(tokenize(text), lexicon_for_language(language))
    happy, unhappy = count_emoticons(text)
    asks = any(mark in text for mark in _QUESTION_MARKS)
    tone = _tone(signals, happy, unhappy, asks)
    sentiment = _sentiment(tone, asks=asks)
    complains = bool(signals.bits & COMPLAIN)
    is_spam = signals.spam >= SPAM_FROM and not complains
    wants_answer = _wants_answer(text, signals, tone, asks=asks) and not is_spam
    urgency = _urgency(signals, sentiment, asks or complains) if wants_answer else 0
    score = round(tone / math.hypot(tone, _HALFWAY), 3)
    saying: Said = (
        "" if is_spam else read_said(text, language, bits=signals.bits, sentiment=sentiment, asks=asks)
    )
    return Reading(language, sentiment, score, wants_answer, urgency, is_spam, saying)


def _tone(signals: WordSignals, happy: int, unhappy: int, asks: bool) -> float:
    """Return the tone: negative for displeased, positive for pleased."""
    good = signals.good + EMOTICON_TONE * happy
    if signals.bits & THANK and not asks and not signals.bits & ASK:
        good += 1.0  # thanks with a request are only polite
    tone = good - BAD_WEIGHT * (signals.bad + EMOTICON_TONE * unhappy)
    return tone - COMPLAINT_PENALTY if signals.bits & COMPLAIN and good <= signals.bad else tone


def _sentiment(tone: float, *, asks: bool) -> Sentiment:
    if tone >= POSITIVE_FROM + QUESTION_MARGIN * asks:
        return "positive"
    return "negative" if tone <= -NEGATIVE_FROM else "neutral"


def _urgency(signals: WordSignals, sentiment: Sentiment, concerns_us: bool) -> int:
    if signals.urgency > 1 and sentiment != "positive":
        return signals.urgency
    return min(signals.urgency, 1) if concerns_us or sentiment == "negative" else 0


def _wants_answer(text: str, signals: WordSignals, tone: float, *, asks: bool) -> bool:
    """Return False only for a repost, thanks, praise or advice to others.

    True when in doubt.
    """
    if text.startswith("RT @"):
        return False
    if asks or signals.bits & (ASK | COMPLAIN | DENY) or signals.urgency or signals.bad:
        return True
    if signals.bits & ADVISE and _TO_ANOTHER.match(text):
        return False
    return tone < (POSITIVE_FROM if signals.bits & THANK else CLEAR_PRAISE)
