"""Retry of a quarantined item: the network is asked for it by its id, in a worker.

What failed because of a defect of ours or a passing fault of the network is then stored like any other message.
"""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from accounts.credentials.store import CredentialUnusable
from inbox.connections import connect_renewed
from inbox.ingest import page
from inbox.models import Message, Quarantined
from networks.base import NetworkError

_BATCH = 50


def request_retry(items: list[Quarantined]) -> None:
    """Note that a person wants these items tried again.

    `inbox.tasks` tries them at its next run.
    """
    Quarantined.objects.filter(pk__in=[item.pk for item in items], resolved_at__isnull=True).update(
        retry_wanted=True
    )


def wanted_retry_ids() -> list[int]:
    """Return ids of up to `_BATCH` items to try again, oldest first."""
    waiting = Quarantined.objects.filter(retry_wanted=True).order_by("id")
    return list(waiting.values_list("pk", flat=True)[:_BATCH])


def retry_quarantined_item(quarantined_id: int, *, now: dt.datetime | None = None) -> bool:
    """Fetch a quarantined item and store it, if that is still wanted.

    Return True when it is settled: stored, stored already, or gone from the network. A failure is stored as the item's error.
    """
    now = now or timezone.now()
    claimed = Quarantined.objects.filter(pk=quarantined_id, retry_wanted=True, resolved_at__isnull=True)
    if not claimed.update(retry_wanted=False, retried_at=now):
        return False
    item = Quarantined.objects.select_related("brand_account", "stream").get(pk=quarantined_id)
    try:
        error = _fetch_and_store(item, now)
    except (NetworkError, CredentialUnusable) as failure:
        error = f"It could not be fetched. {failure}"
    if error:
        Quarantined.objects.filter(pk=item.pk).update(error=error[:1000])
        return False
    Quarantined.objects.filter(pk=item.pk).update(resolved_at=now)
    return True


def _fetch_and_store(item: Quarantined, now: dt.datetime) -> str:
    """Fetch and store an item. Return why it is still not stored, "" when it is settled."""
    if not item.remote_id:
        return "The network gave it no id, so it cannot be asked for again. Its raw form is kept."
    messages = connect_renewed(item.brand_account, now=now).fetch([item.remote_id])
    message = messages.get(item.remote_id)
    if message is None:
        Quarantined.objects.filter(pk=item.pk).update(error="It has been deleted on the network since.")
        return ""
    outcome = page.store_messages(item.stream, [message], now)
    if outcome.quarantined:
        return "It still cannot be stored."
    stored = Message.objects.filter(brand_account=item.brand_account, canonical_id=message.canonical_id)
    return (
        "" if stored.exists() or outcome.echoes else "The network returned something that is not a message."
    )
