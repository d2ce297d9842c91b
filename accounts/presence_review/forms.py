"""Forms of the presence review: the charter, a decision, a step of a sunset."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.db.models import Q
from django.db.models.functions import Lower

from accounts.access import ROLES
from accounts.models import BrandAccount, Department, ReviewDecision, Role, User

if TYPE_CHECKING:
    BrandAccountForm = forms.ModelForm[BrandAccount]
else:
    BrandAccountForm = forms.ModelForm

_HOUR = dt.timedelta(hours=1)


def _paragraph_field(label: str, help_text: str, *, required: bool = True) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        required=required,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class CharterForm(BrandAccountForm):
    """The charter of a brand account. The promised response is entered in hours."""

    purpose = _paragraph_field("Purpose", "Why the company has this account.")
    audience = _paragraph_field("Audience", "Who it speaks to.")
    objective = _paragraph_field("Objective", "What it should achieve, so that you can tell whether it does.")
    persona = _paragraph_field("Persona", "How it speaks: warm, brief, formal or not.", required=False)
    promised_hours = forms.DecimalField(
        label="Promised response, in hours",
        min_value=Decimal("0.25"),
        max_value=24 * 14,
        decimal_places=2,
        help_text="For cases that no service level covers. In Reports, a week counts as complete only after this time.",
    )

    class Meta:
        model = BrandAccount
        fields = ("owner_department", "owner", "purpose", "audience", "objective", "persona")

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = Q(pk=self.instance.owner_department_id)
        self.fields["owner_department"] = forms.ModelChoiceField(
            queryset=Department.objects.filter(Q(is_open=True) | own),
            label="Owner department",
            empty_label="Choose a department",
            help_text="Responsible for this account: its tone, its charter, its reviews.",
        )
        people = User.objects.filter(is_active=True, role__in=ROLES["govern"])
        self.fields["owner"] = forms.ModelChoiceField(
            queryset=people.order_by(Lower("first_name"), Lower("last_name"), "pk"),
            label="Owner",
            empty_label="Choose a person",
            help_text="Signs the charter again in time and decides about the account each quarter.",
        )
        self.order_fields(
            ("owner_department", "owner", "purpose", "audience", "objective", "persona", "promised_hours")
        )
        if by.role != Role.ADMINISTRATOR:
            # Whoever hands an account to another department would lose it.
            del self.fields["owner_department"]
            if by.role != Role.MANAGER:
                del self.fields["owner"]
        self.initial["promised_hours"] = f"{self.instance.promised_response / _HOUR:g}"

    def apply(self) -> BrandAccount:
        """Return the account with the values of the form, unsaved."""
        brand_account = super().save(commit=False)
        brand_account.promised_response = float(self.cleaned_data["promised_hours"]) * _HOUR
        return brand_account


class DecisionForm(forms.Form):
    """A decision about an account: it needs a reason."""

    decision = forms.ChoiceField(choices=ReviewDecision.choices, widget=forms.RadioSelect, label="Decision")
    reason = forms.CharField(
        label="Reason",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="What the next reader should know. It stays on record with your name and the date.",
    )


class StepForm(forms.Form):
    """The fields that a step of a sunset asks for, by `step`."""

    note = forms.CharField(max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))
    moved_to = forms.CharField(
        label="Where customers are sent",
        max_length=200,
        help_text="For example “@kettle_help on X”. The composer of its cases shows it.",
    )

    def __init__(self, *args: Any, fields: dict[str, tuple[str, str, bool]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in list(self.fields):
            if name not in fields:
                del self.fields[name]
                continue
            field = self.fields[name]
            field.label, field.help_text, field.required = fields[name]
