"""Say conditions as sentences that people read: “is about “refunds” and sounds negative”. Pure.

Each phrase continues “If a message …”. Regular expressions are not shown: a pattern is “a pattern”.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.conf.locale import LANG_INFO

from routing.conditions.fields import NUMBER_FIELDS
from routing.conditions.wording import describe_leaf, join_quoted, network_name

Names = Mapping[str, str]
#: The pattern that is named by its meaning, because everybody needs it.
QUESTION_MARK_PATTERN = "[?？]"
_FLAG_PHRASES = {
    "verified": ("is from a verified author", "is not from a verified author"),
    "is_reply": ("is a reply", "is not a reply"),
    "is_retweet": ("is a repost", "is not a repost"),
    "is_under_own_post": ("is under a post of ours", "is not under a post of ours"),
    "wants_answer": ("needs an answer", "needs no answer"),
    "is_spam": ("looks like spam", "does not look like spam"),
    "emoji_only": ("is only emoji", "is not only emoji"),
    "has_link": ("has a link", "has no link"),
}
_STREAMS = {
    "mentions": "a mention",
    "comments": "a comment",
    "visitor_posts": "a post on our page",
    "direct": "a direct message",
}
#: The first words of phrases, and the same negated.
_NEGATIONS = {
    "is": "is not",
    "says": "does not say",
    "has": "does not have",
    "sounds": "does not sound",
    "looks": "does not look",
    "needs": "does not need",
    "matches": "does not match",
    "arrives": "does not arrive",
}


def condition_sentence(tree: dict[str, Any], limit: int = 5, names: Names | None = None) -> str:
    """Describe a valid condition as the rest of “If a message …”.

    `limit` and `names` are as `routing.conditions.wording.summarize_condition` takes them.
    """
    return _say(tree, limit, names or {})


def _say(tree: dict[str, Any], limit: int, names: Names) -> str:
    if "field" in tree:
        return _say_leaf(tree, limit, names)
    group, parts = next(iter(tree.items()))
    if group == "none":
        return _join(_say_negated(parts, limit, names), "and", limit)
    if group == "any":
        phrases, has_groups = (
            [_say(part, limit, names) for part in parts],
            any("field" not in part for part in parts),
        )
        return _join(phrases, "or", limit, has_groups=has_groups)
    return _say_all(parts, limit, names)


def _say_all(parts: Sequence[dict[str, Any]], limit: int, names: Names) -> str:
    phrases: list[str] = []
    for part in parts:
        if "none" in part and "field" not in part:
            phrases += _say_negated(part["none"], limit, names)
        elif len(part.get("any", ())) > 1 and "field" not in part and len(parts) > 1:
            phrases.append(f"either {_say(part, limit, names)}")
        else:
            phrases.append(_say(part, limit, names))
    has_groups = any("field" not in part and "none" not in part for part in parts)
    return _join(phrases, "and", limit, has_groups=has_groups)


def _say_negated(parts: Sequence[dict[str, Any]], limit: int, names: Names) -> list[str]:
    return [
        _negate(_say(part, limit, names))
        if "field" in part
        else f"does not fit this: it {_say(part, limit, names)}"
        for part in parts
    ]


def _negate(phrase: str) -> str:
    positive = {no: yes for yes, no in _FLAG_PHRASES.values()} | {
        "has no question mark": "has a question mark"
    }
    negative = dict(_FLAG_PHRASES.values()) | {"has a question mark": "has no question mark"}
    if phrase in negative or phrase in positive:
        return negative.get(phrase) or positive[phrase]
    verb, _, rest = phrase.partition(" ")
    return f"{_NEGATIONS[verb]} {rest}"


def _join(phrases: list[str], joiner: str, limit: int, *, has_groups: bool = False) -> str:
    shown, rest = phrases[:limit], len(phrases) - limit
    if rest > 0:
        shown.append(f"{rest} more condition{'s' if rest > 1 else ''}")
    if len(shown) == 1:
        return shown[0]
    if has_groups:
        # Each phrase gets the word, so that it is clear what belongs together.
        return f", {joiner} ".join(shown)
    return f"{', '.join(shown[:-1])} {joiner} {shown[-1]}"


def _say_leaf(leaf: dict[str, Any], limit: int, names: Names) -> str:
    field = leaf["field"]
    if field in _FLAG_PHRASES:
        return _FLAG_PHRASES[field][not leaf["is"]]
    if field == "words":
        words, joiner = (leaf["any"], "or") if "any" in leaf else (leaf["all"], "and")
        return f"says {join_quoted(words, joiner, limit)}"
    if field == "pattern":
        return "has a question mark" if leaf["matches"] == QUESTION_MARK_PATTERN else "matches a pattern"
    if field == "hours":
        return f"arrives {describe_leaf(leaf, limit, names)}"
    if field in NUMBER_FIELDS:
        starts = {"followers": "is from an author with", "open_cases": "is from a customer with"}
        return f"{starts.get(field, 'has')} {describe_leaf(leaf, limit, names)}"
    return _VALUE_PHRASES[field](leaf["is"], limit, lambda value: names.get(f"{field} {value}", value))


def _join_plain(values: Sequence[str], limit: int) -> str:
    """Join values without quotation marks: `a, b or c`."""
    shown = [*values[:limit], *([f"{len(values) - limit} more"] if len(values) > limit else [])]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} or {shown[-1]}"


def language_name(code: str) -> str:
    """Return the English name of a language, else its code."""
    return {"no": "Norwegian", "zh": "Chinese"}.get(code) or str(LANG_INFO.get(code, {}).get("name", code))


_VALUE_PHRASES: dict[str, Callable[[list[str], int, Callable[[str], str]], str]] = {
    "about": lambda values, limit, name: f"is about {join_quoted([name(v) for v in values], 'or', limit)}",
    "network": lambda values, limit, name: f"is on {_join_plain([network_name(v) for v in values], limit)}",
    "stream": lambda values, limit, name: f"is {_join_plain([_STREAMS.get(v, v) for v in values], limit)}",
    "brand_account": lambda values, limit, name: f"is to {_join_plain([name(v) for v in values], limit)}",
    "language": lambda values, limit, name: f"is in {_join_plain([language_name(v) for v in values], limit)}",
    "sentiment": lambda values, limit, name: f"sounds {_join_plain(values, limit)}",
    "previous_department": lambda values, limit, name: (
        f"is from a customer last helped by {_join_plain([name(v) for v in values], limit)}"
    ),
    "customer_tags": lambda values, limit, name: (
        f"is from a customer tagged {join_quoted(values, 'or', limit)}"
    ),
}
