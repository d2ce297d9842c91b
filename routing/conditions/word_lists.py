"""Word lists: named lists of words that conditions refer to by key. Pure.

A word list is plain JSON: `{"name": "charges and refunds", "words": {"en": ["refund"], "": ["€"]}, "except": ["thanks
for the refund"], "also": [condition, …]}`. `words` is by language; "" is for any language, and only people care which
language a word has: every word is looked for in every message. A message that has one of the words of `except` is not
about the list. `also` holds further conditions on the text (combinations of words, patterns), each enough alone.
`except` and `also` may be missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from routing.conditions.validation import validate_condition

JsonDict = dict[str, Any]
#: Most characters of the name of a list.
MAX_NAME_LENGTH = 80
#: Fields that the further conditions of a list may test: a list is about a text alone.
_TEXT_FIELDS = ("words", "pattern")


def all_words(word_list: Mapping[str, Any]) -> list[str]:
    """Return the words of all languages, each once, in order."""
    return list(dict.fromkeys(word for words in word_list.get("words", {}).values() for word in words))


def word_list_names(word_lists: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return the names of word lists, keyed for `routing.conditions.wording`."""
    return {f"about {key}": str(word_list["name"]) for key, word_list in word_lists.items()}


def word_list_condition(word_list: Mapping[str, Any]) -> JsonDict:
    """Return the condition that a valid word list stands for."""
    words, also = all_words(word_list), word_list.get("also", ())
    parts: list[JsonDict] = [*([{"field": "words", "any": words}] if words else []), *also]
    condition = parts[0] if len(parts) == 1 else {"any": parts}
    excluded = word_list.get("except")
    if not excluded:
        return condition
    return {"all": [condition, {"none": [{"field": "words", "any": excluded}]}]}


def expand_condition(tree: JsonDict, conditions: Mapping[str, JsonDict]) -> JsonDict:
    """Replace references to word lists by the conditions of these lists.

    `conditions` are those of `word_list_condition`, by the key of the list. Raises `KeyError` for a list that is gone.
    """
    if tree.get("field") == "about":
        parts = [conditions[key] for key in tree["is"]]
        return parts[0] if len(parts) == 1 else {"any": parts}
    if "field" in tree:
        return tree
    group, children = next(iter(tree.items()))
    return {group: [expand_condition(child, conditions) for child in children]}


def inline_word_lists(snapshot: Mapping[str, Any]) -> JsonDict:
    """Return a snapshot whose rules hold the words of their lists themselves.

    Raises `KeyError` for a list that is gone.
    """
    conditions = {key: word_list_condition(each) for key, each in snapshot.get("word_lists", {}).items()}
    rules = [
        {**rule, "condition": expand_condition(rule["condition"], conditions)}
        for rule in snapshot.get("rules", ())
    ]
    return {**snapshot, "rules": rules}


def word_list_keys_in(tree: object) -> list[str]:
    """Return the keys of the word lists in a condition, each once. Accepts any JSON."""
    return list(dict.fromkeys(_keys_in(tree)))


def _keys_in(tree: object) -> Iterator[str]:
    if isinstance(tree, list):
        for part in tree:
            yield from _keys_in(part)
    elif isinstance(tree, dict):
        if tree.get("field") == "about":
            keys = tree.get("is")
            yield from (key for key in keys if isinstance(key, str)) if isinstance(keys, list) else ()
        elif "field" not in tree:
            for parts in tree.values():
                yield from _keys_in(parts)


def find_word_list_problems(word_list: Mapping[str, Any]) -> list[str]:
    """Return the problems of a word list as sentences, [] for none."""
    if not all_words(word_list) and not word_list.get("also"):
        return ["Give at least one word."]
    for condition in word_list.get("also", ()):
        problems = validate_condition(condition)
        if problems:
            return [str(problem) for problem in problems[:5]]
        if others := sorted({leaf["field"] for leaf in leaves_of(condition)} - set(_TEXT_FIELDS)):
            return [
                f"A word list looks at the text alone: put “{others[0].replace('_', ' ')}” into the rule instead."
            ]
    return [problem.message for problem in validate_condition(word_list_condition(word_list))[:5]]


def leaves_of(tree: JsonDict) -> Iterator[JsonDict]:
    """Yield the leaves of a valid condition, in order."""
    if "field" in tree:
        yield tree
        return
    for parts in tree.values():
        yield from _leaves_of_all(parts)


def positive_words_of(tree: JsonDict) -> Iterator[str]:
    """Yield the words that a valid condition looks for, outside `none` groups."""
    if "field" in tree:
        if tree["field"] == "words":
            yield from tree["any"] if "any" in tree else tree["all"]
        return
    group, parts = next(iter(tree.items()))
    if group != "none":
        for part in parts:
            yield from positive_words_of(part)


def _leaves_of_all(parts: Iterable[JsonDict]) -> Iterator[JsonDict]:
    for part in parts:
        yield from leaves_of(part)
