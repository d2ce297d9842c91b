"""Conditions read the slow and plain way, to compare the engine with."""

from __future__ import annotations

import itertools
import re
import unicodedata
from zoneinfo import ZoneInfo

from routing.facts import Facts


def holds(tree: dict, facts: Facts) -> bool:
    if "field" not in tree:
        ((group, children),) = tree.items()
        found = [holds(child, facts) for child in children]
        return {"all": all(found), "any": any(found), "none": not any(found)}[group]
    field = tree["field"]
    if field == "words":
        found = [has_word(facts.text, word) for word in tree.get("any") or tree["all"]]
        return any(found) if "any" in tree else all(found)
    if field == "pattern":
        clean = facts.text.encode("utf-8", "replace").decode()
        return re.search(tree["matches"], clean, re.IGNORECASE | re.ASCII) is not None
    if field == "hours":
        return is_open(facts.at) == (tree["is"] == "open")
    if field == "customer_tags":
        return any(tag in tree["is"] for tag in facts.customer_tags)
    if field in ("emoji_only", "has_link"):
        return {"emoji_only": emoji_only, "has_link": has_link}[field](facts.text) == tree["is"]
    if field in ("followers", "open_cases", "urgency", "word_count"):
        many = word_count(facts.text) if field == "word_count" else getattr(facts, field)
        return many is not None and tree.get("gte", 0) <= many <= tree.get("lte", 10**15)
    value = getattr(facts, field)
    return value in tree["is"] if isinstance(tree["is"], list) else value == tree["is"]


def is_open(at) -> bool:
    try:
        wall = at.astimezone(ZoneInfo("Europe/Berlin"))
    except OverflowError:
        return False
    return wall.weekday() == 5 or (wall.weekday() < 5 and 9 <= wall.hour < 17)


def has_link(text: str) -> bool:
    return "http://" in text or "https://" in text


def emoji_only(text: str) -> bool:
    bare = [word for word in text.split() if not word.startswith("@")]
    return bool(bare) and all(word == "😡" for word in bare)


def word_count(text: str) -> int:
    parts = [word for word in text.split() if word[0] != "@" and "http" not in word]
    return sum(len(part) if "退" in part else part not in ("😡", "-") for part in parts)


def plain(text: str) -> str:
    text = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return text.casefold()


def has_word(text: str, word: str) -> bool:
    ending = r"\w*" if word.endswith("*") else ""
    body = r"\W+".join(re.escape(part) for part in re.findall(r"\w+|😡", plain(word.rstrip("*"))))
    edge = not (word == "😡" or word == "退款")
    return re.search(rf"(?<!\w){body}{ending}(?!\w)" if edge else body, plain(text)) is not None


def same(one: dict, other: dict) -> bool:
    """Whether two trees agree for every combination of their leaves."""
    leaves = list({repr(leaf): leaf for tree in (one, other) for leaf in _leaves(tree)})[:10]
    return all(
        _value(one, dict(zip(leaves, values, strict=True)))
        == _value(other, dict(zip(leaves, values, strict=True)))
        for values in itertools.product([True, False], repeat=len(leaves))
    )


def _leaves(tree: dict) -> list[dict]:
    if "field" in tree:
        return [_plain_leaf(tree)]
    ((_, children),) = tree.items()
    return [leaf for child in children for leaf in _leaves(child)]


def _plain_leaf(leaf: dict) -> dict:
    return {
        key: list(dict.fromkeys(value)) if isinstance(value, list) else value for key, value in leaf.items()
    }


def _value(tree: dict, values: dict) -> bool:
    if "field" in tree:
        return values.get(repr(_plain_leaf(tree)), False)
    ((group, children),) = tree.items()
    found = [_value(child, values) for child in children]
    return {"all": all(found), "any": any(found), "none": not any(found)}[group]
