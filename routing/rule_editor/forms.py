"""Forms of the rule editor.

An invalid form keeps what was typed; its messages name the exact place.
"""

from __future__ import annotations

import json
from typing import Any, cast

from django import forms

from accounts.models import Department
from routing.conditions.validation import validate_condition
from routing.models import Priority, Rule
from routing.pages.forms import NAME_MISSING, validate_storable
from routing.rule_editor.choices import EditorChoices, Options
from routing.rules.edits import NAME_LENGTH
from routing.rules.scope import RuleScope

MAX_TREE_LENGTH = 400_000
MAX_TAGS = 20


class RuleForm(forms.Form):
    """The fields of a rule.

    The rows of its condition are outside this form (see `routing.rule_editor.editor`).
    """

    name = forms.CharField(
        max_length=NAME_LENGTH, validators=[validate_storable], error_messages={"required": NAME_MISSING}
    )
    department = forms.ModelChoiceField(Department.objects.none(), label="Goes to", empty_label=None)
    priority = forms.TypedChoiceField(choices=Priority.choices, coerce=int, initial=Priority.NORMAL)
    tags = forms.CharField(
        required=False, max_length=400, validators=[validate_storable], help_text="Separated by commas."
    )
    needs_answer = forms.TypedChoiceField(
        choices=[("", "Decide from the text"), ("yes", "Yes, always"), ("no", "No, never")],
        coerce=lambda value: value == "yes",
        empty_value=None,
        required=False,
        label="Needs an answer",
    )
    person = forms.ChoiceField(required=False, label="Person")
    skill = forms.ChoiceField(required=False, label="Or anyone with the skill")
    playbook_branch = forms.ChoiceField(required=False, label="Playbook begins at")
    dismiss = forms.BooleanField(required=False, label="Dismiss as noise")
    enabled = forms.BooleanField(required=False, initial=True, label="Switched on")
    mode = forms.ChoiceField(
        choices=[("rows", "With rows"), ("tree", "As JSON")], initial="rows", required=False
    )
    tree = forms.CharField(
        required=False,
        label="Condition as JSON",
        max_length=MAX_TREE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 12}),
    )
    note = forms.CharField(
        required=False,
        max_length=200,
        validators=[validate_storable],
        label="Reason for the change",
        help_text="Shown in Versions.",
    )
    seen = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)
    mark = forms.CharField(required=False, max_length=16, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, rule: Rule | None, scope: RuleScope, choices: EditorChoices, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        departments = Department.objects.filter(is_open=True)
        if scope.departments is not None and not scope.is_by_account:
            departments = departments.filter(slug__in=scope.departments)
        if rule is not None and rule.department.pk:
            departments = departments | Department.objects.filter(pk=rule.department.pk)
        cast("forms.ModelChoiceField[Department]", self.fields["department"]).queryset = departments
        self._set_field_choices("person", "Anybody in the department", choices.people, rule)
        self._set_field_choices("skill", "—", choices.skills, rule)
        self._set_field_choices("playbook_branch", "Its first question", choices.branches, rule)
        #: True when there is a playbook with questions to begin at.
        self.has_branches = bool(choices.branches or (rule and rule.playbook_branch))

    def _set_field_choices(self, name: str, empty_label: str, options: Options, rule: Rule | None) -> None:
        """Offer the options, and the rule's value even when it is gone."""
        current = getattr(rule, name) if rule is not None else ""
        is_gone = current and current not in {value for value, _ in options}
        gone = [(current, f"{current} (no longer there)")] if is_gone else []
        cast(forms.ChoiceField, self.fields[name]).choices = [("", empty_label), *options, *gone]

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
        if cleaned.get("person") and cleaned.get("skill"):
            self.add_error("skill", "Choose a person or a skill, not both.")
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
        for problem in validate_condition(tree)[:10]:
            self.add_error("tree", str(problem))
        return tree


class TryRulesForm(forms.Form):
    """A message to try the rules with.

    It is treated as if it came from a network.
    """

    text = forms.CharField(
        label="Message",
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Paste a message first."},
    )
    network = forms.ChoiceField(
        choices=[("x", "X"), ("facebook", "Facebook")], required=False, label="Network", initial="x"
    )
    followers = forms.IntegerField(required=False, min_value=0, label="Followers")


class DefaultDepartmentForm(forms.Form):
    """The department for messages that no rule matches."""

    department = forms.ModelChoiceField(Department.objects.none(), empty_label=None)

    def __init__(self, *args: Any, scope: RuleScope, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        departments = Department.objects.filter(is_open=True)
        if scope.departments is not None:
            departments = departments.filter(slug__in=scope.departments)
        cast("forms.ModelChoiceField[Department]", self.fields["department"]).queryset = departments


class PublishDraftForm(forms.Form):
    """A note that says why a draft is published."""

    note = forms.CharField(
        required=False, max_length=200, validators=[validate_storable], label="Reason for the change",
        help_text="Shown in Versions.",
    )  # fmt: skip
