"""Mark messages as deleted on their network: the text stays, and the case no longer waits for them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db import transaction

from inbox.changes.change import Change, change_case
from inbox.changes.waiting import unanswered_since
from inbox.models import Direction, Message, Verb


def mark_deleted(message_ids: Collection[int], now: dt.datetime) -> int:
    """Mark messages as deleted, or as no longer visible to us.

    Return how many were not marked yet. One transaction for each case.
    """
    standing = Message.objects.filter(pk__in=message_ids, deleted_at__isnull=True)
    case_ids = sorted(set(standing.values_list("case_id", flat=True)))
    return sum(_mark_in_case(case_id, message_ids, now) for case_id in case_ids)


@transaction.atomic
def _mark_in_case(case_id: int, message_ids: Collection[int], now: dt.datetime) -> int:
    with change_case(case_id, now=now) as change:
        standing = Message.objects.filter(case_id=case_id, pk__in=message_ids, deleted_at__isnull=True)
        marked = dict(standing.values_list("pk", "direction"))
        Message.objects.filter(pk__in=marked).update(deleted_at=now)
        waited_since = change.case.waiting_since
        for message_id, direction in marked.items():
            data = {"message": message_id}
            if direction == Direction.OUTBOUND:
                data["ours"] = True
            change.record(Verb.MESSAGE_DELETED, data)
        if marked:
            end_needless_waiting(change)
        if waited_since is not None and change.case.waiting_since is None and change.events:
            # So that reports can tell an exchange that ended like this from one that nobody answered.
            change.events[-1].data["waited_since"] = waited_since.isoformat()
    return len(marked)


def settle_deletions(case_ids: Collection[int], now: dt.datetime) -> None:
    """Let cases stop waiting for messages that are stored as deleted.

    Within the running transaction.
    """
    for case_id in sorted(case_ids):
        with change_case(case_id, now=now) as change:
            end_needless_waiting(change)


def end_needless_waiting(change: Change) -> None:
    """Let a case wait only for messages that still stand.

    A case without any needs no answer, so that its clocks stand.
    """
    case = change.case
    if not case.is_open or case.historical or case.waiting_since is None:
        return
    since = unanswered_since(case)
    change.set(waiting_since=since)
    if since is None:
        change.set(needs_answer=False)
