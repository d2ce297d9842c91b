"""The form of a word list. It keeps what was typed when something is wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, cast

from django import forms
from django.http import QueryDict

from routing.conditions.sentences import language_name
from routing.conditions.validation import MAX_WORD_LENGTH
from routing.conditions.word_lists import MAX_NAME_LENGTH, find_word_list_problems
from routing.pages.forms import NAME_MISSING, validate_storable
from routing.rule_editor.choices import LANGUAGES

JsonDict = dict[str, Any]
#: Languages that the form of a new list shows.
_FIRST_LANGUAGES = ("en",)
_MAX_TEXT_LENGTH = 200_000


def split_words(text: str) -> list[str]:
    """Return the words of a text, split at lines, commas and semicolons."""
    parts = (" ".join(part.split()) for part in re.split(r"[,;\n]", text.replace("\r", "")))
    return list(dict.fromkeys(part for part in parts if part))


class WordsField(forms.CharField):
    """Words, one a line or with commas between them. Its value is a list."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.Textarea(
            attrs={"rows": kwargs.pop("rows", 8), "class": "input words", "spellcheck": "false"}
        )
        super().__init__(
            required=False,
            max_length=_MAX_TEXT_LENGTH,
            validators=[validate_storable],
            widget=widget,
            **kwargs,
        )

    def clean(self, value: Any) -> Any:
        words = split_words(super().clean(value))
        if long := next((word for word in words if len(word) > MAX_WORD_LENGTH), None):
            raise forms.ValidationError(f"“{long[:40]}…” has more than {MAX_WORD_LENGTH} characters.")
        return words


class WordListForm(forms.Form):
    """The fields of a word list: a field of words for each of its languages, and for one more."""

    name = forms.CharField(
        max_length=MAX_NAME_LENGTH,
        validators=[validate_storable],
        error_messages={"required": NAME_MISSING},
        help_text="As it is read in a rule: is about “…”.",
    )
    new_language = forms.ChoiceField(required=False, label="Another language")
    new_words = WordsField(label="Its words", rows=4)
    excluded = WordsField(
        label="Except when it also says",
        rows=3,
        help_text="A message with one of these is not about this list.",
    )
    also = forms.CharField(
        required=False,
        label="Combinations and patterns, as JSON",
        max_length=_MAX_TEXT_LENGTH,
        widget=forms.Textarea(attrs={"rows": 10, "class": "input code", "spellcheck": "false"}),
    )
    note = forms.CharField(
        required=False,
        max_length=200,
        validators=[validate_storable],
        label="Reason for the change",
        help_text="Shown in Versions.",
    )
    mark = forms.CharField(required=False, max_length=16, widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None, word_list: JsonDict | None, mark: str) -> None:
        words: Mapping[str, list[str]] = word_list["words"] if word_list else {}
        self.languages = sorted_languages([*(words or _FIRST_LANGUAGES), *_languages_in(data)])
        super().__init__(data, initial=_initial_values(word_list, mark))
        for code in self.languages:
            self.fields[_field_name(code)] = WordsField(
                label=language_name(code) if code else "Any language", rows=10
            )
        offered = [(code, language_name(code)) for code in LANGUAGES if code not in self.languages]
        cast(forms.ChoiceField, self.fields["new_language"]).choices = [("", "Choose…"), *offered]

    @property
    def language_fields(self) -> list[dict[str, Any]]:
        """The fields of words by language, with their numbers of words."""
        fields = [self[_field_name(code)] for code in self.languages]
        return [{"field": field, "count": len(split_words(str(field.value() or "")))} for field in fields]

    @property
    def typed_list(self) -> JsonDict:
        """The word list as typed (see `routing.conditions.word_lists`). The form must be valid."""
        cleaned = self.cleaned_data
        words = {code: cleaned[_field_name(code)] for code in self.languages}
        if cleaned["new_language"]:
            words[cleaned["new_language"]] = cleaned["new_words"]
        word_list: JsonDict = {
            "name": cleaned["name"],
            "words": {code: each for code, each in words.items() if each},
        }
        optional = {"except": cleaned["excluded"], "also": cleaned["also"]}
        return word_list | {name: value for name, value in optional.items() if value}

    def mark_as_seen(self, mark: str) -> None:
        """Let the next submission edit the list with this fingerprint."""
        data = cast(QueryDict, self.data).copy()
        data["mark"] = mark
        self.data = data

    def clean_also(self) -> list[JsonDict]:
        text = self.cleaned_data["also"].strip()
        try:
            conditions = json.loads(text) if text else []
        except ValueError as error:
            raise forms.ValidationError(f"This is not JSON: {error}.") from None
        if not isinstance(conditions, list):
            raise forms.ValidationError("This must be a list of conditions, in square brackets.")
        return conditions

    def clean(self) -> JsonDict:
        cleaned = self.cleaned_data
        if cleaned.get("new_words") and not cleaned.get("new_language"):
            self.add_error("new_language", "Choose the language of these words.")
        if not self.errors:
            for problem in find_word_list_problems(self.typed_list):
                self.add_error(None, problem)
        return cleaned


def _initial_values(word_list: JsonDict | None, mark: str) -> dict[str, Any]:
    if word_list is None:
        return {"mark": mark}
    also = word_list.get("also")
    return {
        "name": word_list["name"],
        "excluded": "\n".join(word_list.get("except", ())),
        "also": json.dumps(also, ensure_ascii=False, indent=1) if also else "",
        "mark": mark,
        **{_field_name(code): "\n".join(words) for code, words in word_list["words"].items()},
    }


def _field_name(code: str) -> str:
    return f"words_{code or 'any'}"


def _languages_in(data: QueryDict | None) -> list[str]:
    """Return the languages whose fields were posted."""
    names = [name.removeprefix("words_") for name in data or () if name.startswith("words_")]
    return [code if code != "any" else "" for code in names if code in LANGUAGES or code == "any"]


def sorted_languages(codes: Iterable[str]) -> list[str]:
    """Return each code once, in the order of `LANGUAGES`, "" last."""
    unique = dict.fromkeys(codes)
    places = {code: place for place, code in enumerate(LANGUAGES)}
    return sorted(unique, key=lambda code: places.get(code, len(places)) if code else len(places) + 1)
