"""What changed from one version of the playbook to the next, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from routing.playbook.tree import ACTIONS, Answer, Outcome, Question, Tree, tree_of


def difference(older: Mapping[str, Any] | None, newer: Mapping[str, Any]) -> list[str]:
    """What `newer` has that `older` had not, as sentences; [] when they say the same."""
    now = tree_of(newer)
    if older is None:
        return [f"{len(now.questions)} questions and {len(now.outcomes)} outcomes"]
    was = tree_of(older)
    return [*_questions(was, now), *_outcomes(was, now), *_ends(was, now)]


def _questions(was: Tree, now: Tree) -> Iterator[str]:
    for key, question in now.questions.items():
        if key not in was.questions:
            yield f"New question “{question.text}”"
        else:
            yield from _question(was.questions[key], question, was, now)
    for key, question in was.questions.items():
        if key not in now.questions:
            yield f"Question “{question.text}” removed"


def _question(old: Question, new: Question, was: Tree, now: Tree) -> Iterator[str]:
    if old.text != new.text:
        yield f"“{old.text}” now asks “{new.text}”"
    if old.help != new.help:
        yield f"“{new.text}”: other help"
    if old.owner != new.owner:
        yield f"“{new.text}”: kept by {new.owner or 'the whole company'}"
    before, after = {one.key: one for one in old.answers}, {one.key: one for one in new.answers}
    for key, answer in after.items():
        if key not in before:
            yield f"“{new.text}”: new answer “{answer.text}” → {_target(answer, now)}"
            continue
        if before[key].text != answer.text:
            yield f"“{new.text}”: the answer “{before[key].text}” is now “{answer.text}”"
        if (before[key].question, before[key].outcome) != (answer.question, answer.outcome):
            yield f"“{new.text}”: “{answer.text}” → {_target(answer, now)} (was {_target(before[key], was)})"
    for key, answer in before.items():
        if key not in after:
            yield f"“{new.text}”: the answer “{answer.text}” removed"
    if [key for key in before if key in after] != [key for key in after if key in before]:
        yield f"“{new.text}”: answers in another order"


def _target(answer: Answer, tree: Tree) -> str:
    if (question := tree.questions.get(answer.question)) is not None:
        return f"“{question.text}”"
    outcome = tree.outcomes.get(answer.outcome)
    return f"“{outcome.name}”" if outcome else "nowhere"


def _outcomes(was: Tree, now: Tree) -> Iterator[str]:
    for key, outcome in now.outcomes.items():
        old = was.outcomes.get(key)
        if old is None:
            yield f"New outcome “{outcome.name}”"
        elif old != outcome:
            yield f"Outcome “{outcome.name}”: {', '.join(_changed(old, outcome))}"
    for key, outcome in was.outcomes.items():
        if key not in now.outcomes:
            yield f"Outcome “{outcome.name}” removed"


def _changed(old: Outcome, new: Outcome) -> Iterator[str]:
    if old.name != new.name:
        yield f"was called “{old.name}”"
    if old.advice != new.advice:
        yield "other advice"
    if old.action != new.action:
        yield f"now {ACTIONS.get(new.action, 'nothing').lower()}"
    if old.department != new.department:
        yield f"department {new.department or 'to be chosen'}"
    if old.reason != new.reason:
        yield "other reason"
    if old.text != new.text:
        yield "other beginning of the answer"
    if old.owner != new.owner:
        yield f"kept by {new.owner or 'the whole company'}"


def _ends(was: Tree, now: Tree) -> Iterator[str]:
    if was.start != now.start:
        first = now.questions.get(now.start)
        yield f"First question: “{first.text}”" if first else "No first question"
    if was.default != now.default:
        default = now.outcomes.get(now.default)
        yield f"Default: “{default.name}”" if default else "No default"
