"""Run a macro on a case: every step by the verb of a single act, all in one transaction, or none."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction

from accounts.access import viewer
from accounts.models import User
from inbox.canned_answers.offering import fill_order, find_offered, placeholder_values
from inbox.cases import hand_overs, verbs
from inbox.cases.customer_tags import MOST_TAGS
from inbox.cases.priorities import prioritise_case
from inbox.cases.snoozing import Snooze, snooze_case
from inbox.cases.tags import tag_case
from inbox.changes.change import Change, change_case_as
from inbox.changes.refusals import Conflict, Invalid, NotAllowed
from inbox.later.moments import parse_moment
from inbox.macros.steps import NOBODY, References, Step, answers, load_references, read_steps
from inbox.models import Case, Draft, Macro, MacroRun, SnoozeFor, StepKind, Verb
from inbox.replies import drafts
from inbox.replies.composer import newest_answerable_message
from inbox.replies.freshness import require_nothing_new
from inbox.replies.placeholders import ORDER, fill_placeholders, find_placeholders
from inbox.replies.verbs import queue_reply
from routing.models import Priority

#: Steps that fit a case whatever happened to it since somebody looked; an answer looks for itself.
_PATIENT = (StepKind.NOTE, StepKind.TAG, StepKind.UNTAG, StepKind.ANSWER)
NOTHING_DONE = "Nothing was done."


@dataclass(frozen=True, slots=True)
class Wanted:
    """Name the macro that a person runs: the key of their form, the version that they looked at, a number that they typed.

    `version` None means the case as it is.
    """

    macro_id: int
    key: uuid.UUID
    version: int | None = None
    order: str = ""


@dataclass(slots=True)
class _Running:
    """A macro under way on a locked case."""

    case_id: int
    by: User
    wanted: Wanted
    references: References
    now: dt.datetime

    def read_case(self) -> Case:
        """Return the case as the steps before have left it."""
        return Case.objects.select_related("identity", "brand_account").get(pk=self.case_id)


def run_macro(case_id: int, by: User, wanted: Wanted, *, now: dt.datetime) -> MacroRun:
    """Do all steps of a macro, or none.

    The same key again returns the first run and does nothing. Raises what the verbs raise, with the step in its sentence;
    `Invalid` for a macro that is archived, gone or cannot be run any more.
    """
    with transaction.atomic():
        if (before := _find_run(case_id, by, wanted)) is not None:
            return before
        macro = _find_macro(by, wanted.macro_id)
        steps, references = read_steps(macro), load_references([macro], by)
        _require_sound(macro, steps, references)
        try:
            with transaction.atomic():
                run = MacroRun.objects.create(macro=macro, case_id=case_id, by=by, key=wanted.key, at=now)
        except IntegrityError:
            if (before := _find_run(case_id, by, wanted)) is not None:
                return before
            raise Case.DoesNotExist from None
        with change_case_as(case_id, by, "claim", now=now) as change:
            _require_fresh(change, steps, wanted.version, by)
            change.record(Verb.MACRO_RUN, {"macro": macro.pk, "title": macro.title, "run": run.pk})
        run.first_version = change.case.version
        running = _Running(case_id, by, wanted, references, now)
        for number, step in enumerate(steps, start=1):
            _perform(running, step, number)
        run.last_version = Case.objects.values_list("version", flat=True).get(pk=case_id)
        run.save(update_fields=["first_version", "last_version"])
    return run


def _find_run(case_id: int, by: User, wanted: Wanted) -> MacroRun | None:
    run = MacroRun.objects.filter(key=wanted.key).select_related("macro").first()
    if run is not None and (run.case_id, run.by_id, run.macro_id) != (case_id, by.pk, wanted.macro_id):
        raise Invalid("This form belongs to another case. Open the case again.")
    return run


def _find_macro(by: User, macro_id: int) -> Macro:
    macro = Macro.objects.visible_to(by).filter(pk=macro_id, archived_at__isnull=True).first()
    if macro is None:
        raise Invalid(f"This macro is archived, or not for you. {NOTHING_DONE} Choose another one.")
    return macro


def _require_sound(macro: Macro, steps: Sequence[Step], references: References) -> None:
    """Refuse a macro when one of its steps names what is gone."""
    for number, step in enumerate(steps, start=1):
        if problem := references.find_problem(step):
            raise Invalid(
                f"“{macro}” cannot be run: step {number} ({step.kind.label.lower()}): {problem} {NOTHING_DONE} "
                "Change the macro first."
            )


def _require_fresh(change: Change, steps: Sequence[Step], version: int | None, by: User) -> None:
    if any(step.kind not in _PATIENT for step in steps):
        change.require_version(version)
    elif version is not None and answers(steps):
        require_nothing_new(change.case, version, by)


def _perform(running: _Running, step: Step, number: int) -> None:
    """Do one step; a refusal says which step it was."""
    where = f"Step {number}, “{running.references.describe(step)}”"
    try:
        _PERFORMERS[step.kind](running, step)
    except Conflict as error:
        raise Conflict(error.case, f"{where}: {error} {NOTHING_DONE}", error.heading) from error
    except Invalid as error:
        raise Invalid(f"{where}: {error} {NOTHING_DONE}") from error
    except NotAllowed as error:
        raise NotAllowed(f"{where}: {error} {NOTHING_DONE}") from error
    except Case.DoesNotExist as error:
        raise Invalid(f"{where}: you could no longer see the case. {NOTHING_DONE}") from error


def _answer(running: _Running, step: Step) -> None:
    case, by = running.read_case(), running.by
    text, canned_ids = answer_text(case, by, step, running.wanted.order, running.now)
    parent = newest_answerable_message(case)
    draft = Draft.objects.filter(case=case, user=by).first()
    queue_reply(
        case.pk,
        by,
        parent.pk if parent is not None else 0,
        text,
        uuid.uuid5(running.wanted.key, "answer"),
        case.version,
        now=running.now,
        canned_ids=canned_ids,
    )
    if draft is not None:
        # What they were writing is not what was sent: it stays.
        drafts.save_draft_unchecked(case.pk, by.pk, draft.text, draft.updated_at, draft.canned_answer_ids)


def answer_text(case: Case, by: User, step: Step, order: str, now: dt.datetime) -> tuple[str, list[int]]:
    """Return the text of an answer step, and its canned answers.

    Raises `Invalid` without one.
    """
    if not step.choice:
        text, canned_ids = fill_placeholders(step.text, placeholder_values(case, by)), list[int]()
    else:
        offered = find_offered(case, by, step.number, now)
        if offered is None:
            raise Invalid(f"The canned answer “{step.name}” is archived, or not for you.")
        text, canned_ids = offered.text, [offered.answer.pk]
    if ORDER in find_placeholders(text) and not order.strip():
        raise Invalid("It asks for the order number. Open “What it would do”, and type it there.")
    return fill_order(text, order), canned_ids


def asks_for_order(case: Case, by: User, steps: Sequence[Step], now: dt.datetime) -> bool:
    """Return whether a macro's answer needs an order number for this case."""
    step = next((step for step in steps if step.kind == StepKind.ANSWER), None)
    if step is None:
        return False
    if not step.choice:
        return ORDER in find_placeholders(step.text)
    offered = find_offered(case, by, step.number, now)
    return offered is not None and offered.asks_for_order


def _tag(running: _Running, step: Step) -> None:
    tags, tag = running.read_case().tags, step.text.strip()
    if tag not in tags:
        if len(tags) >= MOST_TAGS:
            raise Invalid(f"It has {len(tags)} tags already: {MOST_TAGS} are allowed.")
        tag_case(running.case_id, running.by, ", ".join([*tags, tag]), now=running.now)


def _untag(running: _Running, step: Step) -> None:
    tags, tag = running.read_case().tags, step.text.strip()
    if tag in tags:
        rest = ", ".join(other for other in tags if other != tag)
        tag_case(running.case_id, running.by, rest, now=running.now)


def _take(running: _Running, step: Step) -> None:
    if viewer(running.by).may("reassign"):
        verbs.assign_case(running.case_id, running.by, running.by, now=running.now)
    else:
        verbs.claim_case(running.case_id, running.by, now=running.now)


def _assign(running: _Running, step: Step) -> None:
    person = None if step.choice == NOBODY else running.references.people[step.number]
    verbs.assign_case(running.case_id, running.by, person, now=running.now)


def _hand_over(running: _Running, step: Step) -> None:
    department = running.references.departments[step.number]
    verbs.hand_over_case(running.case_id, running.by, department, step.text, now=running.now)


def _snooze(running: _Running, step: Step) -> None:
    if step.choice in (SnoozeFor.CUSTOMER, SnoozeFor.COLLEAGUE):
        wanted = Snooze(SnoozeFor(step.choice))
    else:
        wanted = Snooze(SnoozeFor.TIME, parse_moment(step.choice, "", "", running.now))
    snooze_case(running.case_id, running.by, wanted, now=running.now)


_PERFORMERS: dict[StepKind, Callable[[_Running, Step], Any]] = {
    StepKind.ANSWER: _answer,
    StepKind.NOTE: lambda run, step: verbs.add_note(run.case_id, run.by, step.text, now=run.now),
    StepKind.TAG: _tag,
    StepKind.UNTAG: _untag,
    StepKind.PRIORITISE: lambda run, step: prioritise_case(
        run.case_id, run.by, Priority(int(step.choice)), now=run.now
    ),
    StepKind.TAKE: _take,
    StepKind.ASSIGN: _assign,
    StepKind.HAND_OVER: _hand_over,
    StepKind.SNOOZE: _snooze,
    StepKind.RESOLVE: lambda run, _: verbs.resolve_case(run.case_id, run.by, now=run.now),
    StepKind.DISMISS: lambda run, step: verbs.dismiss_case(run.case_id, run.by, step.text, now=run.now),
}
#: How long a run can be taken back.
UNDO_GRANTED = hand_overs.UNDO_GRANTED
