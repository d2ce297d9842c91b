"""The form of one rule. What was typed is kept when something is wrong, and the message names the exact spot."""

from __future__ import annotations

import json
from typing import Any, cast

from django import forms
from django.db.models import Q
from django.http import QueryDict

from accounts.models import Department
from routing.conditions import storable, validate
from routing.editing import NAME_LENGTH, Content
from routing.models import Priority, Rule
from routing.rows import KINDS, Row, leaf_of, rows_of, tree_of

MAX_TREE_LENGTH = 400_000
MAX_TAGS = 20
#: Empty rows offered below those that are filled.
SPARE_ROWS = 2
MAX_ROWS = 40


def storable_text(value: str) -> None:
    """A validator: refuses what Postgres cannot store."""
    if not storable(value):
        raise forms.ValidationError("This contains a character that cannot be stored.")


class RowForm(forms.Form):
    """One row: a kind and a value. An empty row is ignored; `leaf` is what it means, once it is valid."""

    kind = forms.ChoiceField(choices=list(KINDS.items()), required=False, label="What")
    value = forms.CharField(
        required=False,
        label="Value",
        max_length=60_000,
        widget=forms.Textarea(attrs={"rows": 2, "class": "value"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        if cleaned.get("value"):
            leaf = leaf_of(cleaned.get("kind") or "words:any", cleaned["value"].replace("\r\n", "\n"))
            for problem in validate(leaf)[:5]:
                self.add_error("value", problem.message)
            cleaned["leaf"] = leaf
        return cleaned

    @property
    def leaf(self) -> dict[str, Any] | None:
        return cast("dict[str, Any] | None", self.cleaned_data.get("leaf"))


RowFormSet = forms.formset_factory(
    RowForm, extra=SPARE_ROWS, max_num=MAX_ROWS, absolute_max=MAX_ROWS, validate_max=True
)


class RuleForm(forms.Form):
    """Everything of a rule but its rows, which are two form sets beside it (see `RuleEditor`)."""

    name = forms.CharField(max_length=NAME_LENGTH, validators=[storable_text])
    department = forms.ModelChoiceField(Department.objects.none(), label="Goes to", empty_label=None)
    priority = forms.TypedChoiceField(choices=Priority.choices, coerce=int, initial=Priority.NORMAL)
    tags = forms.CharField(
        required=False, max_length=400, validators=[storable_text], help_text="Separated by commas."
    )
    needs_answer = forms.TypedChoiceField(
        choices=[("", "As its text reads"), ("yes", "Yes, always"), ("no", "No, never")],
        coerce=lambda value: value == "yes",
        empty_value=None,
        required=False,
        label="Needs an answer",
    )
    enabled = forms.BooleanField(required=False, initial=True, label="Switched on")
    mode = forms.ChoiceField(choices=[("rows", "With rows"), ("tree", "As a tree (JSON)")], initial="rows")
    group = forms.ChoiceField(
        choices=[("any", "any of these holds"), ("all", "all of these hold")], initial="any"
    )
    tree = forms.CharField(
        required=False, label="Tree", max_length=MAX_TREE_LENGTH, widget=forms.Textarea(attrs={"rows": 12})
    )
    note = forms.CharField(
        required=False,
        max_length=200,
        validators=[storable_text],
        label="Why",
        help_text="For the list of versions.",
    )
    seen = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)

    def __init__(self, *args: Any, rule: Rule | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        current = Q(pk=rule.department_id) if rule else Q()
        choices = cast("forms.ModelChoiceField[Department]", self.fields["department"])
        choices.queryset = Department.objects.filter(Q(is_open=True) | current if rule else Q(is_open=True))

    def clean_tags(self) -> list[str]:
        tags = list(dict.fromkeys(tag.strip() for tag in self.cleaned_data["tags"].split(",") if tag.strip()))
        if len(tags) > MAX_TAGS:
            raise forms.ValidationError(f"{len(tags)} tags are too many: {MAX_TAGS} are allowed.")
        return tags

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        department = cleaned.get("department")
        if department is not None and not department.is_open and cleaned.get("enabled"):
            self.add_error(
                "department", f"{department.name} is closed: choose another, or switch the rule off."
            )
        if cleaned.get("mode") == "tree" and "tree" in cleaned:
            cleaned["condition"] = self._read_tree(cleaned["tree"])
        return cleaned

    def _read_tree(self, text: str) -> Any:
        try:
            tree = json.loads(text)
        except RecursionError:
            self.add_error("tree", "Groups are nested far too deep.")
            return None
        except ValueError as error:
            self.add_error("tree", f"This is not JSON: {error}")
            return None
        for problem in validate(tree)[:10]:
            self.add_error("tree", str(problem))
        return tree


class RuleEditor:
    """The form of a rule with its two sets of rows: when it holds, and when not after all."""

    def __init__(self, data: QueryDict | None = None, rule: Rule | None = None, seen: int = 0) -> None:
        """From what was posted, else from a rule, else empty. `seen` is the version that the editor looked at."""
        initial: dict[str, Any] = {"seen": seen}
        holds: list[Row] = []
        unless: list[Row] = []
        if rule is not None:
            rows = rows_of(rule.condition)
            initial |= _initial(rule) | {
                "mode": "rows" if rows else "tree",
                "group": rows.group if rows else "any",
            }
            holds, unless = (rows.holds, rows.unless) if rows else ([], [])
        self.form = RuleForm(data, initial=initial, rule=rule)
        self.holds = RowFormSet(data, prefix="if", initial=[row._asdict() for row in holds])
        self.unless = RowFormSet(data, prefix="unless", initial=[row._asdict() for row in unless])

    def look_at(self, number: int) -> None:
        """Makes version `number` the one that the editor has seen, for the next time the form is sent."""
        data = cast(QueryDict, self.form.data).copy()
        data["seen"] = str(number)
        self.form.data = data

    def content(self) -> Content | None:
        """What the editor says, None when something is wrong: the forms say what."""
        whole = self.form.is_valid()
        condition = self.condition()
        if not whole or condition is None:
            return None
        said = self.form.cleaned_data
        return Content(
            name=said["name"],
            condition=condition,
            department=said["department"],
            enabled=said["enabled"],
            priority=said["priority"],
            tags=tuple(said["tags"]),
            needs_answer=said["needs_answer"],
        )

    def condition(self) -> dict[str, Any] | None:
        """The condition alone, None when it is wrong."""
        self.form.is_valid()
        said = self.form.cleaned_data
        if said.get("mode") == "tree":
            return None if self.form.has_error("tree") else said.get("condition")
        if not (self.holds.is_valid() and self.unless.is_valid()):
            return None
        holds = [leaf for form in self.holds.forms if (leaf := form.leaf)]
        unless = [leaf for form in self.unless.forms if (leaf := form.leaf)]
        if not holds and not unless:
            self.form.add_error(
                None, "Fill in at least one row: a rule without a condition would take every message."
            )
            return None
        return tree_of(said.get("group") or "any", holds, unless)


def _initial(rule: Rule) -> dict[str, Any]:
    return {
        "name": rule.name,
        "department": rule.department_id,
        "priority": rule.priority,
        "tags": ", ".join(rule.tags),
        "needs_answer": {True: "yes", False: "no", None: ""}[rule.needs_answer],
        "enabled": rule.enabled,
        "tree": json.dumps(rule.condition, ensure_ascii=False, indent=2),
    }


class TryForm(forms.Form):
    """A text to try the rules with, as if it came from a network."""

    text = forms.CharField(label="Message", max_length=20_000, widget=forms.Textarea(attrs={"rows": 3}))
    network = forms.ChoiceField(
        choices=[("x", "X"), ("facebook", "Facebook")], required=False, label="Network", initial="x"
    )
    followers = forms.IntegerField(required=False, min_value=0, label="Followers")


class DefaultForm(forms.Form):
    """The department that takes what no rule takes."""

    department = forms.ModelChoiceField(Department.objects.filter(is_open=True), empty_label=None)
