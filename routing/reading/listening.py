"""One pass over a text's words: how pleased and how displeased it sounds, what it asks, how urgent and spammy it is."""

from __future__ import annotations

import re
from dataclasses import dataclass

from routing.reading.lexicon import BUT, DENY, LESS, MORE, NOT, Lexicon, LexiconEntry, WordMark

#: How many words a negation reaches, and an intensifier.
NEGATION_REACH, STRESS_REACH = 4, 2
#: What a negated good word is, and what is left of a negated bad one, whose sign turns.
NEGATED_GOOD, NEGATED_BAD = -1.5, -0.3
STRESSED, SOFTENED = 1.3, 0.7
#: What is left of everything said before a "but".
LEFT_BEFORE_BUT = 0.6

_EMOTICON = re.compile(
    r"(?P<good>(?<!\w)[:;=8xX]['’]?[-o^]?[)\]DpP3}*]+(?!\w)|(?<!\w)[(\[]+[-o^]?[:;=](?!\w)|<3+|\^_*\^)"
    r"|(?P<bad>(?<!\w)[:;=]['’]?[-o^]?(?:[(\[{|]+|[/\\sS@](?![/\w]))|(?<!\w)[)\]]+[-o^]?[:;=](?!\w)|</3|(?<!\w)D[:;=](?!\w)|>:|-_+-)"
)
_MAY_HOLD_EMOTICON = re.compile(r"[:;=][-'’o^)\]DpP3}*(\[{|/\\sS@]|<[3/]|\^|[xX8]D|-_|[)\](\[D][-o^]?[:;=]")


@dataclass(slots=True)
class WordSignals:
    """`good` and `bad` are sums of tones, both from 0 up; `bits` are `lexicon`'s; `words` counts what had a meaning."""

    good: float = 0.0
    bad: float = 0.0
    bits: int = 0
    urgency: int = 0
    spam: int = 0
    thanks: int = 0


def collect_signals(words: tuple[str, ...], lexicon: Lexicon) -> WordSignals:
    """What the words say, in order. Total: any list of tokens."""
    heard = WordSignals()
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
                heard.bits |= bits
            if urgency > heard.urgency:
                heard.urgency = urgency
            heard.spam += spam
            if tone:
                if at <= stressed:
                    tone *= stress
                if at <= negated and not bits & DENY:  # “not working” after a “not” is not turned twice
                    tone = NEGATED_GOOD if tone > 0 else tone * NEGATED_BAD
                if tone > 0:
                    heard.good += tone
                else:
                    heard.bad -= tone
            if role:
                if role == NOT:
                    negated = at + step - 1 + NEGATION_REACH
                elif role == BUT:
                    heard.good *= LEFT_BEFORE_BUT
                    heard.bad *= LEFT_BEFORE_BUT
                    negated = -1
                else:
                    stress = STRESSED if role == MORE else SOFTENED if role == LESS else 1.0
                    stressed = at + step - 1 + STRESS_REACH
        at += step
    return heard


def _match_phrase(
    words: tuple[str, ...], at: int, word: LexiconEntry, lexicon: Lexicon
) -> tuple[WordMark | None, int]:
    """What the longest known phrase that begins at `at` says, else the word there; and how many words are done with it."""
    mark = word.mark
    for length in word.lengths:
        found = lexicon.phrases.get(" ".join(words[at : at + length]))
        if found is None:
            continue
        if found.tone is None and mark is not None:
            return mark.with_flags_of(found), 1
        return found, length if found.tone is not None or found.role else 1
    return mark, 1


def count_emoticons(text: str) -> tuple[int, int]:
    """How many happy and how many unhappy emoticons the text holds."""
    if not _MAY_HOLD_EMOTICON.search(text):
        return 0, 0
    good = bad = 0
    for found in _EMOTICON.finditer(text):
        if found.lastgroup == "good":
            good += 1
        else:
            bad += 1
    return good, bad
