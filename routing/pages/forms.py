"""Parts that the forms of several rooms share."""

from __future__ import annotations

from django import forms

from routing.text import is_storable


def validate_storable(value: str) -> None:
    """Raise `ValidationError` for text that Postgres cannot store; a validator."""
    if not is_storable(value):
        raise forms.ValidationError("This contains a character that cannot be stored.")


#: Message of a form that was sent without a name.
NAME_MISSING = "Give it a name: that is how others find it."
