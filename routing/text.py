"""Fold texts and split them into tokens.

The words of rules and the texts of messages are treated in the same way.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

#: Only this many characters of a message are read. No network here allows longer texts, and a ten-megabyte
#: message must not delay its page.
MAX_TEXT_READ = 20_000
#: The least number of characters before the star of a prefix (`refund*`).
MIN_PREFIX = 3

#: Scripts without spaces between words: each character is its own token, so that words are found inside a
#: sentence.
_UNSPACED = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff"
_TOKEN = re.compile(rf"[^\W{_UNSPACED}]+|[{_UNSPACED}]|[\u203c-\u2bff\U0001f000-\U0001faff]")
#: The same for text that is only ASCII, at a third of the cost.
_ASCII_TOKEN = re.compile(r"\w+", re.ASCII)
_COMBINING_MARKS = re.compile("[\u0300-\u036f\ufe0f]+")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+")
#: Signs that compatibility folding would join to the word before them.
_TRADEMARK_SIGNS = re.compile("[™®©℠]+")


def fold_text(text: str) -> str:
    """Fold to lower case without accents, invisible characters or look-alike letters.

    Never raises.
    """
    if text.isascii():
        return text.lower()
    text = _TRADEMARK_SIGNS.sub(" ", _INVISIBLE.sub("", text))
    # Fold case twice, because compatibility folding can produce capitals (from a mathematical bold R, for
    # example).
    return (
        _COMBINING_MARKS.sub("", unicodedata.normalize("NFKD", text.casefold())).casefold().replace("ı", "i")
    )


@lru_cache(maxsize=4)
def tokenize(text: str) -> tuple[str, ...]:
    """Return the words and pictograms of `text`, folded, in order.

    Only the first `MAX_TEXT_READ` characters count. The results for the last few texts are cached, because a
    message is tokenized for its tone and again for the rules.
    """
    if len(text) > MAX_TEXT_READ:
        text = text[:MAX_TEXT_READ]
    return tuple(_ASCII_TOKEN.findall(text.lower()) if text.isascii() else _TOKEN.findall(fold_text(text)))


@lru_cache(maxsize=16_384)
def parse_phrase(words: str) -> tuple[str, bool]:
    """Return a rule's word or phrase as the engine looks it up.

    The result is its tokens joined by a space, and whether it is a prefix: `"Charged  twice!"` gives
    `("charged twice", False)`, `"refund*"` gives `("refund", True)`. The first part is "" when there is
    nothing to look for.
    """
    is_prefix = words.rstrip().endswith("*")
    return " ".join(tokenize(words)), is_prefix


#: Handles, including those that a network puts at the start of a reply.
_HANDLES = re.compile(r"@[\w.]+")
_LINK = re.compile(r"https?://[^\s]+|\bwww\.\w[^\s]*", re.IGNORECASE)
_WORD = re.compile(rf"[^\W{_UNSPACED}_]+(?:['’.\-][^\W{_UNSPACED}_]+)*|[{_UNSPACED}]")
_PICTOGRAM = re.compile("[\u203c-\u2bff\U0001f000-\U0001faff]")
_KEYCAP = re.compile("[0-9#*]\ufe0f?\u20e3")
_LETTER_OR_DIGIT = re.compile(r"[^\W_]")


def has_link(text: str) -> bool:
    """Return whether `text` contains a web address."""
    return _LINK.search(text[:MAX_TEXT_READ]) is not None


def count_words(text: str) -> int:
    """Count the words of `text`, without handles and links.

    In scripts without spaces each character counts as a word.
    """
    return len(_WORD.findall(_LINK.sub(" ", _HANDLES.sub(" ", text[:MAX_TEXT_READ]))))


def is_emoji_only(text: str) -> bool:
    """Return whether `text` has pictograms but no letter or digit.

    Handles are ignored.
    """
    if text.isascii():
        return False
    bare = _HANDLES.sub("", text[:MAX_TEXT_READ])
    return _PICTOGRAM.search(bare) is not None and _LETTER_OR_DIGIT.search(_KEYCAP.sub("", bare)) is None


def is_storable(text: str) -> bool:
    """Return whether Postgres can store the text: no NUL, no lone surrogate."""
    return "\x00" not in text and not any("\ud800" <= character <= "\udfff" for character in text)
