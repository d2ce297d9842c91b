"""Compile rules once per version, and decide by them.

`decide` is a pure and total function from facts to a decision.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import re2

from routing.business_hours.calendar import CalendarError
from routing.business_hours.history import compile_history
from routing.conditions.compiled import CompiledCondition, compile_condition, needs_words
from routing.conditions.index import ConditionIndex
from routing.conditions.validation import validate_condition
from routing.conditions.word_lists import word_list_keys_in, word_list_names
from routing.conditions.wording import summarize_condition
from routing.facts import Decision, Facts
from routing.refusals import RuleSetError

#: At most this many parts of a condition are named in a reason.
MAX_NAMED_PARTS = 4


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule compiled for deciding."""

    key: str
    name: str
    department: str
    department_name: str
    priority: int
    tags: tuple[str, ...]
    needs_answer: bool | None
    person: str
    skill: str
    dismiss: bool
    playbook_branch: str
    condition: dict[str, Any]
    tree: CompiledCondition


@dataclass(frozen=True, slots=True)
class CompiledRules:
    """A rule-set version compiled for deciding. Immutable; may be shared between threads."""

    version: int
    rules: tuple[CompiledRule, ...]
    default: str
    default_name: str
    index: ConditionIndex
    #: Positions of the rules to test when a number is seen, and of those that are always tested.
    positions_by_number: Mapping[int, tuple[int, ...]]
    always_positions: tuple[int, ...]
    #: Keys of the rules that hold only where the text has their words or patterns.
    keys_by_words: frozenset[str] = frozenset()


def compile_rules(snapshot: Mapping[str, Any]) -> CompiledRules:
    """Compile a snapshot for deciding.

    The snapshot has the form of `routing.rules.store.build_rules_snapshot`, with its `version`. Rules that are
    switched off are left out. Raises `RuleSetError` when the default is missing, or when a condition, a calendar or
    the patterns cannot be compiled.
    """
    default = snapshot.get("default") or {}
    if not default.get("department"):
        raise RuleSetError(
            "The rules have no default department. Choose where messages go when no rule matches."
        )
    index = _create_index(snapshot)
    rules = tuple(
        _compile_rule(rule, index) for rule in snapshot.get("rules", ()) if rule.get("enabled", True)
    )
    try:
        index.freeze()
    except re2.error as error:
        raise RuleSetError(f"The patterns of the rules cannot be compiled together: {error}") from error
    called_by: dict[int, list[int]] = {}
    for position, rule in enumerate(rules):
        for number in rule.tree.needs_one_of or ():
            called_by.setdefault(number, []).append(position)
    return CompiledRules(
        version=int(snapshot.get("version", 0)),
        rules=rules,
        default=default["department"],
        default_name=default.get("department_name") or default["department"],
        index=index,
        positions_by_number={number: tuple(positions) for number, positions in called_by.items()},
        always_positions=tuple(
            position for position, rule in enumerate(rules) if rule.tree.needs_one_of is None
        ),
        keys_by_words=frozenset(rule.key for rule in rules if needs_words(rule.condition)),
    )


def _create_index(snapshot: Mapping[str, Any]) -> ConditionIndex:
    """Return an empty index for the rules of a snapshot."""
    calendars, word_lists = snapshot.get("calendars") or {}, snapshot.get("word_lists") or {}
    names = {key: calendar["name"] for key, calendar in calendars.items()}
    try:
        histories = {key: compile_history(calendar["versions"]) for key, calendar in calendars.items()}
    except CalendarError as error:
        raise RuleSetError(f"The calendars of the rules cannot be read: {error}") from error
    return ConditionIndex(
        histories, names | (snapshot.get("names") or {}) | word_list_names(word_lists), word_lists
    )


def _compile_rule(rule: Mapping[str, Any], index: ConditionIndex) -> CompiledRule:
    problems = validate_condition(rule.get("condition"))
    if problems or not rule.get("department"):
        problem = problems[0] if problems else "no department"
        raise RuleSetError(f"Rule “{rule.get('name', '')}”: {problem}")
    return CompiledRule(
        key=str(rule.get("key", "")),
        name=rule.get("name", ""),
        department=rule["department"],
        department_name=rule.get("department_name") or rule["department"],
        priority=rule.get("priority", 0),
        tags=tuple(rule.get("tags", ())),
        needs_answer=False if rule.get("dismiss") else rule.get("needs_answer"),
        person=rule.get("person", ""),
        skill=rule.get("skill", ""),
        dismiss=rule.get("dismiss", False),
        playbook_branch=rule.get("playbook_branch", ""),
        condition=rule["condition"],
        tree=_compile_condition(rule, index),
    )


def _compile_condition(rule: Mapping[str, Any], index: ConditionIndex) -> CompiledCondition:
    try:
        return compile_condition(rule["condition"], index)
    except KeyError as error:
        kind = "word list" if error.args[0] in word_list_keys_in(rule["condition"]) else "calendar"
        raise RuleSetError(f"Rule “{rule.get('name', '')}”: there is no {kind} {error} any more.") from error


def _candidate_positions(compiled: CompiledRules, seen: Iterable[int]) -> list[int]:
    """Return the positions of the rules worth testing, in order."""
    positions = set(compiled.always_positions)
    called_by = compiled.positions_by_number
    for number in seen:
        if number in called_by:
            positions.update(called_by[number])
    return sorted(positions)


def first_matching_rule(seen: set[int], compiled: CompiledRules) -> CompiledRule | None:
    """Return the first rule that matches, None when none does.

    `seen` are the message's numbers from `ConditionIndex.find_seen_numbers`.
    """
    for position in _candidate_positions(compiled, seen):
        if compiled.rules[position].tree.test(seen):
            return compiled.rules[position]
    return None


def matching_rules(seen: set[int], compiled: CompiledRules) -> list[CompiledRule]:
    """Return every rule that matches, in order.

    `seen` are the message's numbers from `ConditionIndex.find_seen_numbers`.
    """
    candidates = (compiled.rules[position] for position in _candidate_positions(compiled, seen))
    return [rule for rule in candidates if rule.tree.test(seen)]


def decide(facts: Facts, compiled: CompiledRules) -> Decision:
    """Decide where a message goes: first matching rule, else the default.

    Pure, total, deterministic; never raises. Only the first `routing.letters.MAX_TEXT_READ` characters of the text
    count.
    """
    seen = compiled.index.find_seen_numbers(facts)
    rule = first_matching_rule(seen, compiled)
    if rule is not None:
        return _build_decision(rule, compiled, seen)
    reason = f"No rule matched → {compiled.default_name} (default department, version {compiled.version})"
    return Decision(compiled.default, "default", (reason,), compiled.version)


def matching_decisions(facts: Facts, compiled: CompiledRules) -> list[Decision]:
    """Return the decision of every matching rule, in order.

    The first is what `decide` returns. Empty when no rule matches.
    """
    seen = compiled.index.find_seen_numbers(facts)
    return [_build_decision(rule, compiled, seen) for rule in matching_rules(seen, compiled)]


def _build_decision(rule: CompiledRule, compiled: CompiledRules, seen: set[int]) -> Decision:
    matches = list(rule.tree.explain(seen))
    parts = list(dict.fromkeys(match.text for match in matches))
    if not parts:
        parts = [summarize_condition(rule.condition, names=compiled.index.names)]
    if len(parts) > MAX_NAMED_PARTS:
        parts = [*parts[:MAX_NAMED_PARTS], "more"]
    reason = " and ".join(parts)
    where = f"{rule.department_name} (rule “{rule.name}”, version {compiled.version})"
    return Decision(
        department=rule.department,
        decided_by="rule",
        reasons=(f"{reason[:1].upper()}{reason[1:]} → {where}",),
        version=compiled.version,
        rule_key=rule.key,
        rule_name=rule.name,
        priority=rule.priority,
        tags=rule.tags,
        needs_answer=rule.needs_answer,
        person=rule.person,
        skill=rule.skill,
        dismiss=rule.dismiss,
        playbook_branch=rule.playbook_branch,
        words=tuple(dict.fromkeys(word for match in matches for word in match.list_words)),
    )
