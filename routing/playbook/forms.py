"""Forms of a question and of an outcome. They keep the input when it is invalid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import QueryDict

from accounts.models import Department
from routing.pages.forms import NAME_MISSING, validate_storable
from routing.playbook.edits import NEW_OUTCOME, NEW_QUESTION, find_part, with_owner
from routing.playbook.ownership import owner_of
from routing.playbook.tree import ACTION_LABELS, MAX_ANSWERS, Action
from routing.scope import EditScope

#: The number of empty rows for further answers, below the filled ones.
SPARE_ANSWER_ROWS = 1


class AnswerForm(forms.Form):
    """An answer: its text and its target. Answers without text are ignored."""

    key = forms.SlugField(required=False, max_length=60, widget=forms.HiddenInput)
    text = forms.CharField(required=False, max_length=120, label="Answer", validators=[validate_storable])
    target = forms.ChoiceField(required=False, label="Leads to")

    def __init__(self, *args: Any, targets: list[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["target"].choices = targets  # type: ignore[attr-defined]


AnswerFormSet = forms.formset_factory(
    AnswerForm, extra=0, max_num=MAX_ANSWERS, absolute_max=MAX_ANSWERS + SPARE_ANSWER_ROWS, validate_max=False
)


class OwnedForm(forms.Form):
    """A form with an owner.

    The choices are the departments in the user's scope, and the whole company if they may change that.
    """

    owner = forms.ChoiceField(
        required=False,
        label="Owned by",
        help_text="Its managers and administrators change it.",
    )

    def __init__(self, *args: Any, scope: EditScope, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        departments = Department.objects.values_list("slug", "name")
        company = [("", "The whole company")] if scope.is_company_wide else []
        self.fields["owner"].choices = [  # type: ignore[attr-defined]
            *company, *(choice for choice in departments if scope.covers(choice[0])),
        ]  # fmt: skip
        self.fields["owner"].required = not scope.is_company_wide


class QuestionForm(OwnedForm):
    """The text and help of a question. The answers are in a formset of their own."""

    text = forms.CharField(
        max_length=160,
        label="Question",
        validators=[validate_storable],
        error_messages={"required": "Write the question as you would ask a colleague."},
    )
    help = forms.CharField(
        required=False,
        max_length=300,
        label="Help",
        help_text="A sentence for anyone who is not sure.",
        validators=[validate_storable],
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    revision = forms.IntegerField(min_value=0, widget=forms.HiddenInput)


class OutcomeForm(OwnedForm):
    """The action of an outcome. Department, reason and text count only for actions that need them."""

    name = forms.CharField(
        max_length=80,
        validators=[validate_storable],
        help_text="Short enough for a button.",
        error_messages={"required": NAME_MISSING},
    )
    advice = forms.CharField(
        max_length=600,
        validators=[validate_storable],
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say in a sentence or two what to do."},
    )
    action = forms.ChoiceField(choices=list(ACTION_LABELS.items()), label="Suggested action")
    department = forms.ChoiceField(
        required=False, help_text="For a hand-over. If empty, the person following it chooses one."
    )
    reason = forms.CharField(
        required=False,
        max_length=200,
        validators=[validate_storable],
        help_text="For a hand-over and for dismissing.",
    )
    text = forms.CharField(
        required=False,
        max_length=600,
        label="How the answer may begin",
        validators=[validate_storable],
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    revision = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        departments = Department.objects.filter(is_open=True).values_list("slug", "name")
        self.fields["department"].choices = [("", "—"), *departments]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        if cleaned.get("action") == Action.DISMISS and not cleaned.get("reason", "").strip():
            self.add_error("reason", "Say why it is dismissed.")
        return cleaned

    def content(self, key: str) -> dict[str, str]:
        """Return the outcome of a valid form in snapshot format."""
        names = ("name", "advice", "action", "department", "reason", "text")
        values = {name: self.cleaned_data[name].replace("\r\n", "\n") for name in names}
        return with_owner({"key": key, **values}, self.cleaned_data["owner"])


class QuestionEditor:
    """The form of a question with its answers.

    It is filled from the posted data, else from the snapshot. `key` is the question's key, `revision` that of
    the edited draft. A posted `do` only moves or removes answers.
    """

    def __init__(
        self,
        snapshot: Mapping[str, Any],
        key: str,
        revision: int,
        data: QueryDict | None = None,
        *,
        scope: EditScope,
    ) -> None:
        self.scope = scope
        self.targets = answer_targets(snapshot, key)
        self.form: QuestionForm
        self.answers: Any
        if data is not None and "do" not in data:
            self.form = QuestionForm(data, scope=scope)
            self.answers = AnswerFormSet(data, prefix="answer", form_kwargs={"targets": self.targets})
            return
        if data is not None:
            values: dict[str, Any] = {
                name: data.get(name, "") for name in ("text", "help", "revision", "owner")
            }
            rows = _apply_row_action(_posted_answer_rows(data), data.get("do", ""))
        else:
            question = find_part(snapshot, "questions", key) or {}
            values = {
                "text": question.get("text", ""),
                "help": question.get("help", ""),
                "revision": revision,
                "owner": owner_of(question),
            }
            rows = [_answer_row(answer) for answer in question.get("answers", ())]
        self._build_unbound_forms(values, rows)

    def _build_unbound_forms(self, values: dict[str, Any], rows: list[dict[str, str]]) -> None:
        spare: list[dict[str, str]] = [{}] * SPARE_ANSWER_ROWS if len(rows) < MAX_ANSWERS else []
        self.form = QuestionForm(initial=values, scope=self.scope)
        self.answers = AnswerFormSet(
            prefix="answer", initial=[*rows, *spare], form_kwargs={"targets": self.targets}
        )
        self.answers.extra = 0

    def content(self) -> list[tuple[str, str, str]] | None:
        """Return the answers as (key, text, target), None when something is invalid.

        The errors are then in the form and its answers.
        """
        is_form_valid = self.form.is_valid()
        if not self.answers.is_valid() or not is_form_valid:
            return None
        rows = [form.cleaned_data for form in self.answers.forms if form.cleaned_data.get("text", "").strip()]
        if len(rows) > MAX_ANSWERS:
            self.form.add_error(None, f"{len(rows)} answers are too many: {MAX_ANSWERS} are allowed.")
            return None
        return [(row.get("key") or "", row["text"].strip(), row.get("target") or "") for row in rows]


def answer_targets(snapshot: Mapping[str, Any], key: str) -> list[Any]:
    """Return the targets for answers of a question, as grouped select choices."""
    questions = [
        (f"question:{question['key']}", question.get("text") or "(no words yet)")
        for question in snapshot.get("questions") or ()
        if question.get("key") != key
    ]
    outcomes = [
        (f"outcome:{outcome['key']}", outcome.get("name") or "(no name yet)")
        for outcome in snapshot.get("outcomes") or ()
    ]
    new = [(NEW_QUESTION, "A new question…"), (NEW_OUTCOME, "A new outcome…")]
    return [("", "Nowhere yet"), ("Outcomes", outcomes), ("Questions", questions), ("Not there yet", new)]


def _answer_row(answer: Mapping[str, str]) -> dict[str, str]:
    kind = "question" if answer.get("question") else "outcome"
    target = f"{kind}:{answer[kind]}" if answer.get(kind) else ""
    return {"key": answer.get("key", ""), "text": answer.get("text", ""), "target": target}


def _posted_answer_rows(data: QueryDict) -> list[dict[str, str]]:
    total = data.get("answer-TOTAL_FORMS", "")
    is_number = total.isascii() and total.isdigit() and len(total) < 4
    count = min(int(total), MAX_ANSWERS + SPARE_ANSWER_ROWS) if is_number else 0
    rows = [
        {name: data.get(f"answer-{n}-{name}", "").replace("\x00", "") for name in ("key", "text", "target")}
        for n in range(count)
    ]
    return [row for row in rows if row["text"].strip()]


def _apply_row_action(rows: list[dict[str, str]], do: str) -> list[dict[str, str]]:
    """Move or remove a row as the pressed button demands.

    `do` is "up:2", "down:0" or "remove:1", with rows counted from 0; anything else changes nothing.
    """
    verb, _, number = do.partition(":")
    index = int(number) if number.isascii() and number.isdigit() and len(number) < 4 else len(rows)
    if index >= len(rows):
        return rows
    row, rest = rows[index], [*rows[:index], *rows[index + 1 :]]
    if verb == "remove":
        return rest
    target = index - 1 if verb == "up" else index + 1 if verb == "down" else index
    target = max(0, min(target, len(rest)))
    return [*rest[:target], row, *rest[target:]]
