"""Answers that wait in the outbox when their brand account is disconnected: they go back to their authors."""

from __future__ import annotations

import datetime as dt

from accounts.models import BrandAccount, User
from inbox.models import Reply, ReplyState
from inbox.replies import outcomes
from inbox.replies.sendable import disconnected_objection


def return_queued_answers(brand_account: BrandAccount, by: User, now: dt.datetime) -> str:
    """Turn the queued answers of an account back into drafts.

    In the transaction that disconnects the account. Their authors are notified. Returns a sentence about it, "" without such answers. All answers
    are locked before the first case, and cases in the order of their ids. What somebody queues meanwhile the outbox
    returns.
    """
    queued = Reply.objects.filter(brand_account=brand_account, state=ReplyState.QUEUED)
    rows = list(queued.select_for_update(no_key=True).order_by("pk").values_list("case_id", "pk"))
    reason, code = disconnected_objection(brand_account)
    returned = sum(
        outcomes.record_reply_failed(reply_id, reason, now=now, code=code) for _, reply_id in sorted(rows)
    )
    if not returned:
        return ""
    answers = (
        "1 answer that had not been sent is"
        if returned == 1
        else f"{returned:,} answers that had not been sent are"
    )
    return f"{answers} back with their authors as drafts."
