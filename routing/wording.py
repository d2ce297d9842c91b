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
        return f"the pattern “{leaf['matches']}”"
    if field == "followers":
        return _followers(leaf)
    if field == "verified":
        return "a verified author" if leaf["is"] else "an author who is not verified"
    if field == "is_reply":
        return "an answer to something" if leaf["is"] else "not an answer to something"
    values = [network_name(value) if field == "network" else value for value in leaf["is"]]
    return f"{_LABELS[field]} {quoted(values, 'or', limit)}"


def _followers(leaf: dict[str, Any]) -> str:
    if "gte" in leaf and "lte" in leaf:
        return f"between {leaf['gte']:,} and {leaf['lte']:,} followers"
    return f"at least {leaf['gte']:,} followers" if "gte" in leaf else f"at most {leaf['lte']:,} followers"


def summary(tree: dict[str, Any], limit: int = 5) -> str:
    """A valid condition tree as one line: `the words “a” or “b”, and none of: network “X”`."""
    for group, joiner in (("all", " and "), ("any", " or ")):
        if group in tree and "field" not in tree:
            parts = [summary(child, limit) for child in tree[group]]
            if len(parts) == 1:
                return parts[0]
            nested = [_bracketed(child, part) for child, part in zip(tree[group], parts, strict=True)]
            return joiner.join(nested)
    if "none" in tree and "field" not in tree:
        return "none of: " + "; ".join(summary(child, limit) for child in tree["none"])
    return leaf_words(tree, limit)


def _bracketed(child: dict[str, Any], text: str) -> str:
    return text if "field" in child else f"({text})"
