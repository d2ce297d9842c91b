"""What every form of this room shares."""

from __future__ import annotations

from django import forms

from routing.text import is_storable


def validate_storable(value: str) -> None:
    """A validator: refuses what Postgres cannot store."""
    if not is_storable(value):
        raise forms.ValidationError("This contains a character that cannot be stored.")


#: Said where a form comes without a name.
NAME_MISSING = "Give it a name: that is how others find it."
