"""Check a playbook; each problem is a sentence that tells its author where to look."""

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
    """Return the problems of a playbook as sentences, [] for none.

    `departments` maps slugs to whether the department is open.
    """
    tree = parse_playbook(snapshot)
    problems = _check_tree(tree, snapshot)
    for question in tree.questions.values():
        problems += _check_question(question, tree)
    for outcome in tree.outcomes.values():
        problems += _check_outcome(outcome, departments)
    circle = _find_circle(tree)
    if circle:
        problems.append(
            f"The questions go round in a circle: {' → '.join(circle)}. Nobody would reach an end."
        )
    elif tree.start in tree.questions:
        path = _longest_path(tree)
        if len(path) > MAX_QUESTIONS_IN_A_ROW:
            problems.append(
                f"{len(path)} questions in a row are too many ({MAX_QUESTIONS_IN_A_ROW} are allowed): {path[0]} … {path[-1]}."
            )
    owners = {part.owner for parts in (tree.questions, tree.outcomes) for part in parts.values()} - {""}
    problems += [
        f"A department that owns a part of it is gone ({slug})." for slug in sorted(owners - {*departments})
    ]
    # A question that a department owns need not be reachable from an answer: a rule may begin the playbook
    # there.
    reachable = _reachable_keys(tree)
    problems += [
        f"{_quote_question(question)} is never asked: no answer leads to it."
        for question in tree.questions.values()
        if question.key not in reachable and not question.owner
    ]
    return problems


def _check_tree(tree: PlaybookTree, snapshot: Mapping[str, Any]) -> list[str]:
    problems = []
    if not tree.default:
        problems.append("There is no default: say what to do when none of the answers fits.")
    elif tree.default not in tree.outcomes:
        problems.append("The default is an outcome that is gone. Choose another.")
    if not tree.questions:
        problems.append("There is no question yet.")
    elif tree.start not in tree.questions:
        problems.append("No question is the first one. Choose which is.")
    if len(tree.questions) > MAX_QUESTIONS:
        problems.append(f"{len(tree.questions)} questions are too many: {MAX_QUESTIONS} are allowed.")
    for kind, parts in (("questions", tree.questions), ("outcomes", tree.outcomes)):
        rows = snapshot.get(kind)
        if isinstance(rows, list) and len(rows) != len(parts):
            problems.append(f"Two of the {kind} have the same key, or one has none.")
    return problems


def _check_question(question: Question, tree: PlaybookTree) -> list[str]:
    name, problems = _quote_question(question), []
    if not question.text.strip():
        problems.append(f"The question with the key {question.key} has no words.")
    if not question.answers:
        problems.append(f"{name} has no answer.")
    if len(question.answers) > MAX_ANSWERS:
        problems.append(f"{name} has {len(question.answers)} answers: {MAX_ANSWERS} are allowed.")
    if len({answer.key for answer in question.answers}) != len(question.answers):
        problems.append(f"{name} has two answers with the same key.")
    for answer in question.answers:
        if not answer.text.strip():
            problems.append(f"{name} has an answer without words.")
        if not (answer.question or answer.outcome):
            problems.append(f"{name}: the answer “{answer.text}” leads nowhere.")
        elif answer.question not in tree.questions and answer.outcome not in tree.outcomes:
            problems.append(f"{name}: the answer “{answer.text}” leads to something that is gone.")
    return problems


def _check_outcome(outcome: Outcome, departments: Mapping[str, bool]) -> list[str]:
    name, problems = f"The outcome “{outcome.name or outcome.key}”", []
    if not outcome.name.strip():
        problems.append(f"The outcome with the key {outcome.key} has no name.")
    if not outcome.advice.strip():
        problems.append(f"{name} gives no advice.")
    if outcome.action not in ACTION_LABELS:
        problems.append(f"{name} suggests nothing to do.")
    if outcome.action == Action.HAND_OVER and outcome.department:
        if outcome.department not in departments:
            problems.append(f"{name} hands over to a department that is gone ({outcome.department}).")
        elif not departments[outcome.department]:
            problems.append(
                f"{name} hands over to a department that takes no new cases ({outcome.department})."
            )
    if outcome.action == Action.DISMISS and not outcome.reason.strip():
        problems.append(f"{name} dismisses without a reason.")
    return problems


def _quote_question(question: Question) -> str:
    return f"“{question.text.strip() or question.key}”"


def _next_questions(question: Question, tree: PlaybookTree) -> list[Question]:
    return [
        tree.questions[answer.question] for answer in question.answers if answer.question in tree.questions
    ]


def _find_circle(tree: PlaybookTree) -> list[str]:
    """Return the questions of a cycle, quoted, [] without a cycle.

    The first question is repeated at the end.
    """
    done: set[str] = set()
    for first in tree.questions.values():
        path: list[Question] = []
        waiting = [iter([first])]
        while waiting:
            question = next(waiting[-1], None)
            if question is None:
                waiting.pop()
                if path:
                    done.add(path.pop().key)
            elif question in path:
                circle = [*path[path.index(question) :], question]
                return [_quote_question(step) for step in circle]
            elif question.key not in done:
                path.append(question)
                waiting.append(iter(_next_questions(question, tree)))
    return []


def _longest_path(tree: PlaybookTree) -> list[str]:
    """Return the questions on the longest path, quoted.

    The tree must have no cycle.
    """
    paths: dict[str, list[str]] = {}

    def longest(question: Question) -> list[str]:
        if question.key not in paths:
            following = (longest(step) for step in _next_questions(question, tree))
            paths[question.key] = [_quote_question(question), *max(following, key=len, default=[])]
        return paths[question.key]

    return longest(tree.questions[tree.start])


def _reachable_keys(tree: PlaybookTree) -> set[str]:
    seen: set[str] = set()
    waiting = [
        question for question in tree.questions.values() if question.key == tree.start or question.owner
    ]
    while waiting:
        question = waiting.pop()
        if question.key not in seen:
            seen.add(question.key)
            waiting += _next_questions(question, tree)
    return seen
