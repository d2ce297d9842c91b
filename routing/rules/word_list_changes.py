"""Describe in words what changed in word lists between two snapshots. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from routing.conditions.word_lists import all_words
from routing.conditions.wording import join_quoted

JsonDict = dict[str, Any]
#: Most words named as added, and most named as removed.
_MAX_WORDS_NAMED = 6


def describe_changed_lists(older: Mapping[str, JsonDict], newer: Mapping[str, JsonDict]) -> list[str]:
    """Describe each new, changed or deleted word list as a sentence."""
    lines = []
    for key in sorted({*older, *newer}, key=lambda key: (newer.get(key) or older[key])["name"]):
        was, now = older.get(key), newer.get(key)
        if was is None and now is not None:
            lines.append(f"New word list “{now['name']}”, {len(all_words(now)):,} words")
        elif now is None and was is not None:
            lines.append(f"Deleted the word list “{was['name']}”")
        elif was is not None and now is not None and was != now:
            lines.append(f"Word list “{now['name']}”: {'; '.join(describe_list_changes(was, now))}")
    return lines


def describe_list_changes(was: JsonDict, now: JsonDict) -> list[str]:
    """Describe the changes of one word list as parts of a sentence.

    Returns [] when nothing changed.
    """
    parts = []
    if was["name"] != now["name"]:
        parts.append(f"was called “{was['name']}”")
    kinds = (
        (all_words(was), all_words(now), ""),
        (was.get("except", []), now.get("except", []), " as an exception"),
    )
    for before, after, kind in kinds:
        added = [word for word in after if word not in set(before)]
        removed = [word for word in before if word not in set(after)]
        if added:
            parts.append(f"{join_quoted(added, 'and', _MAX_WORDS_NAMED)} added{kind}")
        if removed:
            parts.append(f"{join_quoted(removed, 'and', _MAX_WORDS_NAMED)} removed{kind}")
    if was.get("also", []) != now.get("also", []):
        parts.append("combinations and patterns changed")
    if not parts and was != now:
        parts.append("languages changed")
    return parts
