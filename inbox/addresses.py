"""Addresses of views for HTML that is built in Python: reversed once, then filled with ids."""

from __future__ import annotations

from functools import cache

from django.urls import reverse

#: Placeholder for the id in a reversed address, replaced afterwards. The number occurs in no path of ours.
_STAND_IN = 1_234_567_890_123


@cache
def address_pattern(name: str) -> str:
    """Return a view's address with "{pk}" in place of the id.

    For use as a format string, so that a list of fifty links needs no `reverse` per link. Cached for the life of the
    process. Call it when a page is built, not at import, because the URL configuration imports the views. Raises
    `NoReverseMatch`.
    """
    return reverse(name, args=[_STAND_IN]).replace(str(_STAND_IN), "{pk}")
