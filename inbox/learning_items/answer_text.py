"""The text of a round of answers: its placeholders, and what becomes of them for one customer. Pure."""

from __future__ import annotations

import re

from inbox.changes.refusals import Invalid, clean_required_text
from inbox.models import Identity

LONGEST_TEXT = 2_000
NAME, WHAT_CHANGED = "{name}", "{what changed}"
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")


def clean_template(text: str) -> str:
    """Return the text of a round. Raises `Invalid` without one, and for a placeholder that there is not."""
    text = clean_required_text(text, LONGEST_TEXT, "Write what the customers are to read.")
    for placeholder in _PLACEHOLDER.findall(text):
        if placeholder not in (NAME, WHAT_CHANGED):
            raise Invalid(f"There is no {placeholder}: write {NAME} or {WHAT_CHANGED}.")
    if "{" in _PLACEHOLDER.sub("", text) or "}" in _PLACEHOLDER.sub("", text):
        raise Invalid(f"A bracket of a placeholder is missing: write {NAME} or {WHAT_CHANGED}.")
    return text


def fill_template(text: str, identity: Identity, what_changed: str) -> str:
    """Return the text for one customer; what they call themselves fills no placeholder again."""
    values = {NAME: identity.name or identity.handle, WHAT_CHANGED: what_changed}
    return _PLACEHOLDER.sub(lambda match: values.get(match[0], match[0]), text)


def needs_name(text: str, identity: Identity) -> bool:
    """Return whether a text addresses a customer whose name nobody knows."""
    return NAME in text and not (identity.name or identity.handle)
