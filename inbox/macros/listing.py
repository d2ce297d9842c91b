"""The list of macros: what a person may run, filtered, with how often it was run and what is wrong with it."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field
from typing import Any, cast

from django import forms
from django.core.paginator import Page, Paginator
from django.db.models import Count, Max, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from accounts.models import User
from inbox.canned_answers.offering import clean_query
from inbox.canned_answers.rights import may_edit, place_of
from inbox.macros.steps import CLOSING_KINDS, LAST_KINDS, References, answers, load_references, read_steps
from inbox.models import CannedScope, Case, Macro, MacroRun
from inbox.models.macro import MacroQuerySet

PAGE_LENGTH = 50
#: Macros that a menu offers for one case.
MOST_OFFERED = 30
_RECENT = dt.timedelta(days=92)


@dataclass(frozen=True, slots=True)
class MacroRow:
    """A macro as its row shows it: what its steps do, and why it cannot be run, "" if it can."""

    macro: Macro
    place: str
    steps: list[str]
    problem: str
    uses: int
    last_used_at: dt.datetime | None
    may_edit: bool
    answers: bool
    moves_on: bool
    closes: bool
    #: Names one press of its button, so that a second does nothing.
    key: uuid.UUID = field(default_factory=uuid.uuid4)


class MacroFilterForm(forms.Form):
    """The filters of the list, in its address."""

    q = forms.CharField(required=False, max_length=100, label="Search")
    scope = forms.ChoiceField(required=False, label="Who can use it")
    archived = forms.BooleanField(required=False, label="Archived ones")

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        labels = {"person": "Only me", "department": "Departments", "company": "Everybody"}
        cast(forms.ChoiceField, self.fields["scope"]).choices = [
            ("", "Anybody"),
            *((scope.value, labels[scope]) for scope in CannedScope),
        ]

    @property
    def chosen(self) -> dict[str, Any]:
        """Return the choices; a value that is not offered counts as none."""
        self.is_valid()
        return {name: self.cleaned_data.get(name) or "" for name in self.fields}


def list_page(user: User, chosen: dict[str, Any], number: str) -> tuple[Page[Any], list[MacroRow]]:
    """Return one page of the list. At most five statements."""
    macros = Macro.objects.visible_to(user).filter(archived_at__isnull=not chosen["archived"])
    macros = _filter_by_words(macros, clean_query(chosen["q"]))
    if chosen["scope"]:
        macros = macros.filter(scope=chosen["scope"])
    page = Paginator(_with_uses(macros).order_by("title", "pk"), PAGE_LENGTH).get_page(number)
    shown = list(page)
    references = load_references(shown, user)
    return page, [build_row(macro, user, references) for macro in shown]


def offer_macros(case: Case, user: User, query: str, now: dt.datetime) -> list[MacroRow]:
    """Return the macros for a case and a query, the best first.

    Those of its department and one's own before the company's, then those that the person runs most. At most five statements.
    """
    own = MacroRun.objects.filter(
        macro=OuterRef("pk"), by=user, at__gte=now - _RECENT, undone_at__isnull=True
    )
    macros = Macro.objects.visible_to(user).filter(archived_at__isnull=True)
    macros = _filter_by_words(macros, clean_query(query))
    # Those of a department suit its cases.
    suiting = macros.filter(Q(department__isnull=True) | Q(department=case.department_id))
    ranked = _with_uses(suiting).annotate(own_uses=_count(own)).order_by("-own_uses", "title", "pk")
    shown = sorted(ranked[:MOST_OFFERED], key=lambda macro: macro.scope == CannedScope.COMPANY)
    references = load_references(shown, user)
    return [build_row(macro, user, references) for macro in shown]


def _filter_by_words(macros: MacroQuerySet, query: str) -> MacroQuerySet:
    for word in query.split():
        macros = macros.filter(title__icontains=word)
    return macros


def _with_uses(macros: MacroQuerySet) -> Any:
    uses = MacroRun.objects.filter(macro=OuterRef("pk"), undone_at__isnull=True)
    last = uses.order_by().values("macro").annotate(last=Max("at")).values("last")
    return macros.annotate(all_uses=_count(uses), last_used_at=Subquery(last)).select_related("department")


def _count(uses: Any) -> Coalesce:
    total = uses.order_by().values("macro").annotate(total=Count("pk")).values("total")
    return Coalesce(Subquery(total), 0)


def build_row(macro: Any, user: User, references: References) -> MacroRow:
    """Return a macro as its row shows it. No statement."""
    steps = read_steps(macro)
    problems = ((number, references.find_problem(step)) for number, step in enumerate(steps, start=1))
    return MacroRow(
        macro,
        place_of(macro).label,
        [references.describe(step) for step in steps],
        next((f"Step {number}: {problem}" for number, problem in problems if problem), ""),
        getattr(macro, "all_uses", 0),
        getattr(macro, "last_used_at", None),
        may_edit(user, macro),
        answers(steps),
        any(step.kind in LAST_KINDS for step in steps),
        any(step.kind in CLOSING_KINDS for step in steps),
    )
