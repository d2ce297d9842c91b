"""Answers that a person may read: those of cases that they see."""

from __future__ import annotations

from accounts.models import User
from inbox.models import Case, Reply


def get_readable_reply(reply_id: int, by: User) -> Reply:
    """Return an answer of a case that the person may read.

    Raises `Reply.DoesNotExist` for any other.
    """
    cases = Case.objects.visible_to(by)
    related = Reply.objects.select_related("author", "brand_account", "parent", "case")
    return related.get(pk=reply_id, case__in=cases)
