"""What is wrong or odd about a rule set, rule by rule, each in a sentence that names the exact problem. Pure.

Errors block publishing; warnings are shown and block nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from routing.conditions.fields import CHOICES
from routing.conditions.implication import Effort, implies, takes_everything, takes_nothing
from routing.conditions.patterns import finds_anything
from routing.conditions.validation import validate
from routing.text import MIN_PREFIX, phrase

Level = Literal["error", "warning"]
Plain = dict[str, Any]
#: Comparisons of conditions in all, and for one pair of rules.
_EFFORT, _PAIR_EFFORT = 400_000, 5_000


@dataclass(frozen=True, slots=True)
class Finding:
    """`rule` is the key of the rule it is about, "" for the rule set as a whole; `kind` is a stable name."""

    rule: str
    level: Level
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Known:
    """What rules may name: departments by slug as (name, is open), people by user name with their departments' slugs,
    and the rest by key. None: not looked at."""

    departments: Mapping[str, tuple[str, bool]] = field(default_factory=dict)
    people: Mapping[str, Collection[str]] | None = None
    skills: Collection[str] | None = None
    branches: Collection[str] | None = None
    calendars: Collection[str] | None = None
    #: What people are called, by user name.
    names: Mapping[str, str] = field(default_factory=dict)


def findings(snapshot: Mapping[str, Any], known: Known, only: str = "") -> list[Finding]:
    """Everything that can be said about a snapshot (`routing.rules.store.snapshot`), in the order of its rules; with a key
    as `only` what can be said about that rule, which takes a fraction of the time. Never raises; what is switched off is
    left alone."""
    found, asked = _each(snapshot, known)
    found.extend(_order(asked, known, only))
    found = [one for one in found if one.rule == only] if only else found
    places = {rule["key"]: at for at, rule in enumerate(snapshot.get("rules", ()), start=1)}
    return sorted(found, key=lambda one: (places.get(one.rule, 0), one.level))


def errors(snapshot: Mapping[str, Any], known: Known) -> list[Finding]:
    """Only what blocks publishing; cheap also for thousands of rules."""
    found, _ = _each(snapshot, known)
    return [one for one in found if one.level == "error"]


def _each(snapshot: Mapping[str, Any], known: Known) -> tuple[list[Finding], list[tuple[int, Plain]]]:
    """What can be said about each rule alone; and those whose condition is sound, with their places."""
    found = list(_default(snapshot, known))
    sound: list[tuple[int, Plain]] = []
    for place, rule in enumerate(snapshot.get("rules", ()), start=1):
        if not rule.get("enabled", True):
            continue
        problems = validate(rule.get("condition"))
        found.extend(Finding(rule["key"], "error", "condition", str(problem)) for problem in problems[:3])
        found.extend(_names(rule, known))
        if not problems:
            sound.append((place, rule))
    found.extend(_calendars(sound, known))
    return found, sound


def _default(snapshot: Mapping[str, Any], known: Known) -> Iterator[Finding]:
    default = snapshot.get("default") or {}
    slug = default.get("department")
    if not slug:
        text = "There is no default department: say where messages go when no rule holds."
        yield Finding("", "error", "default", text)
    elif slug not in known.departments:
        yield Finding("", "error", "default", f"The default is “{slug}”, a department that is gone.")
    elif not known.departments[slug][1]:
        name = known.departments[slug][0]
        yield Finding(
            "", "error", "default", f"The default is {name}, which is closed. Choose another department."
        )


def _names(rule: Plain, known: Known) -> Iterator[Finding]:
    """What the rule's actions name."""
    key, slug = rule["key"], rule.get("department", "")
    name, is_open = known.departments.get(slug, ("", False))
    if not name:
        text = f"Leads to “{slug}”, a department that is gone. Choose another, or switch the rule off."
        yield Finding(key, "error", "department", text)
    elif not is_open:
        text = f"Leads to {name}, which is closed. Choose another department or switch the rule off."
        yield Finding(key, "error", "department", text)
    person = rule.get("person", "")
    if person and known.people is not None:
        if person not in known.people:
            text = f"There is nobody “{person}” here any more: the case goes to anybody of the department."
            yield Finding(key, "warning", "person", text)
        elif name and slug not in known.people[person]:
            who = known.names.get(person, f"“{person}”")
            text = f"{who} does not work on cases of {name}: they go to anybody of the department."
            yield Finding(key, "warning", "person", text)
    if (skill := rule.get("skill", "")) and known.skills is not None and skill not in known.skills:
        text = f"Nobody can have the skill “{skill}”, there is none of that name: it is not looked at."
        yield Finding(key, "warning", "skill", text)
    branch = rule.get("playbook_branch", "")
    if branch and known.branches is not None and branch not in known.branches:
        text = f"The playbook has no question “{branch}”: it begins at its first."
        yield Finding(key, "warning", "branch", text)


def _calendars(rules: list[tuple[int, Plain]], known: Known) -> Iterator[Finding]:
    if known.calendars is None:
        return
    for _, rule in rules:
        for key in calendars_of(rule["condition"]):
            if key not in known.calendars:
                text = f"There is no calendar “{key}” any more. Choose another for the hours."
                yield Finding(rule["key"], "error", "calendar", text)


def calendars_of(tree: object) -> list[str]:
    """The keys of the calendars that a condition asks about. Accepts any JSON."""
    if isinstance(tree, list):
        return [key for part in tree for key in calendars_of(part)]
    if not isinstance(tree, dict):
        return []
    if "field" in tree:
        key = tree.get("calendar")
        return [key] if tree["field"] == "hours" and isinstance(key, str) else []
    return [key for parts in tree.values() for key in calendars_of(parts)]


def _order(rules: list[tuple[int, Plain]], known: Known, only: str) -> Iterator[Finding]:
    """Rules that take everything or nothing, and those that an earlier one leaves nothing."""
    effort, seen = Effort(_EFFORT), _Earlier()
    for place, rule in rules:
        condition = rule["condition"]
        if only and rule["key"] != only:
            if not takes_nothing(condition):
                seen.add(place, rule)
            continue
        if takes_nothing(condition):
            text = "Can never hold: parts of the condition contradict each other."
            yield Finding(rule["key"], "warning", "never", text)
            continue
        earlier = seen.taking_all_of(rule, effort)
        if earlier is not None:
            yield _behind(rule, *earlier, known)
        if takes_everything(condition):
            text = "Takes every message: no rule below it is ever asked."
            yield Finding(rule["key"], "warning", "everything", text)
        elif _finds_anything(condition):
            text = "Takes every message with any text: its pattern is found in all. No rule below it is asked about those."
            yield Finding(rule["key"], "warning", "everything", text)
        seen.add(place, rule)


def _finds_anything(tree: Plain) -> bool:
    """Whether the condition holds for all messages but those without text, because of patterns that ask for nothing."""
    if "field" in tree:
        return tree["field"] == "pattern" and finds_anything(tree["matches"])
    group, parts = next(iter(tree.items()))
    return group != "none" and {"all": all, "any": any}[group](
        _finds_anything(part) or takes_everything(part) for part in parts
    )


def _behind(rule: Plain, place: int, earlier: Plain, known: Known) -> Finding:
    other = f"“{earlier['name']}” (place {place})"
    same = _canonical(rule["condition"]) == _canonical(earlier["condition"])
    if same and rule.get("department") != earlier.get("department"):
        where = known.departments.get(earlier.get("department", ""), (earlier.get("department"), True))[0]
        text = f"Has the same condition as {other}, which sends to {where}: that one comes first and decides."
        return Finding(rule["key"], "warning", "conflict", text)
    text = f"Is never reached: {other} takes everything that this rule would. Move this one above it."
    return Finding(rule["key"], "warning", "unreachable", text)


def _canonical(tree: Plain) -> str:
    """The same for conditions that differ in order or in how groups are nested alone."""
    if "field" in tree:
        plain = {key: sorted(set(value)) if isinstance(value, list) else value for key, value in tree.items()}
        return repr(sorted(plain.items()))
    group, parts = next(iter(tree.items()))
    if len(parts) == 1 and group != "none":
        return _canonical(parts[0])
    return f"{group}({sorted(map(_canonical, parts))})"


class _Earlier:
    """The rules above, found again by what their conditions ask about: comparing each with each would take minutes
    for thousands."""

    def __init__(self) -> None:
        self._by_key: dict[str, list[int]] = {}
        self._broad: list[int] = []
        self._rules: list[tuple[int, Plain]] = []

    def add(self, place: int, rule: Plain) -> None:
        at = len(self._rules)
        self._rules.append((place, rule))
        keys: set[str] = set()
        has_none = _keys_of(rule["condition"], keys)
        if has_none or takes_everything(rule["condition"]):
            self._broad.append(at)
        for key in keys:
            self._by_key.setdefault(key, []).append(at)

    def taking_all_of(self, rule: Plain, effort: Effort) -> tuple[int, Plain] | None:
        """The first rule above that takes everything that this one would, with its place."""
        keys: set[str] = set()
        _keys_of(rule["condition"], keys)
        candidates = {*self._broad, *(at for key in keys for at in self._by_key.get(key, ()))}
        for at in sorted(candidates):
            if effort.left <= 0:
                return None
            pair = Effort(min(_PAIR_EFFORT, effort.left), effort.known)
            place, other = self._rules[at]
            holds = takes_everything(other["condition"]) or implies(
                rule["condition"], other["condition"], pair
            )
            effort.left -= min(_PAIR_EFFORT, effort.left) - max(pair.left, 0) + 1
            if holds:
                return place, other
        return None


def _keys_of(tree: Plain, keys: set[str]) -> bool:
    """Gathers what a condition asks about; whether a group of it says what must not be."""
    if "field" not in tree:
        group, parts = next(iter(tree.items()))
        found = [_keys_of(part, keys) for part in parts]
        return group == "none" or any(found)
    field_ = tree["field"]
    if field_ == "words":
        for word in tree.get("any") or tree["all"]:
            keys.update(f"word {token[:MIN_PREFIX]}" for token in phrase(word)[0].split())
    elif field_ == "pattern":
        keys.add(f"pattern {tree['matches']}")
    elif field_ in CHOICES:
        keys.update(f"{field_} {value}" for value in tree["is"])
    else:
        keys.add(field_)
    return False
