"""Give a case that nobody has to the person who answered it."""

from __future__ import annotations

from accounts.access import viewer
from accounts.models import User
from accounts.working_time import presence
from inbox.changes.change import Change
from inbox.models import Case, Status, Verb


def assign_to_author(change: Change, author: User) -> None:
    """Give a case that nobody has to the person who answered it.

    So that the customer's next message finds somebody, and the numbers of that person count it. Not when they have left,
    are on leave, or may no longer work on it.
    """
    case = change.case
    if case.assignee_id is not None or case.status == Status.DISMISSED or case.historical:
        return
    if not author.is_active or not viewer(author).may("claim"):
        return
    is_theirs = Case.objects.visible_to(author).filter(pk=case.pk).exists()
    if is_theirs and presence.find_current_leave(author, change.now) is None:
        change.set(assignee=author)
        change.record(
            Verb.ASSIGNED,
            {"from": "", "to": str(author), "to_id": author.pk, "by_answering": True},
            actor=author,
        )
