"""Template tags of the keys: what a button carries, and the cap that is shown on it, from `inbox.keys`."""

from __future__ import annotations

from functools import cache

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from inbox.keys import FOR_ALL, Key, KeyReach, find_key, list_keys

register = template.Library()
_GROUP = '<div class="key-group"><h3>{}</h3><dl class="keys">{}</dl></div>'
_ROW = '<dt>{}</dt><dd data-name="{}" data-key-of="{}"{}>{}</dd>'


@register.simple_tag
@cache
def key(name: str, attribute: str = "data-key") -> SafeString:
    """Return the attribute that lets an act's key press an element."""
    return format_html('{}="{}"', attribute, find_key(name).strokes)


@register.simple_tag
@cache
def kbd(name: str) -> SafeString:
    """Return the caps of an act's key.

    Hidden from those who hear the page.
    """
    caps = ((cap,) for cap in find_key(name).caps)
    return format_html('<kbd aria-hidden="true">{}</kbd>', format_html_join(" ", "{}", caps))


@register.simple_tag
@cache
def caps(name: str) -> SafeString:
    """Return the caps of an act's key for a sentence."""
    return format_html_join(" ", "<kbd>{}</kbd>", ((cap,) for cap in find_key(name).caps))


@register.simple_tag
@cache
def key_list() -> SafeString:
    """Return all keys with what they do, by where they work."""
    return format_html('<div class="key-groups">{}</div>', _groups())


def _groups() -> SafeString:
    return format_html_join("", _GROUP, ((str(reach), _rows(reach, keys)) for reach, keys in list_keys()))


def _rows(reach: KeyReach, keys: list[Key]) -> SafeString:
    rows = format_html_join(
        "", _ROW, ((caps(k.name), k.name, k.strokes, _LONE if k.lone else "", k.words) for k in keys)
    )
    if reach is not KeyReach.SELECTION:
        return rows
    shared = format_html_join(" ", "{}", ((caps(name),) for name in FOR_ALL))
    return rows + format_html('<dt>{}</dt><dd data-name="for_all">As in a case, for all of them</dd>', shared)


_LONE = SafeString(" data-lone")
