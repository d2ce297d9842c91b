"""Conditions and reasons in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_NETWORKS = {
    "x": "X",
    "facebook": "Facebook",
    "mastodon": "Mastodon",
    "bluesky": "Bluesky",
    "instagram": "Instagram",
}
#: Characters of a pattern that are shown where people read.
PATTERN_SHOWN = 60
_LABELS = {"network": "network", "stream": "stream", "brand_account": "brand account", "language": "language"}


def quoted(items: Sequence[str], joiner: str = "or", limit: int = 5) -> str:
    """`“a”, “b” or “c”`, cut after `limit` items: `“a”, “b” and 7 more`."""
    shown = [f"“{item}”" for item in items[:limit]]
    if len(items) > limit:
        return f"{', '.join(shown)} and {len(items) - limit} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} {joiner} {shown[-1]}"


def network_name(network: str) -> str:
    """The network as people write it."""
    return _NETWORKS.get(network, network)


def leaf_words(leaf: dict[str, Any], limit: int = 5) -> str:
    """One leaf as part of a sentence: `the words “refund” or “fee”`, `network X`, `at least 1,000 followers`."""
    field = leaf["field"]
    if field == "words":
        words = leaf["any"] if "any" in leaf else leaf["all"]
        noun = "the word" if len(words) == 1 else "the words"
        return f"{noun} {quoted(words, 'or' if 'any' in leaf else 'and', limit)}"
    if field == "pattern":
        return f"the pattern “{_cut(leaf['matches'])}”"
    if field == "followers":
        return _followers(leaf)
    if field == "verified":
        return "a verified author" if leaf["is"] else "an author who is not verified"
    if field == "is_reply":
        return "an answer to something" if leaf["is"] else "not an answer to something"
    values = [network_name(value) if field == "network" else value for value in leaf["is"]]
    return f"{_LABELS[field]} {quoted(values, 'or', limit)}"


def _cut(text: str) -> str:
    return text if len(text) <= PATTERN_SHOWN else f"{text[:PATTERN_SHOWN]}…"


def _followers(leaf: dict[str, Any]) -> str:
    if "gte" in leaf and "lte" in leaf:
        return f"between {leaf['gte']:,} and {leaf['lte']:,} followers"
    return f"at least {leaf['gte']:,} followers" if "gte" in leaf else f"at most {leaf['lte']:,} followers"


def summary(tree: dict[str, Any], limit: int = 5) -> str:
    """A valid condition tree as one line: `the words “a” or “b”, but not network “X”`. Long ones are cut: of each
    group only `limit` parts, of each list only `limit` values."""
    if "field" in tree:
        return leaf_words(tree, limit)
    if "none" in tree:
        return f"not {_joined(tree['none'], 'or', limit)}"
    if "any" in tree:
        return _joined(tree["any"], "or", limit)
    wanted = [part for part in tree["all"] if "field" in part or "none" not in part]
    barred = [part for each in tree["all"] if "field" not in each and "none" in each for part in each["none"]]
    if not barred:
        return _joined(wanted, "and", limit)
    if not wanted:
        return f"not {_joined(barred, 'or', limit)}"
    return f"{_joined(wanted, 'and', limit)}, but not {_joined(barred, 'or', limit)}"


def _joined(parts: list[dict[str, Any]], joiner: str, limit: int) -> str:
    said = [summary(part, limit) for part in parts[:limit]]
    if len(parts) > 1:
        said = [text if "field" in part else f"({text})" for part, text in zip(parts, said, strict=False)]
    if len(parts) > limit:
        said.append(f"{len(parts) - limit} more conditions")
    return f", {joiner} ".join(said) if len(said) > 2 else f" {joiner} ".join(said)
