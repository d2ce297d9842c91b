"""The emoji of more than one character that X counts as one.

Single emoji need no list: like most characters, each weighs 2. The sequences (flags, professions, skin tones) are those
that Unicode's list in twitter-text calls fully qualified, and some that are newer. The list lacks emoji whose sign
(U+FE0F) is needless, as in ⭐️, though telephones write it.
"""

from __future__ import annotations

import functools
import importlib.util
import re
from collections.abc import Iterable
from pathlib import Path

_SIGN = "\ufe0f"
_KEYCAPS = f"[0-9#*]{_SIGN}?\u20e3"
#: Emoji that are coloured without the sign, and may have it all the same.
_WITH_NEEDLESS_SIGN = "⌚⌛◽◾☔☕♈♉♊♋♌♍♎♏♐♑♒♓♿⚓⚡⚪⚫⚽⚾⛄⛅⛔⛪⛲⛳⛵⛺⛽❗⬛⬜⭐⭕🀄🈚🈯"
_SKIN_TONES = "🏻🏼🏽🏾🏿"
#: Newer than the list, which is of 2019.
_NEWER_WITH_SKIN_TONE = "🤌🥷🫃🫄🫅🫰🫱🫲🫳🫴🫵🫶🫷🫸"
_NEWER = "❤️‍🔥 ❤️‍🩹 😶‍🌫️ 😮‍💨 😵‍💫 🐈‍⬛ 🐻‍❄️ 🐦‍⬛ 🐦‍🔥 🍋‍🟩 🍄‍🟫 ⛓️‍💥 🏳️‍⚧️ 🧑‍🎄 🧔‍♀️ 🧔‍♂️ 🤵‍♀️ 🤵‍♂️ 👰‍♀️ 👰‍♂️ 🧑‍🍼 👩‍🍼 👨‍🍼 🙂‍↔️ 🙂‍↕️"
_LIST = "regexp/emoji-test.txt"
_LINE = re.compile(r"^([0-9A-F ]+ [0-9A-F ]+);\s*fully-qualified", re.MULTILINE)


@functools.cache
def emoji_pattern() -> str:
    """Return a regular expression for emoji of more than one character.

    Python and scripts read it alike. Where one is the beginning of another, it matches the longer one.
    """
    sequences = {
        "".join(chr(int(code, 16)) for code in match[1].split()) for match in _LINE.finditer(_read_list())
    }
    sequences.update(_NEWER.split())
    sequences.update(emoji + _SIGN for emoji in _WITH_NEEDLESS_SIGN)
    sequences.update(emoji + tone for emoji in _NEWER_WITH_SKIN_TONE for tone in _SKIN_TONES)
    return f"{_KEYCAPS}|{_build_pattern(sequences)}"


def _read_list() -> str:
    """Read the list as a file, not by an import.

    The import of the library takes most of a second.
    """
    library = importlib.util.find_spec("twitter_text")
    folders = (library.submodule_search_locations if library else None) or []
    return Path(next(iter(folders)), _LIST).read_text(encoding="utf-8")


def _build_pattern(words: Iterable[str]) -> str:
    """Return a short pattern for words.

    Beginnings are shared, and characters that the same may follow are a class.
    """
    words_by_first: dict[str, set[str]] = {}
    for word in words:
        words_by_first.setdefault(word[0], set()).add(word[1:])
    firsts_by_rest: dict[str, list[str]] = {}
    for first, rests in words_by_first.items():
        longer = rests - {""}
        rest = _build_pattern(longer) if longer else ""
        optional = "?" if longer and "" in rests else ""
        firsts_by_rest.setdefault(f"(?:{rest}){optional}" if rest else "", []).append(first)
    return "|".join(_build_class(firsts) + rest for rest, firsts in sorted(firsts_by_rest.items()))


def _build_class(characters: list[str]) -> str:
    return characters[0] if len(characters) == 1 else f"[{''.join(sorted(characters))}]"
