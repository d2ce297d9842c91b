"""The playbook beside a case: the next question, or what to do; and the answers that led there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef, Subquery
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import JSONObject

from accounts.models import Department
from inbox.models import Case, CasePlaybook, Decision
from routing.models import PlaybookVersion
from routing.playbook.tree import NONE_KEY, NONE_TEXT, Action, Outcome, Question, walk_playbook
from routing.playbook.versions import load_playbook_version
from wording.times import DisplayTime, display_time


@dataclass(frozen=True, slots=True)
class AnswerChoice:
    """An answer that can be given; `digit` is its key on the keyboard."""

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
    """What an outcome offers to do: `verb` names the form (answer, hand_over, choose, close, escalate, "" for
    nothing), `label` its button.
    """

    verb: str = ""
    label: str = ""
    department: str = ""
    reason: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class PlaybookPanel:
    """`question` or `outcome` is where the case stands; `last` is the question that was answered last."""

    number: int
    question: Question | None
    choices: list[AnswerChoice]
    outcome: Outcome | None
    doing: SuggestedAction
    given: list[GivenAnswer]
    last: str
    may_answer: bool


def playbook_annotations() -> dict[str, Any]:
    """What `build_playbook_panel` needs of a case, as annotations of the statement that reads it."""
    kept = CasePlaybook.objects.filter(case=OuterRef("pk"))
    decided = KeyTransform("decided", "trace")
    newest = Decision.objects.filter(case=OuterRef("pk")).order_by("-pk")
    as_json = JSONObject(version="version_id", start="start", answers="answers")
    return {
        "playbook_state": Subquery(kept.values(json=as_json)[:1]),
        "playbook_live": Subquery(PlaybookVersion.objects.order_by("-number").values("pk")[:1]),
        "playbook_branch": Subquery(newest.values(branch=KeyTextTransform("playbook_branch", decided))[:1]),
    }


def build_playbook_panel(
    case: Case, offered: Mapping[str, bool], departments: list[Department], now: dt.datetime
) -> PlaybookPanel | None:
    """None where there is no playbook, and for who has no part in the case. `case` was read with `playbook_annotations`."""
    state: dict[str, Any] = getattr(case, "playbook_state", None) or {}
    answers: list[dict[str, Any]] = state.get("answers") or []
    live: int | None = getattr(case, "playbook_live", None)
    version = state.get("version") if answers else live
    if version is None or not (offered["claim"] or answers):
        return None
    number, tree = load_playbook_version(version)
    start = state.get("start", "") if answers else getattr(case, "playbook_branch", None) or ""
    walked = walk_playbook(tree, [str(one.get("answer")) for one in answers], start)
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
        given=[
            GivenAnswer(asked.text, said, str(one.get("who") or ""), _parse_moment(one.get("at"), now))
            for (asked, said), one in zip(walked.answered, answers, strict=False)
        ],
        last=str(answers[-1].get("question")) if answers else "",
        may_answer=offered["claim"] and case.is_open,
    )


def _answer_choices(question: Question) -> list[AnswerChoice]:
    answers = [AnswerChoice(n, one.key, one.text) for n, one in enumerate(question.answers, start=1)]
    return [*answers, AnswerChoice(len(answers) + 1, NONE_KEY, NONE_TEXT)]


def _parse_moment(given: Any, now: dt.datetime) -> DisplayTime | None:
    try:
        return display_time(dt.datetime.fromisoformat(str(given)), now)
    except ValueError:
        return None


def _suggest_action(
    outcome: Outcome, offered: Mapping[str, bool], departments: list[Department], *, in_public: bool
) -> SuggestedAction:
    """The verb that an outcome suggests, where this person may do it. Who writes privately already is not asked to."""
    match outcome.action:
        case Action.ANSWER | Action.PRIVATE if offered["publish"]:
            if outcome.action == Action.PRIVATE and in_public:
                return SuggestedAction("answer", "Ask for a private message", text=outcome.text)
            text = "" if outcome.action == Action.PRIVATE else outcome.text
            return SuggestedAction("answer", "Begin the answer", text=text)
        case Action.HAND_OVER if offered["hand_over"]:
            there = next((one for one in departments if one.slug == outcome.department), None)
            if there is None:
                return SuggestedAction("choose", "Choose the department")
            return SuggestedAction(
                "hand_over", f"Hand over to {there}", there.slug, outcome.reason or outcome.name, outcome.text
            )
        case Action.DISMISS | Action.NO_ANSWER if offered["close"]:
            label = "Dismiss it" if outcome.action == Action.DISMISS else "Close it without an answer"
            return SuggestedAction("close", label, reason=outcome.reason or "No answer needed")
        case Action.ESCALATE if offered["close"]:
            return SuggestedAction("escalate", "Raise the priority", text=outcome.text)
        case _:
            return SuggestedAction()
