"""Problems and oddities of a rule set, in sentences for its editors.

Each sentence names the exact problem; the findings come rule by rule. Errors block publishing; warnings are only
shown. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from routing.conditions.fields import CHOICE_FIELDS
from routing.conditions.implication import ComparisonBudget, implies, matches_everything, matches_nothing
from routing.conditions.patterns import matches_any_text
from routing.conditions.validation import validate_condition
from routing.conditions.word_lists import expand_condition, word_list_condition
from routing.rules.references import find_broken_references
from routing.text import MIN_PREFIX, parse_phrase

Level = Literal["error", "warning"]
JsonDict = dict[str, Any]
#: Most comparisons of conditions for the whole rule set, and for one pair of rules.
_MAX_COMPARISONS, _MAX_PAIR_COMPARISONS = 400_000, 5_000


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem or oddity of a rule set.

    `rule` is the key of the rule concerned, "" for the rule set as a whole; `kind` is a stable name.
    """

    rule: str
    level: Level
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Everything that rules may refer to.

    Departments by slug as (name, is open), people by user name with the slugs of their departments, and the rest by
    key. A field that is None is not checked.
    """

    departments: Mapping[str, tuple[str, bool]] = field(default_factory=dict)
    people: Mapping[str, Collection[str]] | None = None
    skills: Collection[str] | None = None
    branches: Collection[str] | None = None
    calendars: Collection[str] | None = None
    #: Display names of people, by user name.
    names: Mapping[str, str] = field(default_factory=dict)


def check_rules(snapshot: Mapping[str, Any], vocabulary: Vocabulary, only: str = "") -> list[Finding]:
    """Return all problems and oddities, in the order of the rules.

    The snapshot has the form of `routing.rules.store.build_rules_snapshot`. With a rule's key as `only`, return only
    the findings about that rule, in a fraction of the time. Never raises; rules that are switched off are not
    checked.
    """
    findings, sound = _check_each_rule(snapshot, vocabulary)
    findings.extend(_check_reachability(sound, vocabulary, only))
    findings = [finding for finding in findings if finding.rule == only] if only else findings
    places = {rule["key"]: at for at, rule in enumerate(snapshot.get("rules", ()), start=1)}
    return sorted(findings, key=lambda finding: (places.get(finding.rule, 0), finding.level))


def blocking_findings(snapshot: Mapping[str, Any], vocabulary: Vocabulary) -> list[Finding]:
    """Return only the findings that block publishing.

    Cheap even for thousands of rules.
    """
    findings, _ = _check_each_rule(snapshot, vocabulary)
    return [finding for finding in findings if finding.level == "error"]


def _check_each_rule(
    snapshot: Mapping[str, Any], vocabulary: Vocabulary
) -> tuple[list[Finding], list[tuple[int, JsonDict]]]:
    """Check each rule alone; also return the rules with valid conditions.

    Each of these rules comes with its place, and its condition holds the words of its lists.
    """
    word_lists = snapshot.get("word_lists", {})
    lists = {key: word_list_condition(each) for key, each in word_lists.items()}
    findings = list(_check_default(snapshot, vocabulary))
    sound: list[tuple[int, JsonDict]] = []
    for place, rule in enumerate(snapshot.get("rules", ()), start=1):
        if not rule.get("enabled", True):
            continue
        problems = validate_condition(rule.get("condition"))
        findings.extend(Finding(rule["key"], "error", "condition", str(problem)) for problem in problems[:3])
        findings.extend(_check_actions(rule, vocabulary))
        if problems:
            continue
        broken = list(find_broken_references(rule["condition"], vocabulary.calendars, word_lists))
        findings.extend(Finding(rule["key"], "error", kind, text) for kind, text in broken)
        if all(kind != "word_list" for kind, _ in broken):
            sound.append((place, {**rule, "condition": expand_condition(rule["condition"], lists)}))
    return findings, sound


def _check_default(snapshot: Mapping[str, Any], vocabulary: Vocabulary) -> Iterator[Finding]:
    default = snapshot.get("default") or {}
    slug = default.get("department")
    if not slug:
        text = "There is no default department. Choose where messages go when no rule matches."
        yield Finding("", "error", "default", text)
    elif slug not in vocabulary.departments:
        yield Finding("", "error", "default", f"The default is “{slug}”, a department that is gone.")
    elif not vocabulary.departments[slug][1]:
        name = vocabulary.departments[slug][0]
        yield Finding(
            "", "error", "default", f"The default is {name}, which is closed. Choose another department."
        )


def _check_actions(rule: JsonDict, vocabulary: Vocabulary) -> Iterator[Finding]:
    """Check the department, person, skill and playbook question of a rule."""
    key, slug = rule["key"], rule.get("department", "")
    name, is_open = vocabulary.departments.get(slug, ("", False))
    if not name:
        text = f"Leads to “{slug}”, a department that is gone. Choose another, or switch the rule off."
        yield Finding(key, "error", "department", text)
    elif not is_open:
        text = f"Leads to {name}, which is closed. Choose another department or switch the rule off."
        yield Finding(key, "error", "department", text)
    person = rule.get("person", "")
    if person and vocabulary.people is not None:
        if person not in vocabulary.people:
            text = f"“{person}” is no longer here: the case goes to anybody in the department."
            yield Finding(key, "warning", "person", text)
        elif name and slug not in vocabulary.people[person]:
            who = vocabulary.names.get(person, f"“{person}”")
            text = f"{who} does not work on cases of {name}: they go to anybody in the department."
            yield Finding(key, "warning", "person", text)
    if (skill := rule.get("skill", "")) and vocabulary.skills is not None and skill not in vocabulary.skills:
        text = f"There is no skill “{skill}” any more: it is ignored."
        yield Finding(key, "warning", "skill", text)
    branch = rule.get("playbook_branch", "")
    if branch and vocabulary.branches is not None and branch not in vocabulary.branches:
        text = f"The playbook has no question “{branch}”: it begins at its first."
        yield Finding(key, "warning", "branch", text)


def _check_reachability(
    rules: list[tuple[int, JsonDict]], vocabulary: Vocabulary, only: str
) -> Iterator[Finding]:
    """Find rules that match everything, match nothing, or are never reached.

    A rule is never reached when an earlier rule matches all of its messages.
    """
    budget, earlier_rules = ComparisonBudget(_MAX_COMPARISONS), _EarlierRules()
    for place, rule in rules:
        condition = rule["condition"]
        if only and rule["key"] != only:
            if not matches_nothing(condition):
                earlier_rules.add(place, rule)
            continue
        if matches_nothing(condition):
            text = "Can never match: parts of the condition contradict each other."
            yield Finding(rule["key"], "warning", "never", text)
            continue
        covering = earlier_rules.first_covering(rule, budget)
        if covering is not None:
            yield _shadowed_finding(rule, *covering, vocabulary)
        if matches_everything(condition):
            text = "Matches every message, so no rule below it is ever checked."
            yield Finding(rule["key"], "warning", "everything", text)
        elif _matches_any_text(condition):
            text = "Matches every message with any text. No rule below it is checked for those."
            yield Finding(rule["key"], "warning", "everything", text)
        earlier_rules.add(place, rule)


def _matches_any_text(tree: JsonDict) -> bool:
    """Return whether the condition matches every message with a text.

    It does so when its patterns match any text.
    """
    if "field" in tree:
        return tree["field"] == "pattern" and matches_any_text(tree["matches"])
    group, parts = next(iter(tree.items()))
    return group != "none" and {"all": all, "any": any}[group](
        _matches_any_text(part) or matches_everything(part) for part in parts
    )


def _shadowed_finding(rule: JsonDict, place: int, earlier: JsonDict, vocabulary: Vocabulary) -> Finding:
    other = f"“{earlier['name']}” (place {place})"
    same = _canonical_form(rule["condition"]) == _canonical_form(earlier["condition"])
    if same and rule.get("department") != earlier.get("department"):
        slug = earlier.get("department", "")
        where = vocabulary.departments[slug][0] if slug in vocabulary.departments else slug
        text = f"Has the same condition as {other}, which sends to {where}: that one comes first and decides."
        return Finding(rule["key"], "warning", "conflict", text)
    text = f"Is never reached: {other} matches everything that this rule would. Move this one above it."
    return Finding(rule["key"], "warning", "unreachable", text)


def _canonical_form(tree: JsonDict) -> str:
    """Return a form that is equal for equivalent conditions.

    Equivalent conditions differ only in order or in how groups are nested.
    """
    if "field" in tree:
        plain = {key: sorted(set(value)) if isinstance(value, list) else value for key, value in tree.items()}
        return repr(sorted(plain.items()))
    group, parts = next(iter(tree.items()))
    if len(parts) == 1 and group != "none":
        return _canonical_form(parts[0])
    return f"{group}({sorted(map(_canonical_form, parts))})"


class _EarlierRules:
    """The rules above a rule, indexed by the terms of their conditions.

    Comparing every pair would take minutes for thousands of rules.
    """

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

    def first_covering(self, rule: JsonDict, budget: ComparisonBudget) -> tuple[int, JsonDict] | None:
        """Return the first earlier rule that matches all of this one's messages.

        It comes with its place. None when there is none, or when the budget is spent.
        """
        keys: set[str] = set()
        _collect_lookup_keys(rule["condition"], keys)
        candidates = {*self._broad, *(at for key in keys for at in self._by_key.get(key, ()))}
        for at in sorted(candidates):
            if budget.left <= 0:
                return None
            pair = ComparisonBudget(min(_MAX_PAIR_COMPARISONS, budget.left), budget.phrase_sets)
            place, other = self._rules[at]
            holds = matches_everything(other["condition"]) or implies(
                rule["condition"], other["condition"], pair
            )
            budget.left -= min(_MAX_PAIR_COMPARISONS, budget.left) - max(pair.left, 0) + 1
            if holds:
                return place, other
        return None


def _collect_lookup_keys(tree: JsonDict, keys: set[str]) -> bool:
    """Add the lookup keys of a condition to `keys`.

    Returns whether the condition contains a `none` group.
    """
    if "field" not in tree:
        group, parts = next(iter(tree.items()))
        negations = [_collect_lookup_keys(part, keys) for part in parts]
        return group == "none" or any(negations)
    name = tree["field"]
    if name == "words":
        for word in tree.get("any") or tree["all"]:
            keys.update(f"word {token[:MIN_PREFIX]}" for token in parse_phrase(word)[0].split())
    elif name == "pattern":
        keys.add(f"pattern {tree['matches']}")
    elif name in CHOICE_FIELDS:
        keys.update(f"{name} {value}" for value in tree["is"])
    else:
        keys.add(name)
    return False
