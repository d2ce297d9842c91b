"""Macros on many cases: each case is a run of its own, checked singly, and taken back singly."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.db import transaction

from accounts.models import User
from inbox.bulk.acts import KEPT_FOR
from inbox.changes.refusals import Conflict, Invalid, NotAllowed
from inbox.macros.running import Wanted, run_macro
from inbox.macros.steps import answers, load_references, read_steps
from inbox.macros.undoing import NOTE_STAYS, undo_run
from inbox.models import BulkAct, BulkItem, BulkItemState, Case, Macro, MacroRun

#: Cases of one transaction: each takes as many statements as a run by hand.
BATCH_SIZE = 20
_KEYS = uuid.UUID("7f6a3f0a-6d6b-4b0e-9a0b-1d6a5f0c2e11")
_GONE = "You may not work on this case, or it is gone."


def list_runnable(user: User) -> list[Macro]:
    """Return the macros that a person can run, by title. At most four statements."""
    macros = list(Macro.objects.visible_to(user).filter(archived_at__isnull=True).order_by("title", "pk"))
    references = load_references(macros, user)
    return [macro for macro in macros if not any(map(references.find_problem, read_steps(macro)))]


def macro_details(user: User, number: int) -> dict[str, Any]:
    """Return what an act needs to know of a macro. Raises `Invalid` for one that cannot be run."""
    macro = next((macro for macro in list_runnable(user) if macro.pk == number), None)
    if macro is None:
        raise Invalid("Choose a macro that can be run.")
    has_answer = answers(read_steps(macro))
    return {"macro_id": macro.pk, "title": macro.title, "version": macro.version, "answers": has_answer}


def run_on_case(act: BulkAct, item: BulkItem, now: dt.datetime) -> tuple[BulkItemState, str, dict[str, Any]]:
    """Run the macro of an act on one case. Return what became of it, why not, and what its undo needs."""
    wish = Wanted(act.details["macro_id"], uuid.uuid5(_KEYS, f"{act.pk}/{item.case_id}"))
    try:
        with transaction.atomic():
            _require_same(act)
            run = run_macro(item.case_id, act.by, wish, now=now)
    except (Conflict, Invalid, NotAllowed) as error:
        return BulkItemState.REFUSED, str(error), {}
    except Case.DoesNotExist:
        return BulkItemState.REFUSED, _GONE, {}
    return BulkItemState.DONE, "", {"version": run.last_version, "at": run.at, "undo": {"run": run.pk}}


def _require_same(act: BulkAct) -> None:
    """Refuse a macro that is not what the person has confirmed."""
    version = Macro.objects.filter(pk=act.details["macro_id"]).values_list("version", flat=True).first()
    if version != act.details["version"]:
        raise Invalid("The macro was changed after the act had begun.")


def take_back_from_case(act: BulkAct, item: BulkItem, now: dt.datetime) -> tuple[BulkItemState, str]:
    """Take the run on one case back. Return what became of it, and what stays."""
    try:
        with transaction.atomic():
            undone = undo_run(item.undo.get("run", 0), act.by, now=now, granted=KEPT_FOR)
    except (Conflict, Invalid, NotAllowed) as error:
        return BulkItemState.KEPT, str(error)
    except (MacroRun.DoesNotExist, Case.DoesNotExist):
        return BulkItemState.KEPT, _GONE
    stays = [words for words in undone.stays if words != NOTE_STAYS]
    return (
        (BulkItemState.KEPT, f"Taken back but for this: {' '.join(stays)}")
        if stays
        else (BulkItemState.UNDONE, "")
    )
