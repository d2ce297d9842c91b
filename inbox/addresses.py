"""Addresses of views for HTML that is built in Python: made from `urls.py` once, then filled with ids."""

from __future__ import annotations

from functools import cache

from django.urls import reverse

#: Placeholder for the id in a reversed address, replaced afterwards: a number that occurs in none of our paths.
_STAND_IN = 1_234_567_890_123


@cache
def address_pattern(name: str) -> str:
    """Return a view's address with "{pk}" in place of the id.

    It goes into a format string, so that a list of fifty links costs no `reverse` of its own; kept for the
    process. Call it when a page is built, not at import: the URL configuration imports the views. Raises
    `NoReverseMatch`.
    """
    return reverse(name, args=[_STAND_IN]).replace(str(_STAND_IN), "{pk}")
