"""Ticks and thin tasks. Each may run twice or never: the work is claimed in Postgres by whatever it calls."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from inbox.assignment import automatic, leavers, limbo
from inbox.decisions import second_opinion, training
from inbox.escalation import recompute, sweep
from inbox.ingest import page, polling, retry
from inbox.notices import notify, watches
from inbox.previews import run
from inbox.queue import counts
from inbox.replies import outbox

#: Seconds after which a wake-up nobody took is dropped: the next ticks repeat it.
_STALE = 10


@shared_task
def poll_due_streams() -> None:
    """Lease the streams that are due and wake the poll workers."""
    for stream_id, token in polling.lease_due_streams(timezone.now()):
        poll_stream.delay(stream_id, str(token))


@shared_task
def poll_stream(stream_id: int, token: str) -> None:
    """Fetch and store one stream, page by page, while the lease is held."""
    report = polling.poll_leased_stream(stream_id, token)
    if report.stored:
        review_new_decisions.apply_async(expires=_STALE)
    if report.wakes:
        run_automatic_assignment.apply_async(expires=_STALE)


@shared_task
def run_automatic_assignment() -> None:
    """Take back what absent people cannot look after; give out what waits in departments which assign automatically."""
    leavers.release_cases_of_absent(timezone.now())
    automatic.assign_cases_automatically(timezone.now())


@shared_task
def run_limbo_sweep() -> None:
    """See to it that every open case is with somebody or in a queue that somebody sees."""
    limbo.sweep_open_cases(timezone.now())


@shared_task
def send_due_replies() -> None:
    """Wake the send workers for answers that are due, and for unconfirmed ones that are due to be looked for."""
    now = timezone.now()
    outbox.expire_reply_leases(now)
    for reply_id in outbox.due_reply_ids(now):
        send_reply.apply_async((reply_id,), expires=_STALE)
    for reply_id in outbox.due_check_ids(now):
        check_reply.apply_async((reply_id,), expires=_STALE)


@shared_task
def send_reply(reply_id: int) -> None:
    """Send one answer, if nobody else has claimed it."""
    outbox.send_queued_reply(reply_id)


@shared_task
def check_reply(reply_id: int) -> None:
    """Look on the network whether an unconfirmed answer is there."""
    outbox.look_for_reply(reply_id)


@shared_task
def retry_quarantined(quarantined_id: int) -> None:
    """Fetch a quarantined item again, if somebody asked for that."""
    retry.retry_quarantined_item(quarantined_id)


@shared_task
def run_housekeeping() -> None:
    """Fold the counters of open cases; forget what was read long ago; find second tries whose wake-up was lost; look at
    answers that came before what they answer."""
    now = timezone.now()
    counts.fold_case_counts()
    notify.delete_old_notices(now)
    watches.delete_old_watches(now)
    for quarantined_id in retry.wanted_retry_ids():
        retry_quarantined.delay(quarantined_id)
    page.place_due_early_answers(now)


@shared_task
def run_clock_sweep() -> None:
    """Pre-warnings, missed targets, escalations; and open cases whose service levels have changed."""
    now = timezone.now()
    sweep.escalate_due_cases(now)
    recompute.recompute_open_cases(now)


@shared_task
def train_router_when_due() -> None:
    """Ask for a training when there are enough new corrections, and run the one that waits in a process of its own."""
    training.run_due_training(timezone.now())


@shared_task
def review_new_decisions() -> None:
    """Let the learned router have its say about what the rules have just decided."""
    second_opinion.weigh_new_decisions(timezone.now())


@shared_task
def wake_due_previews() -> None:
    """Wake workers for previews of rules that wait for one."""
    for preview_id in run.due_preview_ids(timezone.now()):
        run_preview.apply_async((preview_id,), expires=_STALE)


@shared_task
def run_preview(preview_id: int) -> None:
    """Try a draft of the rules for some seconds, then make room for other work."""
    if run.work_on_preview(preview_id):
        run_preview.apply_async((preview_id,), expires=_STALE)
