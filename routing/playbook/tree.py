"""The playbook: a decision tree for people. Pure: a snapshot and the answers so far give the next question or the
outcome, whatever they are.

A snapshot is `{"start": question key, "default": outcome key, "questions": […], "outcomes": […]}`. A question has
`key, text, help, answers`, an answer `key, text` and either `question` or `outcome`, the key that it leads to; an
outcome `key, name, advice, action` and, as its action needs, `department` (a slug), `reason` and `text` (how an answer
may begin). A question or an outcome that a department keeps has its slug as `owner`. To every question one may also answer "none of these" (`NONE_KEY`), which leads to the default.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

#: The answer that is always there.
NONE_KEY = "none"
NONE_TEXT = "None of these"
#: Questions in a row before people give up; answers to one question that have a key of their own, besides `NONE_KEY`.
MAX_QUESTIONS_IN_A_ROW, MAX_ANSWERS = 10, 8
MAX_QUESTIONS = 60


class Action(StrEnum):
    """What an outcome suggests to do."""

    ANSWER = "answer"
    PRIVATE = "private"
    HAND_OVER = "hand_over"
    DISMISS = "dismiss"
    ESCALATE = "escalate"
    NO_ANSWER = "no_answer"


ACTION_LABELS: dict[str, str] = {
    Action.ANSWER: "Answer in public",
    Action.PRIVATE: "Take it into private messages",
    Action.HAND_OVER: "Hand over to a department",
    Action.DISMISS: "Dismiss with a reason",
    Action.ESCALATE: "Raise the priority",
    Action.NO_ANSWER: "Close: no answer needed",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """`question` or `outcome` is where it leads; both "" for an answer that leads nowhere yet."""

    key: str
    text: str
    question: str = ""
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    key: str
    text: str
    help: str
    answers: tuple[Answer, ...]
    owner: str = ""

    def find_answer(self, key: str) -> Answer | None:
        return next((one for one in self.answers if one.key == key), None)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to do, in words (`advice`) and as an `action` with what it needs."""

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
    """The way through the tree: the questions that were answered, with the answer's words, and where it ends."""

    answered: tuple[tuple[Question, str], ...]
    position: Question | Outcome


@dataclass(frozen=True, slots=True)
class PlaybookTree:
    start: str
    default: str
    questions: Mapping[str, Question]
    outcomes: Mapping[str, Outcome]


#: Where even the default is missing: `check_playbook` refuses such a tree, `walk_playbook` still answers.
_FALLBACK_OUTCOME = Outcome(
    "", "Ask a colleague", "The playbook has no advice for this. Ask a colleague in a note.", Action.ANSWER
)


def parse_playbook(snapshot: Mapping[str, Any]) -> PlaybookTree:
    """A snapshot as objects; what has no key is left out, of two with one key the first counts."""
    questions: dict[str, Question] = {}
    for one in _keyed_rows(snapshot.get("questions")):
        answers = tuple(
            Answer(
                _text_value(a, "key"),
                _text_value(a, "text"),
                _text_value(a, "question"),
                _text_value(a, "outcome"),
            )
            for a in _keyed_rows(one.get("answers"))
        )
        key = _text_value(one, "key")
        questions.setdefault(
            key,
            Question(
                key, _text_value(one, "text"), _text_value(one, "help"), answers, _text_value(one, "owner")
            ),
        )
    outcomes: dict[str, Outcome] = {}
    for one in _keyed_rows(snapshot.get("outcomes")):
        fields = ("key", "name", "advice", "action", "department", "reason", "text", "owner")
        outcomes.setdefault(_text_value(one, "key"), Outcome(*(_text_value(one, name) for name in fields)))
    return PlaybookTree(_text_value(snapshot, "start"), _text_value(snapshot, "default"), questions, outcomes)


def _keyed_rows(given: Any) -> Iterable[Mapping[str, Any]]:
    rows = given if isinstance(given, list) else ()
    return (one for one in rows if isinstance(one, dict) and _text_value(one, "key"))


def _text_value(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name, "")
    return value if isinstance(value, str) else ""


def walk_playbook(tree: PlaybookTree, answers: Sequence[str], start: str = "") -> Walk:
    """Walk the tree by `answers` (answer keys in order) to the next question or the outcome. Total and deterministic.

    `start` is the question to begin with, where it is not the tree's own; one that is not there begins at the root.
    An answer that the question does not have leads to the default, as `NONE_KEY` does; answers beyond an outcome do not
    count.
    """
    default = tree.outcomes.get(tree.default, _FALLBACK_OUTCOME)
    at: Question | Outcome = tree.questions.get(start) or tree.questions.get(tree.start) or default
    taken: list[tuple[Question, str]] = []
    for key in answers:
        if isinstance(at, Outcome):
            break
        answer = at.find_answer(key)
        taken.append((at, answer.text if answer else NONE_TEXT))
        at = _answer_target(tree, answer) or default
    return Walk(tuple(taken), at)


def _answer_target(tree: PlaybookTree, answer: Answer | None) -> Question | Outcome | None:
    if answer is None:
        return None
    return tree.questions.get(answer.question) or tree.outcomes.get(answer.outcome)
