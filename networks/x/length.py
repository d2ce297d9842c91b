"""X's weighted length of a text: at most 280, where links count 23, emoji and most scripts 2, Latin letters 1.

The links are those of twitter-text, which has X's own rules; the emoji are in `networks.x.emoji`. The script that
counts while somebody types has the same rules (`networks.x.browser_rules`).
"""

from __future__ import annotations

import functools
import re
import unicodedata

from networks.x.emoji import emoji_pattern

LINK_WEIGHT = 23
EMOJI_WEIGHT = 2
#: Code points that weigh 1; all others weigh 2.
LIGHT_RANGES = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
#: A longer text is far above every limit: its number of characters will do.
LONGEST_WEIGHED = 25_000
#: X refuses a text that holds one of these.
REFUSED_CHARACTERS = "\ufeff\ufffe\uffff"


def weigh_text(text: str) -> int:
    """Return the weighted length of a text.

    Above 25,000 characters: their number.
    """
    if len(text) > LONGEST_WEIGHED:
        return len(text)
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n")
    weight, end = 0, 0
    for start, link_end in _find_links(text):
        weight += _weigh_plain(text[end:start]) + LINK_WEIGHT
        end = link_end
    return weight + _weigh_plain(text[end:])


def _find_links(text: str) -> list[tuple[int, int]]:
    if "." not in text:
        return []
    # Imported on first use: it reads a list of emoji of its own, which takes most of a second.
    from twitter_text.extract_urls import extract_urls_with_indices

    # By its length, as X does: the stated end of a link without http may be another.
    return [
        (link["indices"][0], link["indices"][0] + len(link["url"]))
        for link in extract_urls_with_indices(text)
    ]


def _weigh_plain(text: str) -> int:
    if text.isascii():
        return len(text)
    rest, emoji = _emoji().subn("", text)
    return emoji * EMOJI_WEIGHT + sum(map(_weigh_character, rest))


def _weigh_character(character: str) -> int:
    return 1 if any(low <= ord(character) <= high for low, high in LIGHT_RANGES) else 2


@functools.cache
def _emoji() -> re.Pattern[str]:
    return re.compile(emoji_pattern())
