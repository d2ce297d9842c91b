"""What whoever approved an answer changed in its text, in a few words. Pure."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

#: Changes that are told, and characters of each side of one.
MOST_CHANGES, LONGEST_PART = 5, 80
_WORDS = re.compile(r"\s+")


def describe_edit(before: str, after: str) -> str:
    """Return what changed from one text to the other.

    As in “old” became “new”. Words are compared; changes that are next to each other are one.
    """
    old, new = _WORDS.split(before.strip()), _WORDS.split(after.strip())
    changes = [
        _describe_change(" ".join(old[a:b]), " ".join(new[c:d]))
        for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        if kind != "equal"
    ]
    left = len(changes) - MOST_CHANGES
    more = [f"{left} more"] if left > 0 else []
    return "; ".join(changes[:MOST_CHANGES] + more) or "only spaces"


def _describe_change(old: str, new: str) -> str:
    if not old:
        return f"added “{_cut(new)}”"
    if not new:
        return f"left out “{_cut(old)}”"
    return f"“{_cut(old)}” became “{_cut(new)}”"


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_PART else f"{text[: LONGEST_PART - 1]}…"
