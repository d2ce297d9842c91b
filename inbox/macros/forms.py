"""The form of a macro: its title, for whom it is, and a row for each step, whose fields depend on its kind.

It needs no script: a button adds a step, moves one or removes one by sending the form, which comes back changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from django import forms
from django.http import QueryDict

from accounts.access import ROLES
from accounts.models import User
from inbox.canned_answers.rights import editable_places, place_of
from inbox.macros.editing import TypedMacro, find_problems
from inbox.macros.steps import (
    LONGEST_ANSWER,
    LONGEST_TITLE,
    MOST_STEPS,
    NOBODY,
    SNOOZES,
    Step,
    find_step_problem,
    load_references_of_steps,
    read_steps,
)
from inbox.models import CannedAnswer, Macro, StepKind
from inbox.replies.placeholders import write_placeholders
from inbox.text import clean_text
from inbox.visibility import list_departments
from routing.models import Priority
from routing.pages.forms import NAME_MISSING, validate_storable

#: Labels of the two fields of a step, by its kind; "" for a field that it does not have.
FIELD_LABELS: dict[StepKind, tuple[str, str]] = {
    StepKind.ANSWER: ("Canned answer", "Or this text"),
    StepKind.NOTE: ("", "Note"),
    StepKind.TAG: ("", "Tag"),
    StepKind.UNTAG: ("", "Tag to remove"),
    StepKind.PRIORITISE: ("Priority", ""),
    StepKind.TAKE: ("", ""),
    StepKind.ASSIGN: ("To", ""),
    StepKind.HAND_OVER: ("To", "Why"),
    StepKind.SNOOZE: ("Until when", ""),
    StepKind.RESOLVE: ("", ""),
    StepKind.DISMISS: ("", "Why it needs no answer"),
}
_LONG_TEXTS = (StepKind.ANSWER, StepKind.NOTE, StepKind.HAND_OVER)
#: People and canned answers that a select offers.
_MOST_CHOICES = 500


@dataclass(slots=True)
class StepRow:
    """A step as the form shows it. `choices` are those of its select, `gone` names what is not there any more."""

    place: int
    step: Step
    choices: list[tuple[str, str]]
    choice_label: str
    text_label: str
    problem: str = ""

    @property
    def is_long(self) -> bool:
        """True for a text of several lines."""
        return self.step.kind in _LONG_TEXTS

    @property
    def number(self) -> int:
        """Its number for people."""
        return self.place + 1


class MacroForm(forms.Form):
    """Everything of a macro; its steps are `rows`."""

    title = forms.CharField(
        max_length=LONGEST_TITLE, validators=[validate_storable], error_messages={"required": NAME_MISSING}
    )
    place = forms.ChoiceField(label="Who can use it")
    version = forms.IntegerField(required=False, min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput)

    def __init__(
        self, data: QueryDict | None, macro: Macro | None, user: User, *, may_edit: bool = True
    ) -> None:
        own = [place_of(macro)] if macro and not may_edit else []
        self.places = own or editable_places(user)
        self.user = user
        initial = (
            {"title": macro.title, "place": place_of(macro).key, "version": macro.version} if macro else {}
        )
        super().__init__(data, initial=initial or {"version": 0})
        cast(forms.ChoiceField, self.fields["place"]).choices = [
            (place.key, place.label) for place in self.places
        ]
        self.steps = _posted_steps(data) if data is not None else read_steps(macro) if macro else []
        names = {(step.kind, step.choice): step.name for step in read_steps(macro)} if macro else {}
        self._choices = _Choices(user, names)
        self.steps = [self._choices.with_name(step) for step in self.steps]
        self.wants_change = data is not None and self._change_steps(data)

    def _change_steps(self, data: QueryDict) -> bool:
        """Add, move or remove a step.

        Return whether a button of the form asked for that.
        """
        if "add" in data:
            kind = next((kind for kind in StepKind if kind == data.get("new_kind")), StepKind.ANSWER)
            if len(self.steps) < MOST_STEPS:
                self.steps.append(Step(kind))
            return True
        for action, shift in (("up", -1), ("down", 1), ("remove", 0)):
            posted = data.get(action, "")
            if posted.isdecimal() and int(posted[:4]) < len(self.steps):
                at = int(posted[:4])
                step = self.steps.pop(at)
                if shift:
                    self.steps.insert(max(at + shift, 0), step)
                return True
        return False

    @property
    def rows(self) -> list[StepRow]:
        """The steps with their choices, and what is wrong with each once it was stored or sent."""
        references = load_references_of_steps(self.steps, self.user)
        rows = []
        for place, step in enumerate(self.steps):
            choice_label, text_label = FIELD_LABELS[step.kind]
            choices = self._choices.of(step) if choice_label else []
            row = StepRow(place, step, choices, choice_label, text_label, references.find_problem(step))
            if self.is_bound and not self.wants_change:
                row.problem = row.problem or find_step_problem(step)
            rows.append(row)
        return rows

    @property
    def typed_macro(self) -> TypedMacro:
        """The macro as typed. The form must be valid."""
        place = next(place for place in self.places if place.key == self.cleaned_data["place"])
        return TypedMacro(self.cleaned_data["title"], place, self.steps)

    def is_sound(self) -> bool:
        """Return whether all that was typed can be saved; what is wrong stands in the form."""
        if not self.is_valid():
            return False
        for problem in find_problems(self.typed_macro, self.user):
            self.add_error(None, problem)
        return self.is_valid()

    def mark_as_seen(self, version: int) -> None:
        """Let the next submission change this version."""
        data = cast(QueryDict, self.data).copy()
        data["version"] = str(version)
        self.data = data


def _posted_steps(data: QueryDict) -> list[Step]:
    """Return the steps of a posted form; what is no step is left out."""
    kinds, choices, texts = data.getlist("kind"), data.getlist("choice"), data.getlist("text")
    steps = []
    for kind, choice, text in list(zip(kinds, choices, texts, strict=False))[:MOST_STEPS]:
        if kind in StepKind.values:
            step_kind = StepKind(kind)
            steps.append(Step(step_kind, _clean_choice(step_kind, choice), _clean_words(step_kind, text)))
    return steps


def _clean_choice(kind: StepKind, choice: str) -> str:
    if kind == StepKind.PRIORITISE:
        return choice if choice in {str(each.value) for each in Priority} else ""
    if kind == StepKind.SNOOZE:
        return choice if choice in SNOOZES else ""
    is_number = choice.isascii() and choice.isdigit() and len(choice) < 18
    return choice if is_number or (kind == StepKind.ASSIGN and choice == NOBODY) else ""


def _clean_words(kind: StepKind, text: str) -> str:
    words = clean_text(text[: LONGEST_ANSWER + 1])[0].replace("\r\n", "\n").strip()
    if kind in (StepKind.TAG, StepKind.UNTAG):
        words = " ".join(words.lstrip("#").split())
    return write_placeholders(words) if kind == StepKind.ANSWER else words


class _Choices:
    """Hold what the selects of steps offer, each read once."""

    def __init__(self, user: User, names: dict[tuple[StepKind, str], str]) -> None:
        self.user, self._names = user, names
        self._read: dict[StepKind, list[tuple[str, str]]] = {}

    def of(self, step: Step) -> list[tuple[str, str]]:
        """Return what a step offers; what it has chosen stands there even when it is gone."""
        if step.kind not in self._read:
            self._read[step.kind] = self._list(step.kind)
        choices = self._read[step.kind]
        if step.choice and all(key != step.choice for key, _ in choices):
            return [*choices, (step.choice, f"{step.name or 'Something'} (gone)")]
        return choices

    def with_name(self, step: Step) -> Step:
        """Return the step with the name of what it has chosen."""
        if not step.choice:
            return step
        if step.kind not in self._read:
            self._read[step.kind] = self._list(step.kind)
        stored = step.name or self._names.get((step.kind, step.choice), "")
        name = next((label for key, label in self._read[step.kind] if key == step.choice), stored)
        return Step(step.kind, step.choice, step.text, name)

    def _list(self, kind: StepKind) -> list[tuple[str, str]]:
        match kind:
            case StepKind.ANSWER:
                answers = CannedAnswer.objects.visible_to(self.user).filter(archived_at__isnull=True)
                return [
                    (str(pk), title)
                    for pk, title in answers.order_by("title", "pk").values_list("pk", "title")[
                        :_MOST_CHOICES
                    ]
                ]
            case StepKind.PRIORITISE:
                return [(str(each.value), str(each.label)) for each in reversed(Priority)]
            case StepKind.ASSIGN:
                people = User.objects.filter(is_active=True, role__in=ROLES["claim"])
                people = people.order_by("first_name", "last_name", "pk")[:_MOST_CHOICES]
                return [
                    *((str(person.pk), str(person)) for person in people),
                    (NOBODY, "Nobody: give it back"),
                ]
            case StepKind.HAND_OVER:
                return [(str(each.pk), each.name) for each in list_departments(self.user) if each.is_open]
            case StepKind.SNOOZE:
                return [(key, words[0].upper() + words[1:]) for key, words in SNOOZES.items()]
            case _:
                return []
