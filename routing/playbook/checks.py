"""What is wrong with a playbook, each problem named so exactly that its author finds it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from routing.playbook.tree import (
    ACTION_LABELS,
    MAX_ANSWERS,
    MAX_QUESTIONS,
    MAX_QUESTIONS_IN_A_ROW,
    Action,
    Outcome,
    PlaybookTree,
    Question,
    parse_playbook,
)


def check_playbook(snapshot: Mapping[str, Any], departments: Mapping[str, bool]) -> list[str]:
    """Sentences, [] for a sound tree. `departments`: slug → whether it is open."""
    tree = parse_playbook(snapshot)
    found = [*_check_tree(tree, snapshot)]
    for question in tree.questions.values():
        found += _check_question(question, tree)
    for outcome in tree.outcomes.values():
        found += _check_outcome(outcome, departments)
    circle = _find_circle(tree)
    if circle:
        found.append(f"The questions go round in a circle: {' → '.join(circle)}. Nobody would reach an end.")
    elif tree.start in tree.questions:
        way = _longest_path(tree)
        if len(way) > MAX_QUESTIONS_IN_A_ROW:
            found.append(
                f"{len(way)} questions in a row are too many ({MAX_QUESTIONS_IN_A_ROW} are allowed): {way[0]} … {way[-1]}."
            )
    reached = _reachable_keys(tree)
    owners = {one.owner for kept in (tree.questions, tree.outcomes) for one in kept.values()} - {""}
    found += [
        f"A department that keeps a part of it is gone ({slug})." for slug in sorted(owners - {*departments})
    ]
    # A department's question may be where its rules let the playbook begin.
    found += [
        f"{_quote_question(one)} is never asked: no answer leads to it."
        for one in tree.questions.values()
        if one.key not in reached and not one.owner
    ]
    return found


def _check_tree(tree: PlaybookTree, snapshot: Mapping[str, Any]) -> list[str]:
    found = []
    if not tree.default:
        found.append("There is no default: say what to do when none of the answers fits.")
    elif tree.default not in tree.outcomes:
        found.append("The default is an outcome that is gone. Choose another.")
    if not tree.questions:
        found.append("There is no question yet.")
    elif tree.start not in tree.questions:
        found.append("No question is the first one. Choose which is.")
    if len(tree.questions) > MAX_QUESTIONS:
        found.append(f"{len(tree.questions)} questions are too many: {MAX_QUESTIONS} are allowed.")
    for kind, kept in (("questions", tree.questions), ("outcomes", tree.outcomes)):
        given = snapshot.get(kind)
        if isinstance(given, list) and len(given) != len(kept):
            found.append(f"Two of the {kind} have the same key, or one has none.")
    return found


def _check_question(question: Question, tree: PlaybookTree) -> list[str]:
    name, found = _quote_question(question), []
    if not question.text.strip():
        found.append(f"The question with the key {question.key} has no words.")
    if not question.answers:
        found.append(f"{name} has no answer.")
    if len(question.answers) > MAX_ANSWERS:
        found.append(f"{name} has {len(question.answers)} answers: {MAX_ANSWERS} are allowed.")
    if len({one.key for one in question.answers}) != len(question.answers):
        found.append(f"{name} has two answers with the same key.")
    for answer in question.answers:
        if not answer.text.strip():
            found.append(f"{name} has an answer without words.")
        if not (answer.question or answer.outcome):
            found.append(f"{name}: the answer “{answer.text}” leads nowhere.")
        elif answer.question not in tree.questions and answer.outcome not in tree.outcomes:
            found.append(f"{name}: the answer “{answer.text}” leads to something that is gone.")
    return found


def _check_outcome(outcome: Outcome, departments: Mapping[str, bool]) -> list[str]:
    name, found = f"The outcome “{outcome.name or outcome.key}”", []
    if not outcome.name.strip():
        found.append(f"The outcome with the key {outcome.key} has no name.")
    if not outcome.advice.strip():
        found.append(f"{name} gives no advice.")
    if outcome.action not in ACTION_LABELS:
        found.append(f"{name} suggests nothing to do.")
    if outcome.action == Action.HAND_OVER and outcome.department:
        if outcome.department not in departments:
            found.append(f"{name} hands over to a department that is gone ({outcome.department}).")
        elif not departments[outcome.department]:
            found.append(f"{name} hands over to a department that takes no new cases ({outcome.department}).")
    if outcome.action == Action.DISMISS and not outcome.reason.strip():
        found.append(f"{name} dismisses without a reason.")
    return found


def _quote_question(question: Question) -> str:
    return f"“{question.text.strip() or question.key}”"


def _next_questions(question: Question, tree: PlaybookTree) -> list[Question]:
    return [tree.questions[one.question] for one in question.answers if one.question in tree.questions]


def _find_circle(tree: PlaybookTree) -> list[str]:
    """The words of the questions of a circle, the first again at its end; [] when there is none."""
    done: set[str] = set()
    for begin in tree.questions.values():
        way: list[Question] = []
        waiting = [iter([begin])]
        while waiting:
            question = next(waiting[-1], None)
            if question is None:
                waiting.pop()
                if way:
                    done.add(way.pop().key)
            elif question in way:
                return [_quote_question(one) for one in [*way[way.index(question) :], question]]
            elif question.key not in done:
                way.append(question)
                waiting.append(iter(_next_questions(question, tree)))
    return []


def _longest_path(tree: PlaybookTree) -> list[str]:
    """The words of the questions on the longest way through a tree without a circle."""
    known: dict[str, list[str]] = {}

    def longest(question: Question) -> list[str]:
        if question.key not in known:
            rest = max((longest(one) for one in _next_questions(question, tree)), key=len, default=[])
            known[question.key] = [_quote_question(question), *rest]
        return known[question.key]

    return longest(tree.questions[tree.start])


def _reachable_keys(tree: PlaybookTree) -> set[str]:
    seen: set[str] = set()
    waiting = [one for one in tree.questions.values() if one.key == tree.start or one.owner]
    while waiting:
        question = waiting.pop()
        if question.key not in seen:
            seen.add(question.key)
            waiting += _next_questions(question, tree)
    return seen
