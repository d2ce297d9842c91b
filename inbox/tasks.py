"""Ticks and thin tasks. Each may run twice or never: the work is claimed in Postgres by whatever it calls."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from inbox.assignment import automatic as assigning
from inbox.assignment import leavers as leaving
from inbox.assignment import limbo
from inbox.decisions import second_opinion as second_look
from inbox.decisions import training
from inbox.escalation import recompute as recomputing
from inbox.escalation import sweep as escalating
from inbox.ingest import page as ingest
from inbox.ingest import polling
from inbox.ingest import retry as second_try
from inbox.notices import tell as notices
from inbox.notices import watches as watching
from inbox.previews import run as previewing
from inbox.queue import counts
from inbox.replies import outbox

#: Seconds after which a wake-up nobody took is dropped: the next ticks repeat it.
_STALE = 10


@shared_task
def tick_poll() -> None:
    """Lease the streams that are due and wake the poll workers."""
    for stream_id, token in polling.lease_due_streams(timezone.now()):
        poll_stream.delay(stream_id, str(token))


@shared_task
def poll_stream(stream_id: int, token: str) -> None:
    """Fetch and store one stream, page by page, while the lease is held."""
    report = polling.poll_stream(stream_id, token)
    if report.stored:
        tick_second_look.apply_async(expires=_STALE)
    if report.wakes:
        tick_assign.apply_async(expires=_STALE)


@shared_task
def tick_assign() -> None:
    """Take back what absent people cannot look after; give out what waits in departments which assign automatically."""
    leaving.release_absent(timezone.now())
    assigning.assign_waiting(timezone.now())


@shared_task
def tick_limbo() -> None:
    """See to it that every open case is with somebody or in a queue that somebody sees."""
    limbo.sweep(timezone.now())


@shared_task
def tick_outbox() -> None:
    """Wake the send workers for answers that are due, and for unconfirmed ones that are due to be looked for."""
    now = timezone.now()
    outbox.expire_leases(now)
    for reply_id in outbox.due_replies(now):
        send_reply.apply_async((reply_id,), expires=_STALE)
    for reply_id in outbox.due_checks(now):
        check_reply.apply_async((reply_id,), expires=_STALE)


@shared_task
def send_reply(reply_id: int) -> None:
    """Send one answer, if nobody else has claimed it."""
    outbox.send_reply(reply_id)


@shared_task
def check_reply(reply_id: int) -> None:
    """Look on the network whether an unconfirmed answer is there."""
    outbox.check_reply(reply_id)


@shared_task
def retry_quarantined(quarantined_id: int) -> None:
    """Fetch a quarantined item again, if somebody asked for that."""
    second_try.retry(quarantined_id)


@shared_task
def tick_housekeeping() -> None:
    """Fold the counters of open cases; forget what was read long ago; find second tries whose wake-up was lost; look at
    answers that came before what they answer."""
    now = timezone.now()
    counts.fold()
    notices.forget_old(now)
    watching.forget_closed(now)
    for quarantined_id in second_try.wanted():
        retry_quarantined.delay(quarantined_id)
    ingest.look_at_early(now)


@shared_task
def tick_clocks() -> None:
    """Pre-warnings, missed targets, escalations; and open cases whose service levels have changed."""
    now = timezone.now()
    escalating.sweep(now)
    recomputing.run(now)


@shared_task
def tick_learning() -> None:
    """Ask for a training when there are enough new corrections, and run the one that waits in a process of its own."""
    training.tick(timezone.now())


@shared_task
def tick_second_look() -> None:
    """Let the learned router have its say about what the rules have just decided."""
    second_look.tick(timezone.now())


@shared_task
def tick_previews() -> None:
    """Wake workers for previews of rules that wait for one."""
    for preview_id in previewing.due(timezone.now()):
        run_preview.apply_async((preview_id,), expires=_STALE)


@shared_task
def run_preview(preview_id: int) -> None:
    """Try a draft of the rules for some seconds, then make room for other work."""
    if previewing.run(preview_id):
        run_preview.apply_async((preview_id,), expires=_STALE)
