"""The form of a canned answer: its title, shortcut and whom it is for, and a row for each of its texts."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.forms import BaseFormSet, formset_factory
from django.http import QueryDict

from accounts.models import User
from inbox.canned_answers.editing import (
    LONGEST_SHORTCUT,
    LONGEST_TEXT,
    LONGEST_TITLE,
    MOST_TEXTS,
    TypedAnswer,
    TypedText,
    clean_shortcut,
    find_problems,
)
from inbox.canned_answers.lengths import NetworkLength, measure_on_networks
from inbox.canned_answers.rights import editable_places, place_of
from inbox.models import CannedAnswer
from inbox.replies.placeholders import describe_wrong_placeholder
from networks.registry import network_choices
from routing.conditions.sentences import language_name
from routing.pages.forms import NAME_MISSING, validate_storable
from routing.rule_editor.choices import LANGUAGES

ALL_NETWORKS = "All networks"


class TextForm(forms.Form):
    """One text. Without words it is left out, which is how a text is deleted."""

    language = forms.ChoiceField(choices=[(code, language_name(code)) for code in LANGUAGES])
    network = forms.ChoiceField(required=False, label="For")
    text = forms.CharField(
        required=False,
        strip=False,
        max_length=LONGEST_TEXT,
        validators=[validate_storable],
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto", "class": "input canned-text"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        choices = [("", ALL_NETWORKS), *((key, f"{label} only") for key, label in network_choices())]
        cast(forms.ChoiceField, self.fields["network"]).choices = choices

    @property
    def lengths(self) -> list[NetworkLength]:
        """The lengths of the text as it stands in the form, on every network."""
        return measure_on_networks(str(self["text"].value() or ""), "", self.user)

    def clean_text(self) -> str:
        text = str(self.cleaned_data["text"]).replace("\r\n", "\n").strip()
        if wrong := describe_wrong_placeholder(text):
            raise forms.ValidationError(wrong)
        return text


TextFormSet = formset_factory(TextForm, extra=1, max_num=MOST_TEXTS, validate_max=True)
_StoredTextFormSet = formset_factory(TextForm, extra=0)


class CannedAnswerForm(forms.Form):
    """Everything of a canned answer but its texts, which are in `texts`."""

    title = forms.CharField(
        max_length=LONGEST_TITLE, validators=[validate_storable], error_messages={"required": NAME_MISSING}
    )
    shortcut = forms.CharField(
        max_length=LONGEST_SHORTCUT + 1,
        validators=[validate_storable],
        help_text="Typed after a semicolon while answering: ;refund-sent",
        widget=forms.TextInput(
            attrs={"autocapitalize": "none", "autocomplete": "off", "spellcheck": "false"}
        ),
    )
    place = forms.ChoiceField(label="Who can use it")
    version = forms.IntegerField(required=False, min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput)

    def __init__(
        self, data: QueryDict | None, answer: CannedAnswer | None, user: User, *, may_edit: bool = True
    ) -> None:
        own = [place_of(answer)] if answer and not may_edit else []
        self.places = own or editable_places(user)
        super().__init__(data, initial=_initial_values(answer))
        cast(forms.ChoiceField, self.fields["place"]).choices = [
            (place.key, place.label) for place in self.places
        ]
        # A posted row that is as it was stored would count as left empty.
        form_set = TextFormSet if may_edit else _StoredTextFormSet
        self.texts: BaseFormSet[TextForm] = form_set(
            data,
            prefix="texts",
            initial=_initial_texts(answer) if data is None else None,
            form_kwargs={"user": user},
        )

    def clean_shortcut(self) -> str:
        return clean_shortcut(self.cleaned_data["shortcut"])

    @property
    def typed_answer(self) -> TypedAnswer:
        """The canned answer as typed. Form and texts must be valid."""
        cleaned = self.cleaned_data
        place = next(place for place in self.places if place.key == cleaned["place"])
        typed_texts = [
            TypedText(form.cleaned_data["language"], form.cleaned_data["network"], form.cleaned_data["text"])
            for form in self.texts
            if form.cleaned_data.get("text")
        ]
        return TypedAnswer(cleaned["title"], cleaned["shortcut"], place, typed_texts)

    def is_sound(self) -> bool:
        """Return whether all that was typed can be saved; what is wrong stands in the form."""
        if not (self.is_valid() & self.texts.is_valid()):
            return False
        for problem in find_problems(self.typed_answer):
            self.add_error("shortcut" if problem.startswith("A shortcut") else None, problem)
        return self.is_valid()

    def mark_as_seen(self, version: int) -> None:
        """Let the next submission change this version."""
        data = cast(QueryDict, self.data).copy()
        data["version"] = str(version)
        self.data = data


def with_another_text(data: QueryDict) -> QueryDict:
    """Return the posted form with one more row for a text."""
    more = data.copy()
    total = more.get("texts-TOTAL_FORMS", "")
    rows = int(total) if total.isascii() and total.isdigit() and len(total) < 4 else 0
    more["texts-TOTAL_FORMS"] = str(min(rows + 1, MOST_TEXTS))
    return more


def _initial_values(answer: CannedAnswer | None) -> dict[str, Any]:
    if answer is None:
        return {"version": 0}
    return {
        "title": answer.title,
        "shortcut": answer.shortcut,
        "place": place_of(answer).key,
        "version": answer.version,
    }


def _initial_texts(answer: CannedAnswer | None) -> list[dict[str, str]]:
    if answer is None:
        return []
    stored = sorted(answer.texts.all(), key=lambda each: (each.language, each.network))
    return [{"language": each.language, "network": each.network, "text": each.text} for each in stored]
