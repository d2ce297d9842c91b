"""Patterns that users write, matched by RE2 only.

The time that RE2 needs is linear in the text. Never match these patterns with `re`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import re2

from routing.letters import MAX_TEXT_READ

MAX_PATTERN_LENGTH = 500
#: Memory that RE2 may use, in bytes: to accept a pattern (about 2,700 steps), to run one alone, to run a set.
ACCEPTED_MEMORY = 1 << 18
PATTERN_MEMORY = 1 << 20
SET_MEMORY = 32 << 20
#: Most patterns in one set; a larger number is split into several sets.
SET_SIZE = 2_000

#: One character of each kind. A pattern that matches each of them, alone and repeated, is taken to match any text.
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
    # The groups are not used, and capturing them makes matching a long text a hundred times slower.
    options.never_capture = True
    return options


def find_pattern_problem(pattern: str) -> str:
    """Return the problem of a pattern as a sentence, "" for none."""
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
    """Return True when a valid pattern matches every non-blank text.

    For example `.`. It is tested on sample texts only, so True may be wrong for texts unlike them.
    """
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
    """Many patterns, matched together in one pass over the text."""

    def __init__(self, patterns: Sequence[str]) -> None:
        """Compile patterns that have no problem according to `find_pattern_problem`.

        Raises `re2.error` when RE2 refuses one.
        """
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
        # RE2 reports no match when a set runs out of memory. The empty pattern always matches, so if it is missing
        # from the result, memory ran out.
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
        """Return the indices of the patterns that match a text. Never raises.

        Only the first `MAX_TEXT_READ` characters are searched.
        """
        data = text[:MAX_TEXT_READ].encode("utf-8", "replace")
        matching: list[int] = []
        for part, patterns, start in self._parts:
            hits = part.Match(data)
            if len(patterns) in hits:
                matching.extend(start + hit for hit in hits if hit < len(patterns))
            else:
                matching.extend(start + i for i, p in enumerate(patterns) if _compile_pattern(p).search(data))
        matching.extend(index for compiled, index in self._alone if compiled.search(data))
        return matching
