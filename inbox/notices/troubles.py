"""Notices of troubles of brand accounts: one when a trouble is found, one when it is over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, Min, Q

from accounts.brand_accounts.current_troubles import CurrentTrouble, Unreadable
from accounts.brand_accounts.state import account_state
from accounts.models import BrandAccount, Lifecycle, Role, Trouble, TroubleKind, User
from inbox.models import Notice, NoticeKind, Quarantined
from inbox.notices.notify import notify_of_brand_account
from postgres.locks import AdvisoryLock, try_lock

#: Unreadable messages older than this are no news: they stay in quarantine.
UNREADABLE_FOR = dt.timedelta(days=1)
#: A quarantine that grows to this many recent messages is told about once more.
_MORE_NOTICES_FROM = (10, 100, 1_000)
#: Kinds that only an administrator can end.
_FOR_ADMINISTRATORS = (TroubleKind.REAUTHORISE, TroubleKind.PERMISSION, TroubleKind.NOT_FETCHED)
_OVER: dict[str, str] = {
    TroubleKind.REAUTHORISE: "{account} is connected again. Fetching goes on where it stopped.",
    TroubleKind.PERMISSION: "{account}: requests are accepted again.",
    TroubleKind.NOT_FETCHED: "{account} is fetched again. Messages that waited at {network} are coming in.",
    TroubleKind.CANNOT_READ: "{account}: everything can be read again, or was deleted.",
    TroubleKind.GAP: "{account}: the possible gap was acknowledged, or is older than a week.",
    TroubleKind.UNREADABLE: "{account}: the unreadable messages are settled.",
}


@dataclass(frozen=True, slots=True)
class _Quarantine:
    """Unsettled messages of a brand account: all of them, and the recent ones."""

    remaining: int
    recent: Unreadable | None


@transaction.atomic
def review_brand_accounts(now: dt.datetime) -> None:
    """Compare the troubles of all brand accounts with those noted.

    A new one is noted and told to the administrators and the managers of the department that owns the account; one
    that is over is ended and told to whoever was told of it. Does nothing while another worker does the same. Four
    statements while nothing changes.
    """
    if not try_lock(AdvisoryLock.TROUBLES):
        return
    quarantines = _count_quarantined(now)
    noted: dict[int, dict[str, Trouble]] = {}
    for trouble in Trouble.objects.filter(ended_at__isnull=True):
        noted.setdefault(trouble.brand_account_id, {})[trouble.kind] = trouble
    for account in BrandAccount.objects.prefetch_related("streams__gap_seen_by"):
        quarantine = quarantines.get(account.pk, _Quarantine(0, None))
        state = account_state(account, list(account.streams.all()), now, quarantine.recent)
        _update_troubles(account, state.troubles, noted.get(account.pk, {}), quarantine, now)


def _count_quarantined(now: dt.datetime) -> dict[int, _Quarantine]:
    recent = Q(first_seen_at__gt=now - UNREADABLE_FOR)
    counted = Quarantined.objects.filter(resolved_at__isnull=True).values("brand_account")
    rows = counted.annotate(
        remaining=Count("pk"), recent=Count("pk", filter=recent), since=Min("first_seen_at", filter=recent)
    )
    return {
        row["brand_account"]: _Quarantine(
            row["remaining"], Unreadable(row["recent"], row["since"]) if row["recent"] else None
        )
        for row in rows.order_by()
    }


def _update_troubles(
    account: BrandAccount,
    current: Sequence[CurrentTrouble],
    noted: dict[str, Trouble],
    quarantine: _Quarantine,
    now: dt.datetime,
) -> None:
    """Note new troubles of an account and end old ones."""
    for present in current:
        trouble = noted.pop(present.kind, None)
        if trouble is None:
            trouble = Trouble.objects.create(
                brand_account=account, kind=present.kind, since=present.since, items=present.items
            )
            _tell_of_trouble(account, trouble, present, now)
        elif trouble.items != present.items:
            grown = [level for level in _MORE_NOTICES_FROM if trouble.items < level <= present.items]
            trouble.items = present.items
            trouble.save(update_fields=["items"])
            if grown:
                _tell_of_trouble(account, trouble, present, now, suffix=f":{grown[-1]}")
    for trouble in noted.values():
        trouble.ended_at = now
        trouble.save(update_fields=["ended_at"])
        if account.lifecycle != Lifecycle.CLOSED:
            _tell_of_end(account, trouble, quarantine, now)


def _tell_of_trouble(
    account: BrandAccount, trouble: Trouble, present: CurrentTrouble, now: dt.datetime, *, suffix: str = ""
) -> None:
    """Notify those who can act. Three statements."""
    key = f"{_key(trouble)}{suffix}"
    people = User.objects.filter(is_active=True)
    administrators = people.filter(role=Role.ADMINISTRATOR)
    managers = people.filter(
        role=Role.MANAGER, memberships__department=account.owner_department_id or 0
    ).distinct()
    theirs = present.advice
    if trouble.kind in _FOR_ADMINISTRATORS:
        theirs = "The administrators were told, too."
    for readers, advice in ((administrators, present.advice), (managers, theirs)):
        _notify(account, readers.values_list("pk", flat=True), f"{present.matter} {advice}", key, now)


def _tell_of_end(account: BrandAccount, trouble: Trouble, quarantine: _Quarantine, now: dt.datetime) -> None:
    """Notify whoever was told of it, but not who ended it."""
    text = _OVER[trouble.kind].format(account=account, network=account.network_label)
    ended_by = None
    if trouble.kind == TroubleKind.UNREADABLE and quarantine.remaining:
        text = f"{account}: no new unreadable message for a day. In quarantine: {quarantine.remaining:,}."
    if trouble.kind == TroubleKind.GAP:
        seen = [stream for stream in account.streams.all() if stream.gap_seen_by and stream.gap_seen_at]
        newest = max(seen, key=lambda stream: stream.gap_seen_at or now, default=None)
        if newest is not None and not newest.has_open_gap:
            ended_by = newest.gap_seen_by_id
            text = f"{account}: {newest.gap_seen_by} acknowledged the possible gap."
    readers = Notice.objects.filter(key=_key(trouble)).exclude(user=ended_by)
    notify_of_brand_account(
        readers.values_list("user_id", flat=True), account.pk, NoticeKind.TROUBLE_OVER, text,
        key=f"{_key(trouble)}:over", now=now,
    )  # fmt: skip


def _notify(account: BrandAccount, people: Iterable[int], text: str, key: str, now: dt.datetime) -> None:
    notify_of_brand_account(people, account.pk, NoticeKind.TROUBLE, f"{account}: {text}", key=key, now=now)


def _key(trouble: Trouble) -> str:
    return f"trouble:{trouble.pk}"
