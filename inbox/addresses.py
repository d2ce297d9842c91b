"""Addresses of views that every page has: reversed once for each process, where they have an id filled with it."""

from __future__ import annotations

from functools import cache, lru_cache

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


@lru_cache(maxsize=512)
def known_address(name: str, *arguments: str) -> str:
    """Return a view's address, reversed once. Raises `NoReverseMatch`."""
    return reverse(name, args=arguments)
