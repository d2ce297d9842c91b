"""Change macros. What others use as well is in the audit log, with what it was before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F

from accounts.audit.recording import compare_values, record_change
from accounts.models import AuditVerb, User
from inbox.canned_answers.editing import Outdated
from inbox.canned_answers.rights import ONLY_ME, CannedPlace, may_edit, place_of
from inbox.changes.refusals import Invalid
from inbox.macros.steps import (
    LONGEST_TITLE,
    Step,
    find_conflict_of_steps,
    find_step_problem,
    load_references,
    load_references_of_steps,
    read_steps,
    value_of,
)
from inbox.models import CannedScope, Macro, StepKind


@dataclass(frozen=True, slots=True)
class TypedMacro:
    """A macro as somebody typed it."""

    title: str
    place: CannedPlace
    steps: Sequence[Step]


def find_problems(typed: TypedMacro, by: User) -> list[str]:
    """Return what is wrong with a macro, as sentences. At most three statements."""
    references = load_references_of_steps(typed.steps, by)
    problems = [] if typed.title.strip() else ["Give it a title: that is how others find it."]
    for number, step in enumerate(typed.steps, start=1):
        problem = find_step_problem(step) or references.find_problem(step)
        if not problem and step.kind == StepKind.ANSWER and step.choice:
            problem = _reach_problem(place_of(references.canned_answers[step.number]), typed.place)
        if problem:
            problems.append(f"Step {number} ({step.kind.label.lower()}): {problem}")
    conflict = find_conflict_of_steps(typed.steps)
    return [*problems, conflict] if conflict else problems


def _reach_problem(answer_place: CannedPlace, place: CannedPlace) -> str:
    """Return who may run a macro without its canned answer."""
    if place.scope == CannedScope.PERSON or answer_place.scope == CannedScope.COMPANY:
        return ""
    if place.scope == CannedScope.DEPARTMENT and answer_place.key == place.key:
        return ""
    whom = "you" if answer_place.scope == CannedScope.PERSON else answer_place.label
    return f"This canned answer is only for {whom}, but the macro is for {place.label.lower() if place.key == 'company' else place.label}."


def save_macro(
    macro: Macro | None, typed: TypedMacro, by: User, now: dt.datetime, *, seen_version: int = 0
) -> Macro:
    """Add a macro, or change one.

    Raises `Invalid` with a sentence, and `Outdated` if it has another version than `seen_version` by now.
    """
    if problems := find_problems(typed, by):
        raise Invalid(problems[0])
    with transaction.atomic():
        before: dict[str, object] = {}
        departments: set[int | None] = set()
        if macro is not None:
            macro = Macro.objects.select_for_update(of=("self",)).get(pk=macro.pk)
            if seen_version != macro.version:
                raise Outdated(
                    f"{macro.changed_by or 'Somebody'} changed this macro in the meantime. What you typed is kept: compare "
                    "it with what is stored, and save again to put yours in its place."
                )
            before, departments = describe_macro(macro, by), {macro.department_id}
        is_new = macro is None
        macro = macro or Macro(created_at=now)
        macro.title, macro.steps = typed.title.strip(), value_of(typed.steps)
        macro.scope, macro.department = typed.place.scope, typed.place.department
        macro.owner = by if typed.place.scope == CannedScope.PERSON else None
        macro.changed_at, macro.changed_by = now, by
        macro.version += 0 if is_new else 1
        macro.save()
        if changes := compare_values(before, describe_macro(macro, by)):
            _record(AuditVerb.MACRO_ADDED if is_new else AuditVerb.MACRO_CHANGED, macro, changes, departments)
    return macro


def _record(
    verb: AuditVerb,
    macro: Macro,
    changes: Sequence[dict[str, str]] = (),
    departments: set[int | None] | None = None,
) -> None:
    """Write an entry about what others use as well."""
    was_shared = any(change["name"] == "For" and change["from"] for change in changes)
    if macro.scope != CannedScope.PERSON or was_shared:
        record_change(verb, macro, changes, department_ids={macro.department_id} | (departments or set()))


def describe_macro(macro: Macro, by: User) -> dict[str, object]:
    """Return the values of a macro by their names on pages."""
    references = load_references([macro], by)
    steps = {
        f"Step {number}": _spell_out(step, references.describe(step)) for number, step in _numbered(macro)
    }
    return {"Title": macro.title, "For": place_of(macro).label, **steps}


def _numbered(macro: Macro) -> list[tuple[int, Step]]:
    return list(enumerate(read_steps(macro), start=1))


def _spell_out(step: Step, words: str) -> str:
    has_long_text = step.kind in (StepKind.ANSWER, StepKind.NOTE, StepKind.HAND_OVER)
    return f"{words}: {step.text}" if step.text and has_long_text else words


@transaction.atomic
def archive_macro(macro: Macro, now: dt.datetime) -> bool:
    """Archive a macro: it is offered no longer. Returns False if it was archived before."""
    rows = Macro.objects.filter(pk=macro.pk, archived_at__isnull=True)
    is_done = bool(rows.update(archived_at=now, version=F("version") + 1))
    if is_done:
        _record(AuditVerb.MACRO_ARCHIVED, macro)
    return is_done


@transaction.atomic
def restore_macro(macro: Macro) -> bool:
    """Restore an archived macro. Returns False if it was none."""
    rows = Macro.objects.filter(pk=macro.pk, archived_at__isnull=False)
    is_done = bool(rows.update(archived_at=None, version=F("version") + 1))
    if is_done:
        _record(AuditVerb.MACRO_RESTORED, macro)
    return is_done


@transaction.atomic
def duplicate_macro(macro: Macro, by: User, now: dt.datetime) -> Macro:
    """Copy a macro, with what its steps name that is gone: the copy says so, too.

    For the same people if the person may change it, else for themselves alone.
    """
    place = place_of(macro) if may_edit(by, macro) else ONLY_ME
    copy = Macro.objects.create(
        title=f"Copy of {macro.title}"[:LONGEST_TITLE],
        scope=place.scope,
        department=place.department,
        owner=by if place.scope == CannedScope.PERSON else None,
        steps=macro.steps,
        created_at=now,
        changed_at=now,
        changed_by=by,
    )
    _record(AuditVerb.MACRO_ADDED, copy, compare_values({}, describe_macro(copy, by)))
    return copy
