"""Users' patterns, through RE2 only: its time is linear in the text. `re` is never used for them (reliability.md, S9)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import re2

from routing.text import MAX_TEXT_READ

MAX_PATTERN_LENGTH = 500
#: RE2's own bounds, in bytes: to accept a pattern (about 2,700 steps), to run one alone, to run a set.
ACCEPTED_MEMORY = 1 << 18
PATTERN_MEMORY = 1 << 20
SET_MEMORY = 32 << 20
#: Patterns matched by one set. More than this are matched by several sets.
SET_SIZE = 2_000

#: One of each kind of character: whatever finds each alone, and many of them, asks for nothing.
_PROBE_CHARACTERS = (*map(chr, range(33, 127)), "é", "ж", "中", "😀")
_PROBE_REPEATS = 300
_LOOKAROUND = re.compile(r"\(\?<?[=!]")
_BACKREFERENCE = re.compile(r"\\[1-9]|\\[kg][<{'\d]|\(\?P=")
_ESCAPED_BACKSLASH = re.compile(r"\\\\")


def _re2_options(memory: int) -> Any:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = memory
    # Nobody asks where: with groups to fill a match in a long text takes a hundred times as long.
    options.never_capture = True
    return options


def find_pattern_problem(pattern: str) -> str:
    """What is wrong with a pattern, as a sentence for its author; "" when it can be used."""
    if not pattern.strip():
        return "The pattern is empty."
    if len(pattern) > MAX_PATTERN_LENGTH:
        return f"The pattern has {len(pattern):,} characters; {MAX_PATTERN_LENGTH} are allowed."
    if "\x00" in pattern or not _is_encodable(pattern):
        return "The pattern contains a character that cannot be stored."
    bare = _ESCAPED_BACKSLASH.sub("", pattern)
    if _LOOKAROUND.search(bare):
        return "Look-ahead and look-behind are not supported: use a second condition for what must or must not be there."
    if _BACKREFERENCE.search(bare):
        return "References back to a group are not supported."
    try:
        compiled = re2.compile(pattern, _re2_options(ACCEPTED_MEMORY))
    except re2.error as error:
        return f"The pattern cannot be read: {_error_text(error)}."
    if compiled.search("") and compiled.search("~ q ~") and _matches_every_probe(compiled):
        return "The pattern matches every message."
    return ""


@lru_cache(maxsize=16_384)
def matches_any_text(pattern: str) -> bool:
    """Whether a good pattern is found in every text that is not blank, as `.` and `\\S+` are, as far as that can be told."""
    return _matches_every_probe(re2.compile(pattern, _re2_options(PATTERN_MEMORY)))


def _matches_every_probe(compiled: Any) -> bool:
    return all(compiled.search(sign) and compiled.search(sign * _PROBE_REPEATS) for sign in _PROBE_CHARACTERS)


def _is_encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _error_text(error: Exception) -> str:
    raw = error.args[0] if error.args else str(error)
    return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)


@lru_cache(maxsize=1024)
def _compile_pattern(pattern: str) -> Any:
    return re2.compile(pattern, _re2_options(PATTERN_MEMORY))


class PatternSet:
    """Many patterns matched in one pass each. Build it with patterns that `find_pattern_problem` found good."""

    def __init__(self, patterns: Sequence[str]) -> None:
        """Raises `re2.error` for a pattern that RE2 refuses."""
        self._parts: list[tuple[Any, list[str], int]] = []
        self._alone: list[tuple[Any, int]] = []
        for start in range(0, len(patterns), SET_SIZE):
            self._add(list(patterns[start : start + SET_SIZE]), start)

    def _add(self, patterns: list[str], start: int) -> None:
        if len(patterns) == 1:
            self._alone.append((re2.compile(patterns[0], _re2_options(PATTERN_MEMORY)), start))
            return
        part = re2.Set.SearchSet(_re2_options(SET_MEMORY))
        for pattern in patterns:
            part.Add(pattern)
        # RE2 answers "nothing matched" when a set runs out of memory. The empty pattern always matches, so its
        # absence from an answer tells the two apart.
        part.Add("")
        try:
            part.Compile()
        except re2.error:
            half = len(patterns) // 2
            self._add(patterns[:half], start)
            self._add(patterns[half:], start + half)
            return
        self._parts.append((part, patterns, start))

    def matches(self, text: str) -> list[int]:
        """The indices of the patterns found in the first `LOOKED_AT` characters of `text`. Never raises."""
        data = text[:MAX_TEXT_READ].encode("utf-8", "replace")
        found: list[int] = []
        for part, patterns, start in self._parts:
            hits = part.Match(data)
            if len(patterns) in hits:
                found.extend(start + hit for hit in hits if hit < len(patterns))
            else:
                found.extend(start + i for i, p in enumerate(patterns) if _compile_pattern(p).search(data))
        found.extend(index for compiled, index in self._alone if compiled.search(data))
        return found
