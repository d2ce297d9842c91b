"""Notices of answers that were not sent, or that nobody knows were sent: to their author and to those who decide."""

from __future__ import annotations

import datetime as dt

from accounts.access import ROLES
from accounts.models import User
from inbox.models import Case, NoticeKind, Reply
from inbox.notices.notify import notify_grouped, notify_users
from inbox.visibility import readers_condition


def notify_of_failed_answer(case: Case, reply: Reply, now: dt.datetime) -> None:
    """Notify people that an answer was not sent; its `error` says why."""
    _notify(case, reply, NoticeKind.NOT_SENT, "was not sent", now)


def notify_of_unconfirmed_answer(case: Case, reply: Reply, now: dt.datetime) -> None:
    """Notify people that an answer was looked for and not found."""
    _notify(
        case, reply, NoticeKind.UNCONFIRMED, "may or may not have been published: check on the network", now
    )


def _notify(case: Case, reply: Reply, kind: NoticeKind, what: str, now: dt.datetime) -> None:
    """Notify the author, and those who may settle answers of this case.

    The author gets a notice for each answer, also for a case that went out of their sight; the others one for each
    department. Three statements.
    """
    to = case.identity.display_name
    key = f"{kind}:{reply.pk}:{case.version}"
    notify_users(
        [reply.author_id], case.pk, kind, f"Your answer to {to} {what}. {reply.error}", key=key, now=now
    )
    deciders = User.objects.filter(readers_condition(case, ROLES["settle_reply"])).exclude(pk=reply.author_id)
    text = f"The answer of {reply.author} to {to} {what}. {reply.error}"
    notify_grouped(
        deciders.values_list("pk", flat=True), case, case.department_id, kind, text, key=key, now=now
    )
