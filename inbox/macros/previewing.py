"""Say what a macro would do to a case: run it, read what it did, and roll all of it back."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from django.db import transaction

from accounts.models import User
from inbox.changes.refusals import Conflict, Invalid, NotAllowed
from inbox.macros.running import Wanted, run_macro
from inbox.macros.undoing import ANSWERS
from inbox.models import CaseEvent, Reply, Verb


class _RolledBack(Exception):
    """Take the trial back."""


@dataclass(slots=True)
class Foreseen:
    """Describe what a macro would do: the events that it would write, and the answer, None for none; or why it is refused."""

    events: list[CaseEvent] = field(default_factory=list)
    answer: Reply | None = None
    refusal: str = ""


def foresee_macro(case_id: int, by: User, wanted: Wanted, *, now: dt.datetime) -> Foreseen:
    """Return what a macro would do to a case now. Nothing is stored, sent or published.

    Raises `Case.DoesNotExist` for an absent case and also for one that the person may not read.
    """
    foreseen = Foreseen()
    try:
        with transaction.atomic():
            run = run_macro(case_id, by, wanted, now=now)
            written = CaseEvent.objects.filter(case=case_id, data__version__gte=run.first_version)
            foreseen.events = list(
                written.exclude(verb=Verb.MACRO_RUN).select_related("actor").order_by("id")
            )
            answers = [event.data["reply"] for event in foreseen.events if event.verb in ANSWERS]
            foreseen.answer = Reply.objects.select_related("parent").filter(pk__in=answers).first()
            raise _RolledBack
    except _RolledBack:
        return foreseen
    except (Conflict, Invalid, NotAllowed) as error:
        return Foreseen(refusal=str(error))
