"""Parts shared by the forms of several packages."""

from __future__ import annotations

from django import forms

from routing.text import is_storable


def validate_storable(value: str) -> None:
    """Raise `ValidationError` for text that Postgres cannot store."""
    if not is_storable(value):
        raise forms.ValidationError("This contains a character that cannot be stored.")


#: Error message for a form that was submitted without a name.
NAME_MISSING = "Give it a name: that is how others find it."
