"""The request to approve an answer: made when the answer is queued, closed once, by whatever comes first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db.models import F

from accounts.models import User
from inbox.models import Approval, ApprovalState, Ramp, Reply


def make_request(
    reply: Reply, reasons: Sequence[str], now: dt.datetime, *, approved_by: User | None = None
) -> Approval:
    """Store the request of an answer that needs approval.

    With `approved_by` it is approved already, by somebody who read the text before.
    """
    state = ApprovalState.APPROVED if approved_by is not None else ApprovalState.PENDING
    return Approval.objects.create(
        reply=reply,
        state=state,
        reasons=list(reasons),
        asked_at=now,
        text_by=reply.author,
        decided_by=approved_by,
        decided_at=now if approved_by is not None else None,
    )


def close_request(
    reply_id: int,
    state: ApprovalState,
    now: dt.datetime,
    *,
    by: User | None = None,
    words: str = "",
    asked_text: str = "",
) -> bool:
    """Close a pending request; False if it is closed already, or the answer has none."""
    pending = Approval.objects.filter(reply=reply_id, state=ApprovalState.PENDING)
    return bool(
        pending.update(state=state, decided_by=by, decided_at=now, words=words[:500], asked_text=asked_text)
    )


def count_for_ramp(author_id: int, by: int = 1) -> None:
    """Count an approved answer of a person who is new; -1 takes it back."""
    ramp = Ramp.objects.filter(user=author_id)
    (ramp if by > 0 else ramp.filter(approved__gt=0)).update(approved=F("approved") + by)
