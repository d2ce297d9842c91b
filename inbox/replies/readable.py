"""Answers that a person may read, and where one is on its way."""

from __future__ import annotations

from accounts.models import User
from inbox.changes.refusals import name_or_somebody
from inbox.models import Case, Reply, ReplyState
from wording.times import at_time_phrase


def get_readable_reply(reply_id: int, by: User) -> Reply:
    """Return an answer of a case that the person may read.

    Raises `Reply.DoesNotExist` for any other.
    """
    cases = Case.objects.visible_to(by)
    related = Reply.objects.select_related("author", "brand_account", "parent", "case")
    return related.get(pk=reply_id, case__in=cases)


def on_its_way_sentence(reply: Reply, user: User) -> str:
    """Return a sentence about an answer that has not arrived yet."""
    is_own = reply.author_id == user.pk
    author = "Your" if is_own else f"{name_or_somebody(reply.author)}'s"
    words = _ON_ITS_WAY.get(reply.state, "was sent")
    advice = (
        " To send another one, take it back first." if is_own and reply.state == ReplyState.QUEUED else ""
    )
    if reply.state == ReplyState.QUEUED and reply.planned_at is not None:
        words = f"goes out {at_time_phrase(reply.planned_at)}"
        advice = " To send another one, cancel it first." if is_own else ""
    if reply.state == ReplyState.PENDING:
        advice = " To send another one, withdraw it first." if is_own else ""
    return f"{author} answer of {at_time_phrase(reply.created_at).removeprefix('at ')} {words}.{advice}"


_ON_ITS_WAY: dict[str, str] = {
    ReplyState.PENDING: "waits for approval",
    ReplyState.QUEUED: "is still waiting to be sent",
    ReplyState.SENDING: "is being sent",
    ReplyState.UNCONFIRMED: "went out, but nobody knows yet whether it was posted",
}
