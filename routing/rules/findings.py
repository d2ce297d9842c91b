"""What is wrong or odd about a rule set, rule by rule, each in a sentence that names the exact problem. Pure.

Errors block publishing; warnings are shown and block nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from routing.conditions.fields import CHOICE_FIELDS
from routing.conditions.implication import ComparisonBudget, implies, matches_everything, matches_nothing
from routing.conditions.patterns import matches_any_text
from routing.conditions.validation import validate_condition
from routing.text import MIN_PREFIX, parse_phrase

Level = Literal["error", "warning"]
JsonDict = dict[str, Any]
#: Comparisons of conditions in all, and for one pair of rules.
_MAX_COMPARISONS, _MAX_PAIR_COMPARISONS = 400_000, 5_000


@dataclass(frozen=True, slots=True)
class Finding:
    """`rule` is the key of the rule it is about, "" for the rule set as a whole; `kind` is a stable name."""

    rule: str
    level: Level
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What rules may name: departments by slug as (name, is open), people by user name with their departments' slugs,
    and the rest by key. None: not looked at."""

    departments: Mapping[str, tuple[str, bool]] = field(default_factory=dict)
    people: Mapping[str, Collection[str]] | None = None
    skills: Collection[str] | None = None
    branches: Collection[str] | None = None
    calendars: Collection[str] | None = None
    #: What people are called, by user name.
    names: Mapping[str, str] = field(default_factory=dict)


def check_rules(snapshot: Mapping[str, Any], known: Vocabulary, only: str = "") -> list[Finding]:
    """Everything that can be said about a snapshot (`routing.rules.store.build_rules_snapshot`), in the order of its rules; with a key
    as `only` what can be said about that rule, which takes a fraction of the time. Never raises; what is switched off is
    left alone."""
    found, asked = _check_each_rule(snapshot, known)
    found.extend(_check_reachability(asked, known, only))
    found = [one for one in found if one.rule == only] if only else found
    places = {rule["key"]: at for at, rule in enumerate(snapshot.get("rules", ()), start=1)}
    return sorted(found, key=lambda one: (places.get(one.rule, 0), one.level))


def blocking_findings(snapshot: Mapping[str, Any], known: Vocabulary) -> list[Finding]:
    """Only what blocks publishing; cheap also for thousands of rules."""
    found, _ = _check_each_rule(snapshot, known)
    return [one for one in found if one.level == "error"]


def _check_each_rule(
    snapshot: Mapping[str, Any], known: Vocabulary
) -> tuple[list[Finding], list[tuple[int, JsonDict]]]:
    """What can be said about each rule alone; and those whose condition is sound, with their places."""
    found = list(_check_default(snapshot, known))
    sound: list[tuple[int, JsonDict]] = []
    for place, rule in enumerate(snapshot.get("rules", ()), start=1):
        if not rule.get("enabled", True):
            continue
        problems = validate_condition(rule.get("condition"))
        found.extend(Finding(rule["key"], "error", "condition", str(problem)) for problem in problems[:3])
        found.extend(_check_actions(rule, known))
        if not problems:
            sound.append((place, rule))
    found.extend(_check_calendars(sound, known))
    return found, sound


def _check_default(snapshot: Mapping[str, Any], known: Vocabulary) -> Iterator[Finding]:
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


def _check_actions(rule: JsonDict, known: Vocabulary) -> Iterator[Finding]:
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


def _check_calendars(rules: list[tuple[int, JsonDict]], known: Vocabulary) -> Iterator[Finding]:
    if known.calendars is None:
        return
    for _, rule in rules:
        for key in calendar_keys_in(rule["condition"]):
            if key not in known.calendars:
                text = f"There is no calendar “{key}” any more. Choose another for the hours."
                yield Finding(rule["key"], "error", "calendar", text)


def calendar_keys_in(tree: object) -> list[str]:
    """The keys of the calendars that a condition asks about. Accepts any JSON."""
    if isinstance(tree, list):
        return [key for part in tree for key in calendar_keys_in(part)]
    if not isinstance(tree, dict):
        return []
    if "field" in tree:
        key = tree.get("calendar")
        return [key] if tree["field"] == "hours" and isinstance(key, str) else []
    return [key for parts in tree.values() for key in calendar_keys_in(parts)]


def _check_reachability(rules: list[tuple[int, JsonDict]], known: Vocabulary, only: str) -> Iterator[Finding]:
    """Rules that take everything or nothing, and those that an earlier one leaves nothing."""
    effort, seen = ComparisonBudget(_MAX_COMPARISONS), _EarlierRules()
    for place, rule in rules:
        condition = rule["condition"]
        if only and rule["key"] != only:
            if not matches_nothing(condition):
                seen.add(place, rule)
            continue
        if matches_nothing(condition):
            text = "Can never hold: parts of the condition contradict each other."
            yield Finding(rule["key"], "warning", "never", text)
            continue
        earlier = seen.first_covering(rule, effort)
        if earlier is not None:
            yield _shadowed_finding(rule, *earlier, known)
        if matches_everything(condition):
            text = "Takes every message: no rule below it is ever asked."
            yield Finding(rule["key"], "warning", "everything", text)
        elif _matches_any_text(condition):
            text = "Takes every message with any text: its pattern is found in all. No rule below it is asked about those."
            yield Finding(rule["key"], "warning", "everything", text)
        seen.add(place, rule)


def _matches_any_text(tree: JsonDict) -> bool:
    """Whether the condition holds for all messages but those without text, because of patterns that ask for nothing."""
    if "field" in tree:
        return tree["field"] == "pattern" and matches_any_text(tree["matches"])
    group, parts = next(iter(tree.items()))
    return group != "none" and {"all": all, "any": any}[group](
        _matches_any_text(part) or matches_everything(part) for part in parts
    )


def _shadowed_finding(rule: JsonDict, place: int, earlier: JsonDict, known: Vocabulary) -> Finding:
    other = f"“{earlier['name']}” (place {place})"
    same = _canonical_form(rule["condition"]) == _canonical_form(earlier["condition"])
    if same and rule.get("department") != earlier.get("department"):
        where = known.departments.get(earlier.get("department", ""), (earlier.get("department"), True))[0]
        text = f"Has the same condition as {other}, which sends to {where}: that one comes first and decides."
        return Finding(rule["key"], "warning", "conflict", text)
    text = f"Is never reached: {other} takes everything that this rule would. Move this one above it."
    return Finding(rule["key"], "warning", "unreachable", text)


def _canonical_form(tree: JsonDict) -> str:
    """The same for conditions that differ in order or in how groups are nested alone."""
    if "field" in tree:
        plain = {key: sorted(set(value)) if isinstance(value, list) else value for key, value in tree.items()}
        return repr(sorted(plain.items()))
    group, parts = next(iter(tree.items()))
    if len(parts) == 1 and group != "none":
        return _canonical_form(parts[0])
    return f"{group}({sorted(map(_canonical_form, parts))})"


class _EarlierRules:
    """The rules above, found again by what their conditions ask about: comparing each with each would take minutes
    for thousands."""

    def __init__(self) -> None:
        self._by_key: dict[str, list[int]] = {}
        self._broad: list[int] = []
        self._rules: list[tuple[int, JsonDict]] = []

    def add(self, place: int, rule: JsonDict) -> None:
        at = len(self._rules)
        self._rules.append((place, rule))
        keys: set[str] = set()
        has_none = _collect_lookup_keys(rule["condition"], keys)
        if has_none or matches_everything(rule["condition"]):
            self._broad.append(at)
        for key in keys:
            self._by_key.setdefault(key, []).append(at)

    def first_covering(self, rule: JsonDict, effort: ComparisonBudget) -> tuple[int, JsonDict] | None:
        """The first rule above that takes everything that this one would, with its place."""
        keys: set[str] = set()
        _collect_lookup_keys(rule["condition"], keys)
        candidates = {*self._broad, *(at for key in keys for at in self._by_key.get(key, ()))}
        for at in sorted(candidates):
            if effort.left <= 0:
                return None
            pair = ComparisonBudget(min(_MAX_PAIR_COMPARISONS, effort.left), effort.word_lists)
            place, other = self._rules[at]
            holds = matches_everything(other["condition"]) or implies(
                rule["condition"], other["condition"], pair
            )
            effort.left -= min(_MAX_PAIR_COMPARISONS, effort.left) - max(pair.left, 0) + 1
            if holds:
                return place, other
        return None


def _collect_lookup_keys(tree: JsonDict, keys: set[str]) -> bool:
    """Gathers what a condition asks about; whether a group of it says what must not be."""
    if "field" not in tree:
        group, parts = next(iter(tree.items()))
        found = [_collect_lookup_keys(part, keys) for part in parts]
        return group == "none" or any(found)
    field_ = tree["field"]
    if field_ == "words":
        for word in tree.get("any") or tree["all"]:
            keys.update(f"word {token[:MIN_PREFIX]}" for token in parse_phrase(word)[0].split())
    elif field_ == "pattern":
        keys.add(f"pattern {tree['matches']}")
    elif field_ in CHOICE_FIELDS:
        keys.update(f"{field_} {value}" for value in tree["is"])
    else:
        keys.add(field_)
    return False
