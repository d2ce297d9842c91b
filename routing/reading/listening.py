"""Collect the signals of a text's words in one pass: pleased, displeased, requests, urgency, spam."""

from __future__ import annotations

import re
from dataclasses import dataclass

from routing.reading.lexicon import BUT, DENY, LESS, MORE, NOT, Lexicon, LexiconEntry, WordMark

#: The number of following words that a negation affects, and an intensifier.
NEGATION_REACH, STRESS_REACH = 4, 2
#: The tone of a negated good word, and the factor for the tone of a negated bad word (it changes the sign).
NEGATED_GOOD, NEGATED_BAD = -1.5, -0.3
STRESSED, SOFTENED = 1.3, 0.7
#: The factor for the tones before a "but".
LEFT_BEFORE_BUT = 0.6

_EMOTICON = re.compile(
    r"(?P<good>(?<!\w)[:;=8xX]['’]?[-o^]?[)\]DpP3}*]+(?!\w)|(?<!\w)[(\[]+[-o^]?[:;=](?!\w)|<3+|\^_*\^)"
    r"|(?P<bad>(?<!\w)[:;=]['’]?[-o^]?(?:[(\[{|]+|[/\\sS@](?![/\w]))|(?<!\w)[)\]]+[-o^]?[:;=](?!\w)|</3|(?<!\w)D[:;=](?!\w)|>:|-_+-)"
)
_MAY_HOLD_EMOTICON = re.compile(r"[:;=][-'’o^)\]DpP3}*(\[{|/\\sS@]|<[3/]|\^|[xX8]D|-_|[)\](\[D][-o^]?[:;=]")


@dataclass(slots=True)
class WordSignals:
    """The signals of a text's words.

    `good` and `bad` are sums of tones, both at least 0; `bits` are those of `lexicon`.
    """

    good: float = 0.0
    bad: float = 0.0
    bits: int = 0
    urgency: int = 0
    spam: int = 0


def collect_signals(words: tuple[str, ...], lexicon: Lexicon) -> WordSignals:
    """Collect the signals of the words, in order. Accepts any tokens."""
    signals = WordSignals()
    at, count = 0, len(words)
    negated = stressed = -1
    stress = 1.0
    while at < count:
        word = lexicon[words[at]]
        if word is None:
            at += 1
            continue
        mark, step = _match_phrase(words, at, word, lexicon) if word.lengths else (word.mark, 1)
        if mark is not None:
            tone, role, bits, urgency, spam = mark
            if bits:
                signals.bits |= bits
            if urgency > signals.urgency:
                signals.urgency = urgency
            signals.spam += spam
            if tone:
                if at <= stressed:
                    tone *= stress
                if at <= negated and not bits & DENY:  # “not working” after a “not” is not reversed again
                    tone = NEGATED_GOOD if tone > 0 else tone * NEGATED_BAD
                if tone > 0:
                    signals.good += tone
                else:
                    signals.bad -= tone
            if role:
                if role == NOT:
                    negated = at + step - 1 + NEGATION_REACH
                elif role == BUT:
                    signals.good *= LEFT_BEFORE_BUT
                    signals.bad *= LEFT_BEFORE_BUT
                    negated = -1
                else:
                    stress = STRESSED if role == MORE else SOFTENED if role == LESS else 1.0
                    stressed = at + step - 1 + STRESS_REACH
        at += step
    return signals


def _match_phrase(
    words: tuple[str, ...], at: int, word: LexiconEntry, lexicon: Lexicon
) -> tuple[WordMark | None, int]:
    """Return the mark of the longest phrase at `at`, and its length.

    Without a phrase it is the mark of the word there, and the length is 1.
    """
    mark = word.mark
    for length in word.lengths:
        phrase = lexicon.phrases.get(" ".join(words[at : at + length]))
        if phrase is None:
            continue
        if phrase.tone is None and mark is not None:
            return mark.with_flags_of(phrase), 1
        return phrase, length if phrase.tone is not None or phrase.role else 1
    return mark, 1


def count_emoticons(text: str) -> tuple[int, int]:
    """Return the numbers of happy and of unhappy emoticons in a text."""
    if not _MAY_HOLD_EMOTICON.search(text):
        return 0, 0
    good = bad = 0
    for match in _EMOTICON.finditer(text):
        if match.lastgroup == "good":
            good += 1
        else:
            bad += 1
    return good, bad
