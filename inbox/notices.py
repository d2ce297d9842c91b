"""Telling people about cases: each thing once a person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from inbox.models.notice import Notice, NoticeKind

_LONGEST = 300


def tell(
    user_ids: Iterable[int], case_id: int, kind: NoticeKind, text: str, *, key: str, now: dt.datetime
) -> None:
    """Tell each person once; telling the same `key` again does nothing. One statement, in the caller's transaction.

    `key` names what happened, as "breached:17:first_response:3". `text` is a sentence; what is too long is cut.
    """
    Notice.objects.bulk_create(
        (
            Notice(user_id=user_id, case_id=case_id, kind=kind, text=text[:_LONGEST], key=key, at=now)
            for user_id in dict.fromkeys(user_ids)
        ),
        ignore_conflicts=True,
    )


def tell_each(told: Iterable[tuple[int, int, str, str]], kind: NoticeKind, *, now: dt.datetime) -> None:
    """As `tell`, for many: (user id, case id, text, key) each. One statement."""
    Notice.objects.bulk_create(
        (
            Notice(user_id=user_id, case_id=case_id, kind=kind, text=text[:_LONGEST], key=key, at=now)
            for user_id, case_id, text, key in told
        ),
        ignore_conflicts=True,
    )
