"""Forms of brand accounts: who owns an account that is being connected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from accounts.models import BrandAccount, Department

_OWNER_MISSING = "Choose the department that is responsible for this account."


class ConnectConfirmForm(forms.Form):
    """The choice of the granted account to connect, and of the department that will own it.

    `stored` are those of the accounts that are here already: they keep their owners.
    """

    remote_id = forms.ChoiceField(widget=forms.RadioSelect, label="Account")
    owner_department = forms.ModelChoiceField(
        queryset=Department.objects.filter(is_open=True),
        label="Owner department",
        empty_label="Choose a department",
        error_messages={"required": _OWNER_MISSING},
        help_text="Responsible for this account. You can change it later, in the account's charter.",
    )

    reason = forms.CharField(
        required=False,
        label="Why connect it all the same",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="It stays in the audit log with your name.",
    )

    def __init__(
        self,
        *args: Any,
        choices: list[tuple[str, str]],
        stored: Sequence[BrandAccount],
        asks_reason: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._owners = {
            account.remote_id: account.owner_department for account in stored if account.owner_department
        }
        field, owner_field = self.fields["remote_id"], self.fields["owner_department"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101
        field.choices = [(remote_id, self._label_choice(remote_id, label)) for remote_id, label in choices]
        if len(choices) == 1:
            self.initial.setdefault("remote_id", choices[0][0])
        if self._owners:
            owner_field.required = False
            owner_field.help_text = (
                "For an account that is new here. One that is here already keeps its owner."
            )
        if not asks_reason:
            del self.fields["reason"]
        if all(remote_id in self._owners for remote_id, _ in choices):
            del self.fields["owner_department"]

    def _label_choice(self, remote_id: str, label: str) -> str:
        owner = self._owners.get(remote_id)
        return f"{label}: here already, its owner stays {owner}" if owner else label

    def clean(self) -> dict[str, Any]:
        """Require an owner for a new account; keep that of a stored one."""
        cleaned = super().clean() or self.cleaned_data
        owner = self._owners.get(cleaned.get("remote_id", ""))
        if owner is not None:
            cleaned["owner_department"] = owner
        elif cleaned.get("owner_department") is None and "owner_department" not in self.errors:
            self.add_error("owner_department", _OWNER_MISSING)
        return cleaned
