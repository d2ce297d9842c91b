"""Check the condition of a rule, a tree of JSON.

A group is an object with one key, `all`, `any` or `none`, holding a list of conditions that is not empty. A leaf names
its field:

    {"field": "words", "any": ["refund", "charged twice", "reimburs*"]}    (or "all")
    {"field": "pattern", "matches": "order #?[0-9]{6}"}
    {"field": "network", "is": ["x"]}    also stream, language, brand_account ("x:12345": network:remote id),
                                         sentiment, previous_department (a slug), customer_tags (has one of these)
    {"field": "followers", "gte": 1000, "lte": 50000}    also open_cases, urgency (0 to 2), word_count; one bound will do
    {"field": "verified", "is": true}    also is_reply, is_retweet, is_under_own_post, wants_answer, is_spam,
                                         emoji_only, has_link
    {"field": "hours", "calendar": "3", "is": "open"}    or "closed": business hours when the message was written

Words match whole words, whatever their case and accents; a star after at least three letters matches any ending.
Patterns are RE2's and ignore case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from routing.conditions.fields import ALL_FIELDS, CHOICE_FIELDS, FIXED_VALUES, FLAG_FIELDS, NUMBER_FIELDS
from routing.conditions.patterns import find_pattern_problem
from routing.text import MIN_PREFIX, is_storable, parse_phrase

MAX_DEPTH = 20
MAX_NODES = 3_000
MAX_WORDS = 2_000
MAX_WORD_LENGTH = 100

GROUPS = ("all", "any", "none")


@dataclass(frozen=True, slots=True)
class ConditionProblem:
    """A problem and its place in a condition.

    `path` is like `all[1].any[0]`, "" for the whole condition.
    """

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


def validate_condition(tree: object) -> list[ConditionProblem]:
    """Return the problems of a condition tree in reading order, else [].

    Accepts any JSON and never raises. Stops after 50 problems.
    """
    problems: list[ConditionProblem] = []
    nodes = 0
    for problem in _check_node(tree, "", 1):
        nodes += problem is None
        if problem is not None:
            problems.append(problem)
        if nodes > MAX_NODES:
            return [ConditionProblem("", f"The condition has more than {MAX_NODES:,} parts.")]
        if len(problems) >= 50:
            break
    return problems


def _check_node(node: object, path: str, depth: int) -> Iterator[ConditionProblem | None]:
    """Yield None once for each visited node, and each problem."""
    yield None
    if not isinstance(node, dict):
        yield ConditionProblem(path, f"A condition is an object, not {_json_kind(node)}.")
        return
    groups = [key for key in GROUPS if key in node and "field" not in node]
    if not groups:
        yield from _check_leaf(node, path)
        return
    group = groups[0]
    if len(node) > 1:
        yield ConditionProblem(path, "A group has one key: “all”, “any” or “none”.")
        return
    children = node[group]
    group_path = f"{path}.{group}" if path else group
    if not isinstance(children, list) or not children:
        yield ConditionProblem(group_path, f"The group “{group}” needs a list with at least one condition.")
        return
    if depth >= MAX_DEPTH:
        yield ConditionProblem(path, f"Groups are nested more than {MAX_DEPTH} deep.")
        return
    for index, child in enumerate(children):
        yield from _check_node(child, f"{group_path}[{index}]", depth + 1)


def _check_leaf(node: dict[Any, Any], path: str) -> Iterator[ConditionProblem]:
    if "field" not in node:
        yield ConditionProblem(path, "A condition is a group (“all”, “any”, “none”) or names a “field”.")
        return
    field = node["field"]
    check = _LEAF_CHECKS.get(field) if isinstance(field, str) else None
    if check is None:
        yield ConditionProblem(
            path, f"There is no field {_quote_value(field)}. Fields are {', '.join(ALL_FIELDS)}."
        )
        return
    keys = _LEAF_KEYS.get(str(field), frozenset({"is"}))
    unknown = sorted(str(key) for key in node if key != "field" and key not in keys)
    if unknown:
        yield ConditionProblem(
            path, f"“{field}” does not know {_quote_value(unknown[0])}, only {' and '.join(sorted(keys))}."
        )
        return
    yield from (ConditionProblem(path, message) for message in check(node))


def _check_words(node: dict[str, Any]) -> Iterator[str]:
    if ("any" in node) == ("all" in node):
        yield "“words” needs either “any” or “all” with a list of words."
        return
    words = node["any"] if "any" in node else node["all"]
    if not isinstance(words, list) or not words:
        yield "Give at least one word."
        return
    if len(words) > MAX_WORDS:
        yield f"{len(words):,} words are too many: {MAX_WORDS:,} are allowed."
        return
    for word in words:
        message = _word_problem(word)
        if message:
            yield message


def _word_problem(word: object) -> str:
    if not isinstance(word, str):
        return f"A word is a text, not {_json_kind(word)}."
    if len(word) > MAX_WORD_LENGTH:
        return f"The word {_quote_value(word)} has more than {MAX_WORD_LENGTH} characters."
    if not is_storable(word):
        return f"The word {_quote_value(word)} contains a character that cannot be stored."
    phrase, is_prefix = parse_phrase(word)
    if not phrase:
        return f"The word {_quote_value(word)} has no letter or digit to look for."
    if "*" in word.strip()[:-1] or (is_prefix and (" " in phrase or len(phrase) < MIN_PREFIX)):
        return f"In {_quote_value(word)} the star may only follow a single word of at least {MIN_PREFIX} letters."
    return ""


def _check_pattern(node: dict[str, Any]) -> Iterator[str]:
    pattern = node.get("matches")
    if not isinstance(pattern, str):
        yield "“pattern” needs “matches” with a text."
    elif message := find_pattern_problem(pattern):
        yield message


def _check_values(node: dict[str, Any]) -> Iterator[str]:
    field, values = node["field"], node.get("is")
    if not isinstance(values, list) or not values:
        yield f"“{field}” needs “is” with a list of at least one value."
        return
    if len(values) > MAX_WORDS:
        yield f"{len(values):,} values are too many: {MAX_WORDS:,} are allowed."
        return
    for value in values:
        if not isinstance(value, str) or not value.strip() or len(value) > 200 or not is_storable(value):
            yield f"{_quote_value(value)} is not a value that “{field.replace('_', ' ')}” can have."
        elif field == "brand_account" and not all(value.partition(":")[::2]):
            yield f"{_quote_value(value)} is not a brand account: write the network, a colon and the network's own id."
        elif field in FIXED_VALUES and value not in FIXED_VALUES[field]:
            yield f"{_quote_value(value)} is not a {field}: it is {_join_with_or(FIXED_VALUES[field])}."


def _join_with_or(values: tuple[str, ...]) -> str:
    return f"{', '.join(values[:-1])} or {values[-1]}"


def _check_number(node: dict[str, Any]) -> Iterator[str]:
    field = node["field"]
    most, noun = NUMBER_FIELDS[field], _NUMBER_NOUNS[field]
    bounds = {key: node[key] for key in ("gte", "lte") if key in node}
    if not bounds:
        yield f"“{field}” needs “gte” (at least) or “lte” (at most)."
        return
    for value in bounds.values():
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
            yield f"{_quote_value(value)} is not {noun}."
            return
    if bounds.get("gte", 0) > bounds.get("lte", most):
        yield f"No {field.replace('_', ' ')} can be at least {bounds['gte']:,} and at most {bounds['lte']:,}: swap the two numbers."


def _check_flag(node: dict[str, Any]) -> Iterator[str]:
    if not isinstance(node.get("is"), bool):
        yield f"“{node['field']}” needs “is” with true or false."


def _check_hours(node: dict[str, Any]) -> Iterator[str]:
    calendar = node.get("calendar")
    if not isinstance(calendar, str) or not calendar or len(calendar) > 100 or not is_storable(calendar):
        yield "“hours” needs “calendar” with the key of one."
    if node.get("is") not in ("open", "closed"):
        yield "“hours” needs “is” with “open” or “closed”."


_NUMBER_NOUNS = {
    "followers": "a number of followers",
    "open_cases": "a number of open cases",
    "urgency": "an urgency: it is 0, 1 or 2",
    "word_count": "a number of words",
}
_LEAF_KEYS: dict[str, frozenset[str]] = {
    "words": frozenset({"any", "all"}),
    "pattern": frozenset({"matches"}),
    **dict.fromkeys(NUMBER_FIELDS, frozenset({"gte", "lte"})),
    "hours": frozenset({"calendar", "is"}),
}
_LEAF_CHECKS: dict[str, Callable[[dict[str, Any]], Iterator[str]]] = {
    "words": _check_words,
    "pattern": _check_pattern,
    **dict.fromkeys(NUMBER_FIELDS, _check_number),
    **dict.fromkeys(CHOICE_FIELDS, _check_values),
    **dict.fromkeys(FLAG_FIELDS, _check_flag),
    "hours": _check_hours,
}


def _json_kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "nothing"}
    return names.get(type(value), "a number")


def _quote_value(value: object) -> str:
    if isinstance(value, str):
        text = value
    elif isinstance(value, dict | list):
        return _json_kind(value)
    elif isinstance(value, int) and not isinstance(value, bool) and abs(value) > NUMBER_FIELDS["followers"]:
        return "A number so large"
    else:
        text = str(value)
    text = text.encode("utf-8", "replace").decode().replace("\x00", "�")
    return f"“{text[:40]}…”" if len(text) > 40 else f"“{text}”"
