"""What changed in one rule from one snapshot to another, in words: what it says now, and what it said before. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from routing.conditions.fields import CHOICES
from routing.conditions.wording import leaf_words, quoted, summary

Plain = dict[str, Any]
Names = Mapping[str, str]
_PRIORITIES = {-1: "low", 0: "normal", 1: "high", 2: "urgent"}
_ANSWERS = {True: "yes", False: "no", None: "as its text reads"}
#: Parts of a condition that are named of what came and of what went.
_NAMED = 6


def told(rule: Plain, names: Names) -> str:
    """A rule in a line: its name, its condition and where it leads."""
    return f"“{rule['name']}”: {summary(rule['condition'], names=names)} → {_department(rule)}"


def changed(was: Plain, now: Plain, names: Names) -> list[str]:
    """Each change as part of a sentence, old → new; [] when nothing but the department's name is different. `names` as
    `routing.rules.names` has them."""
    moves = was["department"] != now["department"]
    each_of = (
        ("name", f"“{was['name']}”", f"“{now['name']}”"),
        ("goes to", _department(was) if moves else "", _department(now) if moves else ""),
        ("priority", _priority(was), _priority(now)),
        ("tags", _tags(was), _tags(now)),
        ("needs an answer:", _ANSWERS[was.get("needs_answer")], _ANSWERS[now.get("needs_answer")]),
        ("person", _called("person", was, names) or "anybody", _called("person", now, names) or "anybody"),
        ("skill", _called("skill", was, names) or "none", _called("skill", now, names) or "none"),
        ("dismissed as noise:", _yes(was, "dismiss"), _yes(now, "dismiss")),
        ("playbook begins at", _branch(was), _branch(now)),
    )
    found = [f"{said} {before} → {after}" for said, before, after in each_of if before != after]
    return [*found, *_condition(was["condition"], now["condition"], names)]


def _department(rule: Plain) -> str:
    return str(rule.get("department_name") or rule["department"])


def _priority(rule: Plain) -> str:
    return _PRIORITIES.get(rule.get("priority", 0), "normal")


def _tags(rule: Plain) -> str:
    tags = rule.get("tags") or ()
    return quoted(tags, "and", 20) if tags else "none"


def _yes(rule: Plain, name: str) -> str:
    return "yes" if rule.get(name) else "no"


def _called(what: str, rule: Plain, names: Names) -> str:
    value = rule.get(what) or ""
    return names.get(f"{what} {value}", value)


def _branch(rule: Plain) -> str:
    return str(rule.get("playbook_branch") or "its first question")


def _condition(was: Plain, now: Plain, names: Names) -> Iterator[str]:
    if was == now:
        return
    old, new = Counter(_parts(was, (), names)), Counter(_parts(now, (), names))
    came, went = [words for _, words in new - old], [words for _, words in old - new]
    both = set(came) & set(went)
    said = [
        f"{how} {_named(named)}"
        for how, parts in (("with", came), ("without", went))
        if (named := [words for words in parts if words not in both])
    ]
    yield (
        f"condition now {', '.join(said)}"
        if said
        else f"condition grouped otherwise: {summary(now, names=names)}"
    )


def _named(parts: list[str]) -> str:
    shown = parts[:_NAMED]
    rest = len(parts) - len(shown)
    return " and ".join([", ".join(shown), *([f"{rest} more"] if rest else [])])


def _parts(tree: Plain, within: tuple[str, ...], names: Names) -> Iterator[tuple[tuple[str, ...], str]]:
    """Each single thing that a condition asks for, in words, with the groups that it stands in."""
    if "field" not in tree:
        group, parts = next(iter(tree.items()))
        inner = within if len(parts) == 1 and group != "none" else (*within, group)
        for part in parts:
            yield from _parts(part, inner, names)
        return
    barred = "not " if within.count("none") % 2 else ""
    kind = next((key for key in ("any", "all") if key in tree), "")
    if tree["field"] == "words":
        for word in tree[kind]:
            yield (*within, kind), barred + leaf_words({"field": "words", "any": [word]})
    elif tree["field"] in CHOICES:
        for value in tree["is"]:
            yield within, barred + leaf_words({**tree, "is": [value]}, names=names)
    else:
        yield within, barred + leaf_words(tree, names=names)
