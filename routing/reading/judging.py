"""What a message is, as far as its text alone can say: tone, whether it wants an answer, how urgent, spam or not.

Rules and word lists of our own: the same text always reads the same, and nothing is learned.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from routing.reading.lexicon import ASK, COMPLAIN, DENY, THANK, lexicon_for_language
from routing.reading.listening import WordSignals, collect_signals, count_emoticons
from routing.text import MAX_TEXT_READ, tokenize

Sentiment = Literal["negative", "neutral", "positive"]
SENTIMENTS: tuple[Sentiment, ...] = ("negative", "neutral", "positive")
URGENCIES = (0, 1, 2)

#: A displeased word weighs more than a pleased one: people soften complaints, hardly anybody hardens praise.
BAD_WEIGHT = 1.2
POSITIVE_FROM, NEGATIVE_FROM = 0.5, 1.4
#: A question needs so much more to be praise; a complaint that nothing pleasant outweighs is so much worse.
QUESTION_MARGIN, COMPLAINT_PENALTY = 1.2, 1.0
EMOTICON_TONE = 1.5
#: Sums of tones from here on hardly add to the score: one of this size scores 0.71.
_HALFWAY = 4.0
SPAM_FROM = 2
#: Praise from here on, without a displeased word, a negation, a "but" or a wish, needs no answer.
CLEAR_PRAISE = 2.0
_QUESTION_MARKS = ("?", "？", "؟", "¿")


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read. `score` is the tone from -1 to 1; `urgency` 0 (can wait), 1 (today) or 2 (safety, law, fraud)."""

    language: str
    sentiment: Sentiment
    score: float
    wants_answer: bool
    urgency: int
    is_spam: bool


def read_message(text: str, *, language: str = "") -> Reading:
    """Read a message. `language` is its ISO 639 code, "" when unknown. Pure, total, deterministic; never raises.

    The first `routing.text.MAX_TEXT_READ` characters count.
    """
    text = text[:MAX_TEXT_READ]
    heard = collect_signals(tokenize(text), lexicon_for_language(language))
    happy, unhappy = count_emoticons(text)
    asks = any(mark in text for mark in _QUESTION_MARKS)
    tone = _tone(heard, happy, unhappy, asks)
    sentiment = _sentiment(tone, asks=asks)
    complains = bool(heard.bits & COMPLAIN)
    is_spam = heard.spam >= SPAM_FROM and not complains
    wants = _wants_answer(text, heard, tone, asks=asks) and not is_spam
    urgency = _urgency(heard, sentiment, asks or complains) if wants else 0
    return Reading(language, sentiment, round(tone / math.hypot(tone, _HALFWAY), 3), wants, urgency, is_spam)


def _tone(heard: WordSignals, happy: int, unhappy: int, asks: bool) -> float:
    """Below zero displeased, above pleased."""
    good = heard.good + EMOTICON_TONE * happy
    if heard.bits & THANK and not asks and not heard.bits & ASK:
        good += 1.0  # thanks that come with a wish are only polite
    tone = good - BAD_WEIGHT * (heard.bad + EMOTICON_TONE * unhappy)
    return tone - COMPLAINT_PENALTY if heard.bits & COMPLAIN and good <= heard.bad else tone


def _sentiment(tone: float, *, asks: bool) -> Sentiment:
    if tone >= POSITIVE_FROM + QUESTION_MARGIN * asks:
        return "positive"
    return "negative" if tone <= -NEGATIVE_FROM else "neutral"


def _urgency(heard: WordSignals, sentiment: Sentiment, concerns_us: bool) -> int:
    if heard.urgency > 1 and sentiment != "positive":
        return heard.urgency
    return min(heard.urgency, 1) if concerns_us or sentiment == "negative" else 0


def _wants_answer(text: str, heard: WordSignals, tone: float, *, asks: bool) -> bool:
    """False only for what clearly wants none: a post passed on, thanks, praise. When in doubt it is True."""
    if text.startswith("RT @"):
        return False
    if asks or heard.bits & (ASK | COMPLAIN | DENY) or heard.urgency or heard.bad:
        return True
    return tone < (POSITIVE_FROM if heard.bits & THANK else CLEAR_PRAISE)
