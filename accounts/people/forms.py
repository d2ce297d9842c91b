"""Forms of people and departments."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.models import BrandAccount, Department, Role, User
from accounts.people.department_tags import find_taken_tag
from accounts.people.verbs import CaseAccess
from accounts.working_time.forms import zone_choices

if TYPE_CHECKING:
    UserModelForm = forms.ModelForm[User]
    DepartmentModelForm = forms.ModelForm[Department]
else:
    UserModelForm = DepartmentModelForm = forms.ModelForm

_GRANT_CHOICES = [
    ("", "No access"),
    ("work", "Works on it"),
    ("publish", "Works on it and answers in its name"),
]
_INITIALS = re.compile(r"[^\W\d_]{2,4}")


class UserForm(UserModelForm):
    """A person: name, role, departments, and their rights for each brand account (fields `grant-ID`)."""

    departments = forms.ModelMultipleChoiceField(
        queryset=Department.objects.all(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="They see and work on the cases of these departments.",
    )

    class Meta:
        model = User
        fields = ("first_name", "last_name", "username", "email", "initials", "role", "time_zone")

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("first_name", "last_name", "email"):
            self.fields[name].required = True
        self.fields["initials"].help_text = "Added to their answers, for example ^AB: two to four letters."
        self.fields["username"].help_text = "They can sign in with it or with the e-mail address."
        self.fields["username"].label = "User name"
        self.fields["time_zone"] = forms.ChoiceField(
            label="Times are shown in",
            required=False,
            choices=zone_choices,
            help_text="They can change it themselves.",
        )
        if self.instance == by:
            self.fields["role"].disabled = True
            self.fields["role"].help_text = "You cannot change your own role. Ask another administrator."
        if self.instance.pk:
            self.initial["departments"] = list(self.instance.departments.values_list("pk", flat=True))
        self._add_grant_fields()

    def _add_grant_fields(self) -> None:
        self.brand_accounts = {f"grant-{account.pk}": account for account in BrandAccount.objects.all()}
        grants: dict[int, bool] = {}
        if self.instance.pk:
            grants = dict(self.instance.grants.values_list("brand_account_id", "can_publish"))
        for name, brand_account in self.brand_accounts.items():
            self.fields[name] = forms.ChoiceField(
                choices=_GRANT_CHOICES, required=False, label=str(brand_account)
            )
            if brand_account.pk in grants:
                self.initial[name] = "publish" if grants[brand_account.pk] else "work"

    def grant_fields(self) -> list[forms.BoundField]:
        """Return the fields of the brand accounts, in order."""
        return [self[name] for name in self.brand_accounts]

    def person_fields(self) -> list[forms.BoundField]:
        """Return the fields for name, sign-in and role."""
        return [self[name] for name in self.Meta.fields]

    def clean_username(self) -> str:
        return self._require_unused("username", "This user name is taken.")

    def clean_email(self) -> str:
        return self._require_unused("email", "This e-mail address is taken.").lower()

    def clean_initials(self) -> str:
        initials: str = self.cleaned_data["initials"].strip()
        if initials and not _INITIALS.fullmatch(initials):
            raise ValidationError("Use two to four letters, or leave it empty.")
        return initials.upper()

    def _require_unused(self, name: str, problem: str) -> str:
        value: str = self.cleaned_data[name].strip()
        if User.objects.filter(**{f"{name}__iexact": value}).exclude(pk=self.instance.pk).exists():
            raise ValidationError(problem)
        return value

    def clean(self) -> dict[str, Any]:
        """Check that people who publish have a suitable role and initials."""
        cleaned = super().clean() or self.cleaned_data
        publishes = "publish" in {cleaned.get(name) for name in self.brand_accounts}
        if publishes and cleaned.get("role") in (Role.ADMINISTRATOR, Role.ANALYST):
            self.add_error("role", "This role does not answer customers: remove “answers in its name” below.")
        if publishes and "initials" in cleaned and not cleaned["initials"]:
            self.add_error("initials", "Everyone who answers customers needs initials: two to four letters.")
        return cleaned

    def build_case_access(self) -> CaseAccess:
        """Return the case access that the person will have once saved."""
        brands = {account.pk for account, may in self.grants().items() if may is not None}
        departments = {department.pk for department in self.cleaned_data["departments"]}
        return CaseAccess(self.cleaned_data["role"], frozenset(departments), frozenset(brands))

    @property
    def access_hint(self) -> str:
        """A sentence when the person, as typed, will see no case; "" otherwise. The form must be valid."""
        access = self.build_case_access()
        if access.role == Role.COMMUNITY and not access.brand_account_ids:
            return "They work on no brand account yet, so they see no cases."
        if access.role in (Role.MANAGER, Role.AGENT, Role.ANALYST) and not access.department_ids:
            return "They are in no department yet, so they see no cases."
        return ""

    def grants(self) -> dict[BrandAccount, bool | None]:
        """Return the person's right for each brand account.

        True: may publish. False: may only work on it. None: no access.
        """
        meaning = {"": None, "work": False, "publish": True}
        return {account: meaning[self.cleaned_data[name]] for name, account in self.brand_accounts.items()}


class DepartmentForm(DepartmentModelForm):
    """A department's name and position in lists. The key cannot change later, because rules refer to it."""

    class Meta:
        model = Department
        fields = ("name", "slug", "tags", "position")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["slug"].label = "Key"
        self.fields["slug"].help_text = "Short and fixed, for example “billing”. Used in rules and exports."
        self.fields["tags"].help_text = (
            "Separated by commas, for example “invoice, refund”. Tagging a case with one of them says that it belongs here, "
            "and the router learns from it. The name and the key always count as tags."
        )
        self.fields["position"].required = False
        if self.instance.pk:
            self.fields["slug"].disabled = True

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"].strip()
        if Department.objects.filter(name__iexact=name).exclude(pk=self.instance.pk).exists():
            raise ValidationError("There is a department with this name already.")
        if conflict := find_taken_tag([name], self.instance):
            raise ValidationError(f"“{conflict[0]}” is already used for {conflict[1]}.")
        return name

    def clean_tags(self) -> list[str]:
        tags = {" ".join(tag.split()).casefold(): " ".join(tag.split()) for tag in self.cleaned_data["tags"]}
        if conflict := find_taken_tag(tags.values(), self.instance):
            raise ValidationError(f"“{conflict[0]}” is already used for {conflict[1]}.")
        return [tag for tag in tags.values() if tag]

    def clean_position(self) -> int:
        return self.cleaned_data["position"] or 0
