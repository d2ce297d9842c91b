"""Repair of text from outside, so that it can be stored and shown safely."""

from __future__ import annotations

import re

#: Most characters of a message that are stored as its text. `raw` holds all of them.
LONGEST_TEXT = 100_000
LONGEST_NAME = 200
LONGEST_ADDRESS = 1000

SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
_NEEDS_REPAIR = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_EMBEDDING, _ISOLATE, _POP, _POP_ISOLATE = (
    "\u202a\u202b\u202d\u202e",
    "\u2066\u2067\u2068",
    "\u202c",
    "\u2069",
)
#: Hangul fillers and the empty Braille pattern: letters and symbols that are invisible.
_BLANKS = "\u115f\u1160\u2800\u3164\uffa0"
_WEB = re.compile(r"https?://[^\s\x00-\x1f]+\Z", re.IGNORECASE)


def needs_repair(text: str) -> bool:
    """Return whether a text has characters to remove or replace."""
    # Printable text has no such characters, and `isprintable` is twenty times faster than the pattern.
    return not text.isprintable() and _NEEDS_REPAIR.search(text) is not None


def clean_text(text: str) -> tuple[str, list[str]]:
    """Return the repaired text and its flags.

    Flags: "nul" and "surrogate" (replaced), "control" (removed), "long" (cut to `LONGEST_TEXT`), "bidi" (the text has
    bidi control characters: they stay, and unclosed ones are closed).
    """
    flags: list[str] = []
    if text.isprintable() and len(text) <= LONGEST_TEXT:
        return text, flags
    if _NEEDS_REPAIR.search(text):
        text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
        for flag, pattern, instead in (
            ("nul", "\x00", "\ufffd"),
            ("surrogate", SURROGATE, "\ufffd"),
            ("control", _CONTROL, ""),
        ):
            repaired = re.sub(pattern, instead, text)
            if repaired != text:
                flags.append(flag)
            text = repaired
    if len(text) > LONGEST_TEXT:
        text = text[: LONGEST_TEXT - 1] + "…"
        flags.append("long")
    if _BIDI.search(text):
        flags.append("bidi")
        text += _closing_bidi_signs(text)
    return text, flags


def _closing_bidi_signs(text: str) -> str:
    """Return characters that close the open bidi controls of `text`.

    At most 100 of them.
    """
    closing: list[str] = []
    for sign in _BIDI.findall(text):
        if sign in _EMBEDDING:
            closing.append(_POP)
        elif sign in _ISOLATE:
            closing.append(_POP_ISOLATE)
        elif closing and closing[-1] == sign:
            closing.pop()
        elif sign == _POP_ISOLATE and sign in closing:
            while closing.pop() != sign:
                pass
    return "".join(reversed(closing[-100:]))


def is_visible(text: str) -> bool:
    """Return whether a text shows anything.

    White space, zero-width characters and invisible letters (`_BLANKS`) show nothing.
    """
    return any(sign.isprintable() and not sign.isspace() and sign not in _BLANKS for sign in text)


def clean_line(text: str) -> str:
    """Return a name or label as one line.

    At most 200 characters. Control and bidi characters, which would affect the text after the line, are removed.
    """
    if "\n" in text or needs_repair(text):
        text = SURROGATE.sub("\ufffd", _BIDI.sub("", text)).replace("\x00", "\ufffd").replace("\ufeff", "")
        text = _CONTROL.sub("", " ".join(text.split()))
    return text[:LONGEST_NAME].strip()


def clean_address(address: str) -> str:
    """Return a web address unchanged, or "".

    "" for an address that is not http(s) or cannot be stored.
    """
    if not address or len(address) > LONGEST_ADDRESS or not address.isprintable():
        return ""
    return address if _WEB.match(address) else ""
