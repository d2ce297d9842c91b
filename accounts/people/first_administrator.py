"""The form of the first administrator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from accounts.models import User

if TYPE_CHECKING:
    UserModelForm = forms.ModelForm[User]
else:
    UserModelForm = forms.ModelForm


class FirstAdministratorForm(UserModelForm):
    """Name, e-mail address and password of the first administrator."""

    password1 = forms.CharField(
        label="Password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least ten characters. Not your name, and not a common password.",
    )
    password2 = forms.CharField(
        label="Repeat the password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    class Meta:
        model = User
        fields = ("first_name", "last_name", "email", "username")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("first_name", "last_name", "email"):
            self.fields[name].required = True
        self.fields["username"].help_text = "You can sign in with it or with the e-mail address."

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()

    def clean(self) -> dict[str, Any]:
        """Check the password against the rules, and that it was repeated."""
        cleaned = super().clean() or self.cleaned_data
        password = cleaned.get("password1")
        if not password:
            return cleaned
        person = User(**{name: cleaned.get(name, "") for name in self.Meta.fields})
        try:
            validate_password(password, person)
        except ValidationError as error:
            self.add_error("password1", error)
        if cleaned.get("password2") and password != cleaned["password2"]:
            self.add_error("password2", "These are two different passwords. Type the same one twice.")
        return cleaned
