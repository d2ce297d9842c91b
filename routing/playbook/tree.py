"""The playbook: a decision tree for people. Pure.

A snapshot and the answers so far give the next question or the outcome, whatever they contain. A snapshot is

    {"start": question key, "default": outcome key, "questions": […], "outcomes": […]}

A question has `key, text, help, answers`. An answer has `key, text` and either `question` or `outcome`, the
key of its target. An outcome has `key, name, advice, action` and, when its action needs them, `department` (a
slug), `reason` and `text` (the beginning of a reply). A question or an outcome that a department owns has the
department's slug as `owner`. Every question can also be answered "none of these" (`NONE_KEY`), which leads to
the default.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

#: The answer that every question has.
NONE_KEY = "none"
NONE_TEXT = "None of these"
#: The most questions in a row, and the most answers to one question (without `NONE_KEY`): people accept no
#: more.
MAX_QUESTIONS_IN_A_ROW, MAX_ANSWERS = 10, 8
MAX_QUESTIONS = 60


class Action(StrEnum):
    """The action that an outcome suggests."""

    ANSWER = "answer"
    PRIVATE = "private"
    HAND_OVER = "hand_over"
    DISMISS = "dismiss"
    ESCALATE = "escalate"
    NO_ANSWER = "no_answer"


ACTION_LABELS: dict[str, str] = {
    Action.ANSWER: "Answer in public",
    Action.PRIVATE: "Move to private messages",
    Action.HAND_OVER: "Hand over to a department",
    Action.DISMISS: "Dismiss with a reason",
    Action.ESCALATE: "Raise the priority",
    Action.NO_ANSWER: "Close: no answer needed",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to a question. It leads to `question` or `outcome`; both are "" while it leads nowhere."""

    key: str
    text: str
    question: str = ""
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its answers in order. `owner` is a department's slug, "" for the whole company."""

    key: str
    text: str
    help: str
    answers: tuple[Answer, ...]
    owner: str = ""

    def find_answer(self, key: str) -> Answer | None:
        """Return the answer with this key, None when it is missing."""
        return next((answer for answer in self.answers if answer.key == key), None)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The advice for a case, in words (`advice`) and as an `action` with the data it needs."""

    key: str
    name: str
    advice: str
    action: str
    department: str = ""
    reason: str = ""
    text: str = ""
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Walk:
    """A path through the tree: the answered questions, each with the text of the answer, and its end."""

    answered: tuple[tuple[Question, str], ...]
    position: Question | Outcome


@dataclass(frozen=True, slots=True)
class PlaybookTree:
    """A snapshot as objects, by key. `start` and `default` may be keys that do not exist."""

    start: str
    default: str
    questions: Mapping[str, Question]
    outcomes: Mapping[str, Outcome]


#: Used when the default is missing: `check_playbook` refuses such a tree, but `walk_playbook` must still
#: answer.
_FALLBACK_OUTCOME = Outcome(
    "", "Ask a colleague", "The playbook has no advice for this. Ask a colleague in a note.", Action.ANSWER
)


def parse_playbook(snapshot: Mapping[str, Any]) -> PlaybookTree:
    """Return a snapshot as objects. Never raises.

    Rows without a key are ignored; of two with the same key the first counts.
    """
    questions: dict[str, Question] = {}
    for row in _keyed_rows(snapshot.get("questions")):
        answers = tuple(
            Answer(**_text_values(answer, "key", "text", "question", "outcome"))
            for answer in _keyed_rows(row.get("answers"))
        )
        question = Question(**_text_values(row, "key", "text", "help", "owner"), answers=answers)
        questions.setdefault(question.key, question)
    outcomes: dict[str, Outcome] = {}
    for row in _keyed_rows(snapshot.get("outcomes")):
        fields = ("key", "name", "advice", "action", "department", "reason", "text", "owner")
        outcome = Outcome(**_text_values(row, *fields))
        outcomes.setdefault(outcome.key, outcome)
    return PlaybookTree(_text_value(snapshot, "start"), _text_value(snapshot, "default"), questions, outcomes)


def _keyed_rows(value: Any) -> Iterable[Mapping[str, Any]]:
    rows = value if isinstance(value, list) else ()
    return (row for row in rows if isinstance(row, dict) and _text_value(row, "key"))


def _text_values(row: Mapping[str, Any], *names: str) -> dict[str, str]:
    return {name: _text_value(row, name) for name in names}


def _text_value(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name, "")
    return value if isinstance(value, str) else ""


def walk_playbook(tree: PlaybookTree, answers: Sequence[str], start: str = "") -> Walk:
    """Walk the tree by `answers` to the next question or the outcome.

    Total and deterministic. `answers` are keys in order. `start` is the key of the first question; "" or a
    key that no longer exists is the first question of the tree. An answer that the question does not have
    leads to the default, like `NONE_KEY`. Answers after an outcome are ignored.
    """
    default = tree.outcomes.get(tree.default, _FALLBACK_OUTCOME)
    position: Question | Outcome = tree.questions.get(start) or tree.questions.get(tree.start) or default
    answered: list[tuple[Question, str]] = []
    for key in answers:
        if isinstance(position, Outcome):
            break
        answer = position.find_answer(key)
        answered.append((position, answer.text if answer else NONE_TEXT))
        position = _answer_target(tree, answer) or default
    return Walk(tuple(answered), position)


def _answer_target(tree: PlaybookTree, answer: Answer | None) -> Question | Outcome | None:
    if answer is None:
        return None
    return tree.questions.get(answer.question) or tree.outcomes.get(answer.outcome)
