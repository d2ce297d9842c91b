"""Answering the playbook about a case, and taking an answer back. Each verb is one transaction with its event.

Raise as the verbs of `inbox.cases.verbs`. What is compared is the question that was asked, not the version of the case: a
customer who writes meanwhile does not change what the message before was.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from accounts.models import User
from inbox.changes.change import Change, acting
from inbox.changes.refusals import Conflict, Invalid, require_open
from inbox.models import Case, CasePlaybook, Decision, Verb
from routing.models import Priority
from routing.playbook.tree import NONE, NONE_TEXT, Outcome, Question, Tree, walk
from routing.playbook.versions import live, version_of


def answer(case_id: int, by: User, question: str, key: str, *, now: dt.datetime) -> Case:
    """Answer the question that stands next. The first answer ties the case to the live version."""
    with acting(case_id, by, "claim", now=now) as change:
        require_open(change.case)
        state = _state(change.case)
        number, tree = version_of(state.version_id)
        asked = walk(tree, [one["answer"] for one in state.answers], state.start).at
        if isinstance(asked, Outcome) or asked.key != question:
            raise Conflict(change.case, f"{_who(state)} has answered that already.")
        given = asked.answer(key)
        if given is None and key != NONE:
            raise Invalid("That is not one of the answers. Choose one.")
        state.answers.append(
            {"question": question, "answer": key, "by": by.pk, "who": str(by), "at": now.isoformat()}
        )
        _settle(state, tree, now)
        words = {"question": asked.text, "answer": given.text if given else NONE_TEXT}
        _record(change, Verb.PLAYBOOK_ANSWERED, state, number, tree, words)
    return change.case


def take_back(case_id: int, by: User, question: str, *, now: dt.datetime) -> Case:
    """Take the last answer back, which was one to `question`."""
    with acting(case_id, by, "claim", now=now) as change:
        state = CasePlaybook.objects.filter(case=change.case).first()
        if state is None or not state.answers:
            raise Conflict(change.case, "There is no answer to take back.")
        if state.answers[-1]["question"] != question:
            raise Conflict(change.case, f"{_who(state)} has gone on meanwhile.")
        number, tree = version_of(state.version_id)
        state.answers.pop()
        _settle(state, tree, now)
        asked = tree.questions.get(question)
        words = {"question": asked.text if asked else question}
        _record(change, Verb.PLAYBOOK_TAKEN_BACK, state, number, tree, words)
    return change.case


def _state(case: Case) -> CasePlaybook:
    kept = CasePlaybook.objects.filter(case=case).first()
    if kept is not None and kept.answers:
        return kept
    version = live()
    if version is None:
        raise Invalid("There is no playbook yet.")
    # Nothing has been answered: begin with what is live now.
    state = kept or CasePlaybook(case=case)
    state.version, state.start, state.answers = version, branch_of(case), []
    return state


def branch_of(case: Case) -> str:
    """The question that the rule of the newest decision lets the playbook begin with, "" for its root."""
    traces = Decision.objects.filter(case=case).order_by("-pk").values_list("trace", flat=True)
    decided = (traces.first() or {}).get("decided") or {}
    return str(decided.get("playbook_branch") or "")[:60]


def _settle(state: CasePlaybook, tree: Tree, now: dt.datetime) -> None:
    at = walk(tree, [one["answer"] for one in state.answers], state.start).at
    state.outcome = at.key if isinstance(at, Outcome) else ""
    state.finished_at = now if state.outcome else None
    state.save()


def _record(
    change: Change, verb: Verb, state: CasePlaybook, number: int, tree: Tree, words: dict[str, Any]
) -> None:
    outcome = tree.outcomes.get(state.outcome)
    change.record(verb, {**words, "playbook": number, "outcome": outcome.name if outcome else ""})


def _who(state: CasePlaybook) -> str:
    return str(state.answers[-1].get("who") or "Somebody") if state.answers else "Somebody"


def raise_priority(case_id: int, by: User, *, version: int | None = None, now: dt.datetime) -> Case:
    """One step up, at most to urgent. A case that is urgent already stays as it is."""
    with acting(case_id, by, "claim", now=now) as change:
        case = change.case
        require_open(case)
        if case.priority >= Priority.URGENT:
            return case
        change.expect(version)
        before = Priority(case.priority).label if case.priority in Priority.values else str(case.priority)
        change.set(priority=max(case.priority + 1, Priority.HIGH))
        change.record(Verb.PRIORITISED, {"from": before, "to": Priority(case.priority).label})
    return case


__all__ = ["Question", "answer", "branch_of", "raise_priority", "take_back"]
