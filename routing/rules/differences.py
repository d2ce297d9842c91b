"""Describe in words how one rule changed between two snapshots. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from routing.conditions.fields import CHOICE_FIELDS
from routing.conditions.wording import describe_leaf, join_quoted, summarize_condition

JsonDict = dict[str, Any]
Names = Mapping[str, str]
_PRIORITY_WORDS = {-1: "low", 0: "normal", 1: "high", 2: "urgent"}
_NEEDS_ANSWER_WORDS = {True: "yes", False: "no", None: "decided from the text"}
#: Most parts of a condition listed as added, and most listed as removed.
_MAX_PARTS_NAMED = 6


def describe_rule(rule: JsonDict, names: Names) -> str:
    """Describe a rule in one line: its name, condition and department."""
    return (
        f"“{rule['name']}”: {summarize_condition(rule['condition'], names=names)} → {_department_name(rule)}"
    )


def describe_rule_changes(was: JsonDict, now: JsonDict, names: Names) -> list[str]:
    """Describe each change as part of a sentence, old → new.

    Returns [] when only the department's name differs. `names` is a mapping as `routing.rules.names` builds it.
    """
    moves = was["department"] != now["department"]
    parts = (
        ("name", f"“{was['name']}”", f"“{now['name']}”"),
        ("goes to", _department_name(was) if moves else "", _department_name(now) if moves else ""),
        ("priority", _priority_word(was), _priority_word(now)),
        ("tags", _tags_text(was), _tags_text(now)),
        (
            "needs an answer:",
            _NEEDS_ANSWER_WORDS[was.get("needs_answer")],
            _NEEDS_ANSWER_WORDS[now.get("needs_answer")],
        ),
        (
            "person",
            _display_name("person", was, names) or "anybody",
            _display_name("person", now, names) or "anybody",
        ),
        ("skill", _display_name("skill", was, names) or "none", _display_name("skill", now, names) or "none"),
        ("dismissed as noise:", _yes_or_no(was, "dismiss"), _yes_or_no(now, "dismiss")),
        ("playbook begins at", _branch_text(was), _branch_text(now)),
    )
    changes = [f"{label} {before} → {after}" for label, before, after in parts if before != after]
    return [*changes, *_describe_condition_change(was["condition"], now["condition"], names)]


def _department_name(rule: JsonDict) -> str:
    return str(rule.get("department_name") or rule["department"])


def _priority_word(rule: JsonDict) -> str:
    return _PRIORITY_WORDS.get(rule.get("priority", 0), "normal")


def _tags_text(rule: JsonDict) -> str:
    tags = rule.get("tags") or ()
    return join_quoted(tags, "and", 20) if tags else "none"


def _yes_or_no(rule: JsonDict, name: str) -> str:
    return "yes" if rule.get(name) else "no"


def _display_name(field: str, rule: JsonDict, names: Names) -> str:
    value = rule.get(field) or ""
    return names.get(f"{field} {value}", value)


def _branch_text(rule: JsonDict) -> str:
    return str(rule.get("playbook_branch") or "its first question")


def _describe_condition_change(was: JsonDict, now: JsonDict, names: Names) -> Iterator[str]:
    if was == now:
        return
    old, new = Counter(_flatten_condition(was, (), names)), Counter(_flatten_condition(now, (), names))
    came, went = [words for _, words in new - old], [words for _, words in old - new]
    both = set(came) & set(went)
    changes = [
        f"{label} {_join_with_rest(named)}"
        for label, parts in (("with", came), ("without", went))
        if (named := [words for words in parts if words not in both])
    ]
    yield (
        f"condition now {', '.join(changes)}"
        if changes
        else f"condition regrouped: {summarize_condition(now, names=names)}"
    )


def _join_with_rest(parts: list[str]) -> str:
    shown = parts[:_MAX_PARTS_NAMED]
    rest = len(parts) - len(shown)
    return " and ".join([", ".join(shown), *([f"{rest} more"] if rest else [])])


def _flatten_condition(
    tree: JsonDict, within: tuple[str, ...], names: Names
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield (groups, words) for each single criterion of a condition.

    `groups` are the names of the groups around the criterion, the outermost first; `words` describe it.
    """
    if "field" not in tree:
        group, parts = next(iter(tree.items()))
        inner = within if len(parts) == 1 and group != "none" else (*within, group)
        for part in parts:
            yield from _flatten_condition(part, inner, names)
        return
    negation = "not " if within.count("none") % 2 else ""
    kind = next((key for key in ("any", "all") if key in tree), "")
    if tree["field"] == "words":
        for word in tree[kind]:
            yield (*within, kind), negation + describe_leaf({"field": "words", "any": [word]})
    elif tree["field"] in CHOICE_FIELDS:
        for value in tree["is"]:
            yield within, negation + describe_leaf({**tree, "is": [value]}, names=names)
    else:
        yield within, negation + describe_leaf(tree, names=names)
