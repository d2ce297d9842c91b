"""Fold letters: case, accents, width, ligatures and vowel points that writers may leave out.

Marks that make another letter or word of the same letters (vowel signs of the scripts of India, tone marks of Thai,
voicing marks of kana) stay.
"""

from __future__ import annotations

import re
import unicodedata

#: Only this many characters of a message are read. No network here allows longer texts, and a ten-megabyte
#: message must not delay its page.
MAX_TEXT_READ = 20_000

#: Scripts without spaces between words, for a character class of `regex`.
UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Bopomofo}\u30fc\p{LB=SA}"

#: Characters that a folded text does not have: accents of Latin, Greek and Cyrillic letters, points of Hebrew and vowel
#: marks of Arabic, its stretching sign, variation selectors and invisible characters.
_DROPPED = re.compile(
    "[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"
    "\u0610-\u061a\u0640\u064b-\u0652\u0656-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u0898-\u089f\u08ca-\u08ff"
    "\ufe00-\ufe0f\U000e0100-\U000e01ef\u00ad\u034f\u061c\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+"
)
#: Signs that compatibility folding would join to the word before them.
_TRADEMARK_SIGNS = re.compile("[™®©℠]+")
#: Letters that Unicode does not take apart, and letters of Arabic that one keyboard has and another has not.
_LETTERS = {
    "ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "ħ": "h", "ŧ": "t", "þ": "th", "ı": "i", "ĸ": "k",
    "ŋ": "ng", "ꜳ": "aa", "ƒ": "f",
    "ٱ": "ا", "ى": "ي", "ی": "ي", "ک": "ك", "ة": "ه",
}  # fmt: skip
#: The zeros of scripts with digits of their own. The nine other digits follow each.
_ZEROS = "٠۰०০੦૦୦௦౦೦൦๐໐༠၀០"
_SUBSTITUTES = _LETTERS | {chr(ord(zero) + n): str(n) for zero in _ZEROS for n in range(10)}
#: The signs on an alef (hamza, madda) are often left out. On other letters they make a letter of its own.
_SUBSTITUTED = re.compile(f"(?<=ا)[\u0653-\u0655]+|[{''.join(_SUBSTITUTES)}]")


def fold_text(text: str) -> str:
    """Fold to lower case without accents, invisible characters or look-alike letters.

    Never raises.
    """
    if text.isascii():
        return text.lower()
    folded = _DROPPED.sub("", unicodedata.normalize("NFKD", _TRADEMARK_SIGNS.sub(" ", text).casefold()))
    if folded.isascii():
        return folded.lower()  # compatibility folding makes capitals (of a mathematical bold R, for example)
    return _SUBSTITUTED.sub(_substitute, folded.casefold())


def _substitute(match: re.Match[str]) -> str:
    return _SUBSTITUTES.get(match.group(), "")
