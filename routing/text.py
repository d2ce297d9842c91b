"""Fold texts and split them into tokens.

The words of rules and the texts of messages are treated in the same way.
"""

from __future__ import annotations

import re
from functools import lru_cache

import regex

from routing.letters import MAX_TEXT_READ, UNSPACED, fold_text
from routing.links import without_links

#: The least number of characters before the star of a prefix (`refund*`).
MIN_PREFIX = 3

#: A character with its marks, in a script without spaces between words: each is its own token, so that words are found
#: inside a sentence. In Khmer and Burmese a sign joins it with the character below it.
CLUSTER = rf"[{UNSPACED}]\p{{M}}*(?:[\u17d2\u1039\u1a60]\p{{L}}\p{{M}}*)*"
PICTOGRAMS = "\u203c-\u2bff\U0001f000-\U0001faff"
#: `\w` of `regex` includes the marks of every script, unlike that of `re`, which cuts words of Hindi at their vowels.
_TOKEN = regex.compile(rf"[\w--[{UNSPACED}]]+|{CLUSTER}|[{PICTOGRAMS}]", regex.V1)
#: The same for text that is only ASCII, at a third of the cost.
_ASCII_TOKEN = re.compile(r"\w+", re.ASCII)


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
_HANDLES = regex.compile(r"@[\w.]+")
_WORD_PART = rf"[\w--[{UNSPACED}_]]+"
_WORD = regex.compile(rf"{_WORD_PART}(?:['’.\-]{_WORD_PART})*|{CLUSTER}", regex.V1)
_PICTOGRAM = re.compile(f"[{PICTOGRAMS}]")
_KEYCAP = re.compile("[0-9#*]\ufe0f?\u20e3")
_LETTER_OR_DIGIT = re.compile(r"[^\W_]")


def count_words(text: str) -> int:
    """Count the words of `text`, without handles and links.

    In scripts without spaces each character counts as a word.
    """
    return len(_WORD.findall(_HANDLES.sub(" ", without_links(text[:MAX_TEXT_READ]))))


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
