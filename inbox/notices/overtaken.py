"""Notices that a target is due soon, overtaken by what happened since: answered, resolved or dismissed."""

from __future__ import annotations

import datetime as dt

from django.db.models import Exists, F, OuterRef, Q

from inbox.live.publish import publish_notices_on_commit
from inbox.models import Notice, NoticedCase, NoticeKind

#: Notices that one run reads.
_MOST_READ = 500
#: A resolution is due until the case is closed; a response while the customer still waits for it.
_RESOLUTION = ":resolution:"


def read_overtaken_notices(now: dt.datetime) -> int:
    """Mark notices as read whose cases are no longer due; return how many.

    One that stands for several cases is read when none of them is due any more. One statement when there is none.
    """
    still_due = NoticedCase.objects.filter(notice=OuterRef("pk"), case__closed_at__isnull=True).filter(
        Q(notice__key__contains=_RESOLUTION) | Q(case__waiting_since__lte=F("notice__at"))
    )
    is_due = Q(case__closed_at__isnull=True) & (
        Q(key__contains=_RESOLUTION) | Q(case__waiting_since__isnull=False, case__waiting_since__lte=F("at"))
    )
    unread = Notice.objects.filter(kind=NoticeKind.DUE_SOON, read_at__isnull=True)
    overtaken = unread.filter(
        Q(department__isnull=True) & ~is_due | Q(department__isnull=False) & ~Exists(still_due)
    )
    rows = list(overtaken.values_list("pk", "user_id")[:_MOST_READ])
    if not rows:
        return 0
    read = Notice.objects.filter(pk__in=[pk for pk, _ in rows], read_at__isnull=True).update(read_at=now)
    publish_notices_on_commit({user_id for _, user_id in rows})
    return read
