"""Answering the playbook about a case, and taking an answer back. Each verb is one transaction with its event.

All raise `Case.DoesNotExist`, `NotAllowed`, `Invalid` or `Conflict`. Conflicts are detected by comparing the question,
not the case's version: a customer who writes in the meantime does not change what the earlier message was about.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from accounts.models import User
from inbox.changes.change import Change, change_case_as
from inbox.changes.refusals import Conflict, Invalid, require_open
from inbox.models import Case, CasePlaybook, Decision, Verb
from routing.models import Priority
from routing.playbook.tree import NONE_KEY, NONE_TEXT, Outcome, PlaybookTree, Question, walk_playbook
from routing.playbook.versions import live_playbook, load_playbook_version


def answer_playbook(case_id: int, by: User, question: str, key: str, *, now: dt.datetime) -> Case:
    """Answer the question that stands next. The first answer ties the case to the live version."""
    with change_case_as(case_id, by, "claim", now=now) as change:
        require_open(change.case)
        state = _load_or_begin_state(change.case)
        number, tree = load_playbook_version(state.version_id)
        current = walk_playbook(tree, [answer["answer"] for answer in state.answers], state.start).position
        if isinstance(current, Outcome) or current.key != question:
            raise Conflict(change.case, f"{_last_answerer(state)} has answered that already.")
        chosen = current.find_answer(key)
        if chosen is None and key != NONE_KEY:
            raise Invalid("That is not one of the answers. Choose one.")
        state.answers.append(
            {"question": question, "answer": key, "by": by.pk, "who": str(by), "at": now.isoformat()}
        )
        _save_progress(state, tree, now)
        words = {"question": current.text, "answer": chosen.text if chosen else NONE_TEXT}
        _record_answer_event(change, Verb.PLAYBOOK_ANSWERED, state, number, tree, words)
    return change.case


def take_back_playbook_answer(case_id: int, by: User, question: str, *, now: dt.datetime) -> Case:
    """Take the last answer back, which was one to `question`."""
    with change_case_as(case_id, by, "claim", now=now) as change:
        state = CasePlaybook.objects.filter(case=change.case).first()
        if state is None or not state.answers:
            raise Conflict(change.case, "There is no answer to take back.")
        if state.answers[-1]["question"] != question:
            raise Conflict(change.case, f"{_last_answerer(state)} has moved on in the meantime.")
        number, tree = load_playbook_version(state.version_id)
        state.answers.pop()
        _save_progress(state, tree, now)
        taken_back = tree.questions.get(question)
        words = {"question": taken_back.text if taken_back else question}
        _record_answer_event(change, Verb.PLAYBOOK_TAKEN_BACK, state, number, tree, words)
    return change.case


def _load_or_begin_state(case: Case) -> CasePlaybook:
    stored = CasePlaybook.objects.filter(case=case).first()
    if stored is not None and stored.answers:
        return stored
    version = live_playbook()
    if version is None:
        raise Invalid("There is no playbook yet.")
    # Nothing has been answered yet: begin with the version that is live now.
    state = stored or CasePlaybook(case=case)
    state.version, state.start, state.answers = version, find_playbook_branch(case), []
    return state


def find_playbook_branch(case: Case) -> str:
    """Return the question with which the playbook begins, "" for its root.

    The rule of the newest decision may name it.
    """
    traces = Decision.objects.filter(case=case).order_by("-pk").values_list("trace", flat=True)
    decided = (traces.first() or {}).get("decided") or {}
    return str(decided.get("playbook_branch") or "")[:60]


def _save_progress(state: CasePlaybook, tree: PlaybookTree, now: dt.datetime) -> None:
    position = walk_playbook(tree, [answer["answer"] for answer in state.answers], state.start).position
    state.outcome = position.key if isinstance(position, Outcome) else ""
    state.finished_at = now if state.outcome else None
    state.save()


def _record_answer_event(
    change: Change, verb: Verb, state: CasePlaybook, number: int, tree: PlaybookTree, words: dict[str, Any]
) -> None:
    outcome = tree.outcomes.get(state.outcome)
    change.record(verb, {**words, "playbook": number, "outcome": outcome.name if outcome else ""})


def _last_answerer(state: CasePlaybook) -> str:
    return str(state.answers[-1].get("who") or "Somebody") if state.answers else "Somebody"


def raise_priority(case_id: int, by: User, *, version: int | None = None, now: dt.datetime) -> Case:
    """Raise the priority by one step, at most to urgent."""
    with change_case_as(case_id, by, "claim", now=now) as change:
        case = change.case
        require_open(case)
        if case.priority >= Priority.URGENT:
            return case
        change.require_version(version)
        before = Priority(case.priority).label if case.priority in Priority.values else str(case.priority)
        change.set(priority=max(case.priority + 1, Priority.HIGH))
        change.record(Verb.PRIORITISED, {"from": before, "to": Priority(case.priority).label})
    return case


__all__ = [
    "Question",
    "answer_playbook",
    "find_playbook_branch",
    "raise_priority",
    "take_back_playbook_answer",
]
