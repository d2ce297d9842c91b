"""The mark on a case with an answer that was not sent, or that a person has to look for on the network.

It is stored on the case, so that the queue, its count and its rows need no statement of their own.
"""

from __future__ import annotations

from inbox.changes.change import Change
from inbox.models import Reply, ReplyState, Unsent
from inbox.notices.unsent_answers import notify_of_failed_answer, notify_of_unconfirmed_answer

#: A person decided that it stays unsent: nobody has to be told.
GIVEN_UP = "given_up"


def mark_unsent(change: Change, reply: Reply) -> None:
    """Mark the case of an unsent answer, and notify."""
    # Also when somebody else has answered: its author has to hear of it until there is a newer answer.
    _set_mark(change, _unsent_of(change) or Unsent.FAILED)
    if reply.state == ReplyState.FAILED:
        notify_of_failed_answer(change.case, reply, change.now)
    else:
        notify_of_unconfirmed_answer(change.case, reply, change.now)


def clear_mark_if_settled(change: Change) -> None:
    """Take the mark away when no answer needs it.

    No statement for a case without the mark.
    """
    if change.case.unsent:
        refresh_mark(change)


def refresh_mark(change: Change) -> None:
    """Set the mark as the answers of the case are now.

    One statement. An unconfirmed answer counts until it is settled, a failed one until there is a newer answer.
    """
    _set_mark(change, _unsent_of(change))


def _set_mark(change: Change, unsent: str) -> None:
    if unsent != change.case.unsent:
        change.set(unsent=unsent, unsent_since=change.now if unsent else None)


def _unsent_of(change: Change) -> str:
    replies = list(Reply.objects.filter(case=change.case).exclude(state=ReplyState.CANCELLED))
    if any(reply.state == ReplyState.UNCONFIRMED and reply.needs_person for reply in replies):
        return Unsent.UNCONFIRMED
    newest = max(replies, key=lambda reply: (reply.queued_at or reply.created_at, reply.pk), default=None)
    if newest is None or newest.state != ReplyState.FAILED or newest.error_code == GIVEN_UP:
        return ""
    answered_at = change.case.last_outbound_at
    is_answered = answered_at is not None and answered_at >= (newest.queued_at or newest.created_at)
    return "" if is_answered else Unsent.FAILED
