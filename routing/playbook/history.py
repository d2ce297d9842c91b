"""Describe in words what changed from one version of the playbook to the next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from routing.playbook.tree import ACTION_LABELS, Answer, Outcome, PlaybookTree, Question, parse_playbook


def describe_playbook_changes(older: Mapping[str, Any] | None, newer: Mapping[str, Any]) -> list[str]:
    """Return the changes from `older` to `newer` as sentences, [] for none.

    When `older` is None (before the first version), it is one sentence about the size of `newer`.
    """
    now = parse_playbook(newer)
    if older is None:
        return [f"{len(now.questions)} questions and {len(now.outcomes)} outcomes"]
    was = parse_playbook(older)
    return [*_describe_question_list(was, now), *_describe_outcome_list(was, now), *_describe_ends(was, now)]


def _describe_question_list(was: PlaybookTree, now: PlaybookTree) -> Iterator[str]:
    for key, question in now.questions.items():
        if key not in was.questions:
            yield f"New question “{question.text}”"
        else:
            yield from _describe_question(was.questions[key], question, was, now)
    for key, question in was.questions.items():
        if key not in now.questions:
            yield f"Question “{question.text}” removed"


def _describe_question(old: Question, new: Question, was: PlaybookTree, now: PlaybookTree) -> Iterator[str]:
    if old.text != new.text:
        yield f"“{old.text}” now asks “{new.text}”"
    if old.help != new.help:
        yield f"“{new.text}”: help changed"
    if old.owner != new.owner:
        yield f"“{new.text}”: owned by {new.owner or 'the whole company'}"
    before, after = ({answer.key: answer for answer in side.answers} for side in (old, new))
    for key, answer in after.items():
        if key not in before:
            yield f"“{new.text}”: new answer “{answer.text}” → {_target_name(answer, now)}"
            continue
        if before[key].text != answer.text:
            yield f"“{new.text}”: the answer “{before[key].text}” is now “{answer.text}”"
        if (before[key].question, before[key].outcome) != (answer.question, answer.outcome):
            yield f"“{new.text}”: “{answer.text}” → {_target_name(answer, now)} (was {_target_name(before[key], was)})"
    for key, answer in before.items():
        if key not in after:
            yield f"“{new.text}”: the answer “{answer.text}” removed"
    if [key for key in before if key in after] != [key for key in after if key in before]:
        yield f"“{new.text}”: answers reordered"


def _target_name(answer: Answer, tree: PlaybookTree) -> str:
    if (question := tree.questions.get(answer.question)) is not None:
        return f"“{question.text}”"
    outcome = tree.outcomes.get(answer.outcome)
    return f"“{outcome.name}”" if outcome else "nowhere"


def _describe_outcome_list(was: PlaybookTree, now: PlaybookTree) -> Iterator[str]:
    for key, outcome in now.outcomes.items():
        old = was.outcomes.get(key)
        if old is None:
            yield f"New outcome “{outcome.name}”"
        elif old != outcome:
            yield f"Outcome “{outcome.name}”: {', '.join(_describe_outcome(old, outcome))}"
    for key, outcome in was.outcomes.items():
        if key not in now.outcomes:
            yield f"Outcome “{outcome.name}” removed"


def _describe_outcome(old: Outcome, new: Outcome) -> Iterator[str]:
    if old.name != new.name:
        yield f"was called “{old.name}”"
    if old.advice != new.advice:
        yield "advice changed"
    if old.action != new.action:
        yield f"now {ACTION_LABELS.get(new.action, 'nothing').lower()}"
    if old.department != new.department:
        yield f"department {new.department or 'to be chosen'}"
    if old.reason != new.reason:
        yield "reason changed"
    if old.text != new.text:
        yield "beginning of the answer changed"
    if old.owner != new.owner:
        yield f"owned by {new.owner or 'the whole company'}"


def _describe_ends(was: PlaybookTree, now: PlaybookTree) -> Iterator[str]:
    if was.start != now.start:
        first = now.questions.get(now.start)
        yield f"First question: “{first.text}”" if first else "No first question"
    if was.default != now.default:
        default = now.outcomes.get(now.default)
        yield f"Default: “{default.name}”" if default else "No default"
