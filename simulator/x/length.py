"""X's weighted length: at most 280, where links count 23, CJK and emoji 2, most other characters 1.

Written from X's published counting rules (configuration version 3), apart from Horseshoe's own counting, so that each
can find the other's mistakes: character by character, with the links and the list of emoji of twitter-text.
"""

from __future__ import annotations

import functools
import unicodedata

LIMIT = 280
LINK_WEIGHT = 23
FORBIDDEN = "\ufffe\ufeff\uffff"
#: Code points that weigh 1; all others weigh 2.
_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
_EMOJI_SIGN = 0xFE0F
#: Emoji that may have the sign, though they are in colour without it: not in the list.
_SIGN_ALLOWED = (
    (0x231A, 0x231B), (0x25FD, 0x25FE), (0x2614, 0x2615), (0x2648, 0x2653), (0x267F, 0x267F), (0x2693, 0x2693),
    (0x26A1, 0x26A1), (0x26AA, 0x26AB), (0x26BD, 0x26BE), (0x26C4, 0x26C5), (0x26D4, 0x26D4), (0x26EA, 0x26EA),
    (0x26F2, 0x26F3), (0x26F5, 0x26F5), (0x26FA, 0x26FA), (0x26FD, 0x26FD), (0x2757, 0x2757), (0x2B1B, 0x2B1C),
    (0x2B50, 0x2B50), (0x2B55, 0x2B55), (0x1F004, 0x1F004), (0x1F21A, 0x1F21A), (0x1F22F, 0x1F22F),
)  # fmt: skip
#: Hands and people newer than the list: they take a skin tone.
_NEWER_HANDS = ((0x1F90C, 0x1F90C), (0x1F977, 0x1F977), (0x1FAC3, 0x1FAC5), (0x1FAF0, 0x1FAF8))
_SKIN_TONES = range(0x1F3FB, 0x1F400)


def _is_in(code: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(low <= code <= high for low, high in ranges)


@functools.cache
def _emoji_by_first() -> dict[str, list[str]]:
    """Return the emoji of several characters by their first one, longest first."""
    from twitter_text.regexp.emoji import emoji_list

    by_first: dict[str, list[str]] = {}
    for entry in emoji_list:
        emoji = "".join(chr(int(code, 16)) for code in entry.codepoint.split())
        if len(emoji) > 1 and (entry.status == "fully-qualified" or emoji.endswith("\u20e3")):
            by_first.setdefault(emoji[0], []).append(emoji)
    for emojis in by_first.values():
        emojis.sort(key=len, reverse=True)
    return by_first


def _emoji_length(text: str, at: int) -> int:
    """Return the number of characters of the emoji there, 0 for none."""
    for emoji in _emoji_by_first().get(text[at], ()):
        if text.startswith(emoji, at):
            return len(emoji)
    code, following = ord(text[at]), ord(text[at + 1]) if at + 1 < len(text) else 0
    is_signed = following == _EMOJI_SIGN and _is_in(code, _SIGN_ALLOWED)
    is_toned = following in _SKIN_TONES and _is_in(code, _NEWER_HANDS)
    return 2 if is_signed or is_toned else 0


def weighted(text: str) -> int:
    """Return the length that X counts."""
    from twitter_text.extract_urls import extract_urls_with_indices

    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n")
    links = {link["indices"][0]: len(link["url"]) for link in extract_urls_with_indices(text)}
    at = total = 0
    while at < len(text):
        if at in links:
            total, at = total + LINK_WEIGHT, at + links[at]
        elif emoji := _emoji_length(text, at):
            total, at = total + 2, at + emoji
        else:
            total, at = total + (1 if _is_in(ord(text[at]), _LIGHT) else 2), at + 1
    return total
