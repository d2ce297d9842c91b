"""The undo buttons of messages: about hand-overs, and about versions of the rules."""

from __future__ import annotations

from django import template
from django.contrib.messages.storage.base import Message

register = template.Library()


@register.filter
def undo_of(message: Message) -> str:
    """Return the address that undoes what a message is about.

    Such messages come from `inbox.views.case_posts`; "" for any other message.
    """
    tag, _, address = str(message.extra_tags or "").partition(" ")
    return address if tag == "undo" else ""


@register.filter
def page_undo_of(message: Message) -> str:
    """Return the address that undoes what a message is about.

    With a reload of the page. Such messages come from `accounts.views.roster`; "" for any other message.
    """
    tag, _, address = str(message.extra_tags or "").partition(" ")
    return address if tag == "undo-page" else ""


@register.filter
def rules_undo_of(message: Message) -> int | None:
    """Return the version of the rules that a message offers to undo.

    Such messages come from `routing.rule_editor.requests.add_undoable_message`; None for any other message.
    """
    tag, _, number = str(message.extra_tags or "").partition("-")
    return int(number) if tag == "rules" and number.isdecimal() else None
