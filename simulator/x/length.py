"""X's weighted length: at most 280, where links count 23, CJK and emoji 2, most other characters 1.

Written from X's published counting rules (configuration version 3), apart from the library that Horseshoe counts
with, so that each can find the other's mistakes.
"""

from __future__ import annotations

import re
import unicodedata

LIMIT = 280
LINK_WEIGHT = 23
#: Code points that weigh 1; all others weigh 2.
_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
_GENERIC = "com|org|net|info|biz|app|dev|shop|blog|news|online|store|edu|gov|io|co|me|tv|ai|eu|uk|de|fr|es|pt|nl|it|pl|at|ch|be|ie"
_LINK = re.compile(
    rf"https?://[^\s<>\"]+[^\s<>\".,;:!?')\]]|(?<![\w@.$#/-])(?:[a-z0-9-]+\.)+(?:{_GENERIC})\b(?![@.]\w)(?:/[^\s<>\"]*[^\s<>\".,;:!?')\]])?",
    re.IGNORECASE,
)
_PICTURE = "[\u231a\u231b\u23e9-\u23f3\u25fd\u25fe\u2600-\u27bf\u2b1b\u2b1c\u2b50\u2b55\U0001f004\U0001f0cf\U0001f170-\U0001f251\U0001f300-\U0001faff]"
_EMOJI = re.compile(
    "[\U0001f1e6-\U0001f1ff]{2}|[0-9#*]\ufe0f?\u20e3|"
    f"{_PICTURE}(?:\ufe0f|[\U0001f3fb-\U0001f3ff])?(?:\u200d(?:{_PICTURE}|[\u2640\u2642\u2695])(?:\ufe0f|[\U0001f3fb-\U0001f3ff])?)*"
)


def _weight(character: str) -> int:
    code = ord(character)
    return 1 if any(low <= code <= high for low, high in _LIGHT) else 2


def weighted(text: str) -> int:
    """Return the length that X counts."""
    text = unicodedata.normalize("NFC", text)
    plain = _LINK.sub("", text)
    links = len(_LINK.findall(text)) * LINK_WEIGHT
    rest, emoji = _EMOJI.subn("", plain)
    return links + emoji * 2 + sum(map(_weight, rest))
