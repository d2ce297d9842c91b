"""Describe conditions and reasons in plain words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from routing.conditions.fields import NUMBER_FIELDS, number_bounds

_NETWORK_NAMES = {
    "x": "X",
    "facebook": "Facebook",
    "mastodon": "Mastodon",
    "bluesky": "Bluesky",
    "instagram": "Instagram",
}
#: Most characters of a pattern that are shown to people.
MAX_PATTERN_SHOWN = 60
_FIELD_LABELS = {
    "about": "about",
    "network": "network",
    "stream": "stream",
    "brand_account": "brand account",
    "language": "language",
    "sentiment": "sentiment",
    "previous_department": "a customer last helped by",
    "customer_tags": "a customer tagged",
}
#: Words for a field that is either yes or no: for yes and for no. Reasons of decisions are stored with them and compared
#: when they are made again (`manage.py replay`): change the words of `sentences` instead.
_FLAG_WORDS = {
    "verified": ("a verified author", "an author who is not verified"),
    "is_reply": ("an answer to something", "not an answer to something"),
    "is_retweet": ("a post passed on", "not a post passed on"),
    "is_under_own_post": ("under a post of ours", "not under a post of ours"),
    "wants_answer": ("needs an answer", "needs no answer"),
    "is_spam": ("looks like spam", "does not look like spam"),
    "emoji_only": ("nothing but emoji", "more than emoji"),
    "has_link": ("a link", "no link"),
}
#: Nouns of a number field: singular, plural.
_COUNT_NOUNS = {
    "followers": ("follower", "followers"),
    "open_cases": ("open case", "open cases"),
    "word_count": ("word", "words"),
}
_URGENCY_WORDS = ("low", "raised", "high")


def join_quoted(items: Sequence[str], joiner: str = "or", limit: int = 5) -> str:
    """Join items as `“a”, “b” or “c”`.

    With more than `limit` items the others are only counted: `“a”, “b” and 7 more`. Needs at least one item.
    """
    shown = [f"“{item}”" for item in items[:limit]]
    if len(items) > limit:
        return f"{', '.join(shown)} and {len(items) - limit} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} {joiner} {shown[-1]}"


def network_name(network: str) -> str:
    """Return the display name of a network."""
    return _NETWORK_NAMES.get(network, network)


def describe_leaf(leaf: dict[str, Any], limit: int = 5, names: Mapping[str, str] | None = None) -> str:
    """Describe a leaf as part of a sentence.

    For example `the words “refund” or “fee”`, `network “X”`, `at least 1,000 followers`. `limit` cuts lists of
    values. `names` holds display names: of calendars by key, of other values by field and value (`previous_department
    billing`).
    """
    field = leaf["field"]
    if field == "words":
        words = leaf["any"] if "any" in leaf else leaf["all"]
        noun = "the word" if len(words) == 1 else "the words"
        return f"{noun} {join_quoted(words, 'or' if 'any' in leaf else 'and', limit)}"
    if field == "pattern":
        return f"the pattern “{_shorten_pattern(leaf['matches'])}”"
    if field in NUMBER_FIELDS:
        return _describe_number(leaf)
    if field == "hours":
        name = (names or {}).get(leaf["calendar"])
        return f"{'within' if leaf['is'] == 'open' else 'outside'} " + (
            f"the hours “{name}”" if name else "business hours"
        )
    if field in _FLAG_WORDS:
        return _FLAG_WORDS[field][not leaf["is"]]
    if field == "network":
        values = [network_name(value) for value in leaf["is"]]
    else:
        values = [(names or {}).get(f"{field} {value}", value) for value in leaf["is"]]
    return f"{_FIELD_LABELS[field]} {join_quoted(values, 'or', limit)}"


def _shorten_pattern(text: str) -> str:
    return text if len(text) <= MAX_PATTERN_SHOWN else f"{text[:MAX_PATTERN_SHOWN]}…"


def _describe_number(leaf: dict[str, Any]) -> str:
    field = leaf["field"]
    least, most = number_bounds(leaf)
    if field == "urgency":
        levels = _URGENCY_WORDS[least : most + 1]
        return f"urgency {join_quoted(levels)}"
    singular, plural = _COUNT_NOUNS[field]
    if "gte" in leaf and "lte" in leaf:
        return (
            f"between {least:,} and {most:,} {plural}"
            if least != most
            else f"exactly {_count_with_noun(least, singular, plural)}"
        )
    return (
        f"at least {_count_with_noun(least, singular, plural)}"
        if "gte" in leaf
        else f"at most {_count_with_noun(most, singular, plural)}"
    )


def _count_with_noun(number: int, singular: str, plural: str) -> str:
    return f"{number:,} {singular if number == 1 else plural}"


def summarize_condition(tree: dict[str, Any], limit: int = 5, names: Mapping[str, str] | None = None) -> str:
    """Summarize a valid condition in one line.

    For example `the words “a” or “b”, but not network “X”`. Long conditions are cut: only `limit` parts of each
    group, only `limit` values of each list. `names` as `describe_leaf` takes them.
    """
    if "field" in tree:
        return describe_leaf(tree, limit, names)
    if "none" in tree:
        return f"not {_join_parts(tree['none'], 'or', limit, names)}"
    if "any" in tree:
        return _join_parts(tree["any"], "or", limit, names)
    required = [part for part in tree["all"] if "field" in part or "none" not in part]
    groups = [part["none"] for part in tree["all"] if "field" not in part and "none" in part]
    excluded = [part for group in groups for part in group]
    if not excluded:
        return _join_parts(required, "and", limit, names)
    if not required:
        return f"not {_join_parts(excluded, 'or', limit, names)}"
    return (
        f"{_join_parts(required, 'and', limit, names)}, but not {_join_parts(excluded, 'or', limit, names)}"
    )


def _join_parts(parts: list[dict[str, Any]], joiner: str, limit: int, names: Mapping[str, str] | None) -> str:
    phrases = [summarize_condition(part, limit, names) for part in parts[:limit]]
    if len(parts) > 1:
        phrases = [
            text if "field" in part else f"({text})" for part, text in zip(parts, phrases, strict=False)
        ]
    if len(parts) > limit:
        rest = len(parts) - limit
        phrases.append(f"{rest} more condition{'s' if rest > 1 else ''}")
    return f", {joiner} ".join(phrases) if len(phrases) > 2 else f" {joiner} ".join(phrases)
