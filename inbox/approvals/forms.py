"""The forms of the rules of approval, of new people, and of the right to approve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms

from accounts.models import BrandAccount, Department, Lifecycle, Role, User
from inbox.approval_rules.topics import list_names
from inbox.approvals.editing import governed_departments, people_to_mark, people_to_trust
from inbox.models import ApprovalRule
from inbox.text import clean_text

#: The stubs have the form field generic, Django has not.
if TYPE_CHECKING:
    AccountChoiceField = forms.ModelChoiceField[BrandAccount]
else:
    AccountChoiceField = forms.ModelChoiceField

_CONDITIONS = ("department", "brand_account", "min_followers", "customer_tag", "case_tag", "word_list")
_FIELDS = (*_CONDITIONS, "public_only")


class _AccountField(AccountChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.display_name} on {obj.network_label}"


class RuleForm(forms.Form):
    """A rule: an answer needs approval when it meets everything that is chosen here."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    department = forms.ModelChoiceField(
        Department.objects.none(), label="Department that has the case", empty_label="Any department"
    )
    brand_account = _AccountField(
        BrandAccount.objects.none(), required=False, label="Answered as", empty_label="Any account"
    )
    min_followers = forms.IntegerField(
        required=False, min_value=1, max_value=1_000_000_000, label="Followers of the customer, at least"
    )
    customer_tag = forms.CharField(
        required=False, max_length=40, label="Tag of the customer", help_text="For example influencer."
    )
    case_tag = forms.CharField(
        required=False, max_length=40, label="Tag of the case", help_text="For example legal."
    )
    word_list = forms.ChoiceField(
        required=False,
        label="What customers write about",
        help_text="A word list of the rules, compared with what the customer wrote in this case.",
    )
    public_only = forms.BooleanField(required=False, label="Public answers only, not direct messages")

    def __init__(self, data: Any, rule: ApprovalRule | None, by: User) -> None:
        stored = {name: getattr(rule, name) for name in ("version", *_FIELDS)} if rule else {"version": 0}
        super().__init__(data, initial=stored)
        departments = cast("forms.ModelChoiceField[Department]", self.fields["department"])
        departments.queryset = governed_departments(by)
        departments.required = by.role != Role.ADMINISTRATOR
        accounts = cast("forms.ModelChoiceField[BrandAccount]", self.fields["brand_account"])
        accounts.queryset = BrandAccount.objects.exclude(lifecycle=Lifecycle.CLOSED)
        lists = list_names()
        if rule is not None and rule.word_list and rule.word_list not in lists:
            lists[rule.word_list] = "A word list that is gone"
        cast(forms.ChoiceField, self.fields["word_list"]).choices = [("", "Anything"), *lists.items()]

    def clean_customer_tag(self) -> str:
        return _clean_tag(self.cleaned_data["customer_tag"])

    def clean_case_tag(self) -> str:
        return _clean_tag(self.cleaned_data["case_tag"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and not any(cleaned.get(name) for name in _CONDITIONS):
            raise forms.ValidationError(
                "Choose at least one condition: otherwise nobody could answer anything alone."
            )
        return cleaned

    @property
    def values(self) -> dict[str, Any]:
        """Return the choices, by column."""
        return {name: self.cleaned_data[name] for name in _FIELDS}


def _clean_tag(text: str) -> str:
    return " ".join(clean_text(text)[0].split())


class RampForm(forms.Form):
    """Somebody is new: how many of their answers need approval."""

    person = forms.ModelChoiceField(User.objects.none(), empty_label="Choose a person")
    needed = forms.IntegerField(label="Answers that need approval", min_value=0, max_value=500, initial=10)

    def __init__(self, data: Any, by: User) -> None:
        super().__init__(data, prefix="ramp")
        cast("forms.ModelChoiceField[User]", self.fields["person"]).queryset = people_to_mark(by)


class ApproverForm(forms.Form):
    """Somebody may approve answers of a department."""

    person = forms.ModelChoiceField(User.objects.none(), empty_label="Choose a person")
    department = forms.ModelChoiceField(Department.objects.none(), empty_label="Choose a department")

    def __init__(self, data: Any, by: User) -> None:
        super().__init__(data, prefix="approver")
        cast("forms.ModelChoiceField[User]", self.fields["person"]).queryset = people_to_trust(by)
        departments = cast("forms.ModelChoiceField[Department]", self.fields["department"])
        departments.queryset = governed_departments(by)
