"""The panel of the playbook beside a case: the next question or what to do, and the answers that led there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef, Subquery
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import JSONObject

from accounts.models import Department
from inbox.cases.reading_words import language_name
from inbox.models import Case, CasePlaybook, Decision, Direction, Message
from routing.models import PlaybookVersion
from routing.playbook.tree import NONE_KEY, NONE_TEXT, Action, Outcome, Question, walk_playbook
from routing.playbook.versions import load_playbook_version
from routing.reading.languages import detect_language
from wording.times import DisplayTime, display_time


@dataclass(frozen=True, slots=True)
class AnswerChoice:
    """An answer that a person can choose; `digit` is its key on the keyboard."""

    digit: int
    key: str
    text: str


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """An answer that was given, by whom and when."""

    question: str
    answer: str
    who: str
    when: DisplayTime | None


@dataclass(frozen=True, slots=True)
class SuggestedAction:
    """The action that an outcome offers.

    `verb` names the form (answer, hand_over, choose, close, escalate, "" for nothing), `label` its button.
    """

    verb: str = ""
    label: str = ""
    department: str = ""
    reason: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class PlaybookPanel:
    """`question` or `outcome` is where the case is now; `last` is the question that was answered last."""

    number: int
    question: Question | None
    choices: list[AnswerChoice]
    outcome: Outcome | None
    doing: SuggestedAction
    answers: list[GivenAnswer]
    last: str
    may_answer: bool


def playbook_annotations() -> dict[str, Any]:
    """Return the annotations of a case that `build_playbook_panel` needs."""
    rows = CasePlaybook.objects.filter(case=OuterRef("pk"))
    decided = KeyTransform("decided", "trace")
    newest = Decision.objects.filter(case=OuterRef("pk")).order_by("-pk")
    as_json = JSONObject(version="version_id", start="start", answers="answers")
    return {
        "playbook_state": Subquery(rows.values(json=as_json)[:1]),
        "playbook_live": Subquery(PlaybookVersion.objects.order_by("-number").values("pk")[:1]),
        "playbook_branch": Subquery(newest.values(branch=KeyTextTransform("playbook_branch", decided))[:1]),
    }


def build_playbook_panel(
    case: Case, offered: Mapping[str, bool], departments: list[Department], now: dt.datetime
) -> PlaybookPanel | None:
    """Return the panel of a case that was read with `playbook_annotations`.

    None where there is no playbook, and for people who may neither answer nor see answers. `offered` comes from
    `allowed_actions`. No statement when this process has the version cached.
    """
    state: dict[str, Any] = getattr(case, "playbook_state", None) or {}
    answers: list[dict[str, Any]] = state.get("answers") or []
    live: int | None = getattr(case, "playbook_live", None)
    version = state.get("version") if answers else live
    if version is None or not (answers or (offered["claim"] and case.is_open)):
        return None
    number, tree = load_playbook_version(version)
    start = state.get("start", "") if answers else getattr(case, "playbook_branch", None) or ""
    walked = walk_playbook(tree, [str(answer.get("answer")) for answer in answers], start)
    question = walked.position if isinstance(walked.position, Question) else None
    outcome = walked.position if isinstance(walked.position, Outcome) else None
    return PlaybookPanel(
        number=number,
        question=question,
        choices=_answer_choices(question) if question else [],
        outcome=outcome,
        doing=_suggest_action(outcome, offered, departments, in_public=case.visibility == "public")
        if outcome
        else SuggestedAction(),
        answers=[
            GivenAnswer(answered.text, words, str(row.get("who") or ""), _parse_moment(row.get("at"), now))
            for (answered, words), row in zip(walked.answered, answers, strict=False)
        ],
        last=str(answers[-1].get("question")) if answers else "",
        may_answer=offered["claim"] and case.is_open,
    )


def describe_other_language(panel: PlaybookPanel | None, messages: Sequence[Message]) -> str:
    """Return that the customer writes in another language than the suggested text.

    "" where there is no text, or either language is unknown.
    """
    if panel is None or not panel.doing.text:
        return ""
    inbound = (message for message in reversed(messages) if message.direction == Direction.INBOUND)
    theirs = next((message.language for message in inbound if message.language), "")
    ours = detect_language(panel.doing.text)
    if not theirs or not ours or theirs == ours:
        return ""
    return f"The customer writes in {language_name(theirs)}; this text is in {language_name(ours)}."


def _answer_choices(question: Question) -> list[AnswerChoice]:
    choices = [AnswerChoice(n, answer.key, answer.text) for n, answer in enumerate(question.answers, start=1)]
    return [*choices, AnswerChoice(len(choices) + 1, NONE_KEY, NONE_TEXT)]


def _parse_moment(iso: Any, now: dt.datetime) -> DisplayTime | None:
    try:
        return display_time(dt.datetime.fromisoformat(str(iso)), now)
    except ValueError:
        return None


def _suggest_action(
    outcome: Outcome, offered: Mapping[str, bool], departments: list[Department], *, in_public: bool
) -> SuggestedAction:
    """Return the action that an outcome suggests to this person.

    Nothing where they may not do it. A customer who already writes privately is not asked to do so.
    """
    match outcome.action:
        case Action.ANSWER | Action.PRIVATE if offered["publish"]:
            if outcome.action == Action.PRIVATE and in_public:
                return SuggestedAction("answer", "Ask for a private message", text=outcome.text)
            text = "" if outcome.action == Action.PRIVATE else outcome.text
            return SuggestedAction("answer", "Begin the answer", text=text)
        case Action.HAND_OVER if offered["hand_over"]:
            slug = outcome.department
            department = next((department for department in departments if department.slug == slug), None)
            if department is None:
                return SuggestedAction("choose", "Choose the department")
            return SuggestedAction(
                "hand_over",
                f"Hand over to {department}",
                department.slug,
                outcome.reason or outcome.name,
                outcome.text,
            )
        case Action.DISMISS | Action.NO_ANSWER if offered["close"]:
            label = "Dismiss it" if outcome.action == Action.DISMISS else "Close it without an answer"
            return SuggestedAction("close", label, reason=outcome.reason or "No answer needed")
        case Action.ESCALATE if offered["close"]:
            return SuggestedAction("escalate", "Raise the priority", text=outcome.text)
        case _:
            return SuggestedAction()
