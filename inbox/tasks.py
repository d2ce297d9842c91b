"""The inbox's Celery tasks: periodic tasks, and tasks that only call one function.

Each may run twice or not at all: the functions that they call claim their work in Postgres.
"""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from inbox.approvals import overtaking as overtaken_approvals
from inbox.assignment import automatic, leavers, orphaned_cases
from inbox.bulk import acts, work
from inbox.decisions import second_opinion, training
from inbox.deletions import looking
from inbox.escalation import recompute, reply_windows, sweep
from inbox.ingest import page, polling, retry
from inbox.later import reminders as due_reminders
from inbox.later import waking
from inbox.learning_items import releasing, reminders
from inbox.notices import charters, mails, notify, overtaken, troubles, watches
from inbox.previews import run
from inbox.queue import counts, search_filling
from inbox.replies import account_turns, outbox, planned
from inbox.retention import deleting

#: Seconds after which a message that no worker took is dropped. The next run of the periodic task sends it again.
_STALE = 10


@shared_task
def poll_due_streams() -> None:
    """Lease the streams that are due and wake the poll workers."""
    for stream_id, token in polling.lease_due_streams(timezone.now()):
        poll_stream.delay(stream_id, str(token))


@shared_task
def poll_stream(stream_id: int, token: str) -> None:
    """Fetch and store the messages of one leased stream, page by page."""
    report = polling.poll_leased_stream(stream_id, token)
    if report.error or report.overflowed or report.quarantined:
        review_brand_accounts.apply_async(expires=_STALE)
    if report.stored:
        review_new_decisions.apply_async(expires=_STALE)
    if report.wakes:
        run_automatic_assignment.apply_async(expires=_STALE)


@shared_task
def review_brand_accounts() -> None:
    """Tell people of troubles of brand accounts that are new or over."""
    troubles.review_brand_accounts(timezone.now())


@shared_task
def send_notice_mails() -> None:
    """Send notices by e-mail to those who want it: at once, or as a digest."""
    mails.send_notice_mails(timezone.now())


@shared_task
def remind_of_charters_and_reviews() -> None:
    """Remind people of charters that end and of reviews that are due."""
    charters.remind_of_charters_and_reviews(timezone.now())


@shared_task
def release_planned_answers() -> None:
    """Hand approved answers of learning items to the outbox."""
    releasing.release_due_answers(timezone.now())


@shared_task
def remind_owners_of_learning_items() -> None:
    """Remind people of decisions about learning items."""
    reminders.remind_owners(timezone.now())


@shared_task
def wake_snoozed_cases() -> None:
    """Put snoozed cases back into their lists, and tell who snoozed them."""
    now = timezone.now()
    waking.wake_due_cases(now)
    waking.tell_of_woken_cases(now)


@shared_task
def tell_of_due_reminders() -> None:
    """Write the notices of reminders that are due."""
    due_reminders.tell_of_due_reminders(timezone.now())


@shared_task
def take_back_overtaken_answers() -> None:
    """Give the texts of planned answers back that no longer fit."""
    planned.take_back_overtaken_answers(timezone.now())


@shared_task
def give_back_overtaken_answers() -> None:
    """Give answers back that wait for approval and no longer fit.

    Marks notices as read once none of their answers waits.
    """
    now = timezone.now()
    overtaken_approvals.give_back_overtaken_answers(now)
    overtaken_approvals.read_settled_notices(now)


@shared_task
def run_automatic_assignment() -> None:
    """Take cases back from absent people, then assign waiting cases.

    Assigns in departments that assign automatically, and where a rule names a person.
    """
    leavers.release_cases_of_absent(timezone.now())
    automatic.assign_cases_automatically(timezone.now())


@shared_task
def sweep_orphaned_cases() -> None:
    """Find and repair open cases that nobody can work on."""
    orphaned_cases.sweep_open_cases(timezone.now())


@shared_task
def send_due_replies() -> None:
    """Wake workers to send due answers and to check unconfirmed ones."""
    now = timezone.now()
    outbox.expire_reply_leases(now)
    for brand_account_id in outbox.brand_accounts_with_due_replies(now):
        send_replies_of_brand_account.apply_async((brand_account_id,), expires=_STALE)


@shared_task
def send_replies_of_brand_account(brand_account_id: int) -> None:
    """Send and check the due answers of one brand account."""
    account_turns.work_off_brand_account(brand_account_id)


@shared_task
def retry_quarantined(quarantined_id: int) -> None:
    """Fetch a quarantined item again, if a person asked for it."""
    retry.retry_quarantined_item(quarantined_id)


@shared_task
def look_for_deletions() -> None:
    """Wake workers to look whether waiting messages still stand."""
    for brand_account_id in looking.claim_due_accounts(timezone.now()):
        look_at_waiting_messages.apply_async((brand_account_id,), expires=_STALE)


@shared_task
def look_at_waiting_messages(brand_account_id: int) -> None:
    """Look at the waiting messages of one brand account that are due."""
    looking.look_at_waiting_messages(brand_account_id)


@shared_task
def fill_search_words() -> None:
    """Make the words of search for rows that have none."""
    search_filling.fill_search_words()


@shared_task
def wake_bulk_acts() -> None:
    """Wake workers for acts on many cases on which nobody works."""
    for act_id in work.due_act_ids(timezone.now()):
        work_on_bulk_act.apply_async((act_id,), expires=_STALE)


@shared_task
def work_on_bulk_act(act_id: int) -> None:
    """Work on an act on many cases for a few seconds.

    Other tasks run before it continues.
    """
    if work.work_on_act(act_id):
        work_on_bulk_act.apply_async((act_id,), expires=_STALE)


@shared_task
def run_housekeeping() -> None:
    """Fold the counters of open cases; delete or retry leftovers.

    Marks notices as read that a target is due soon, once it no longer is. Deletes acts on many cases after a week,
    notices that were read long ago, watches of cases that were closed long ago, and past reminders. Wakes retries of
    quarantined items whose message to the worker was lost. Places answers of our own that arrived before the message
    they answer.
    """
    now = timezone.now()
    counts.fold_case_counts()
    overtaken.read_overtaken_notices(now)
    notify.delete_old_notices(now)
    acts.delete_old_acts(now)
    watches.delete_old_watches(now)
    due_reminders.delete_old_reminders(now)
    for quarantined_id in retry.wanted_retry_ids():
        retry_quarantined.delay(quarantined_id)
    page.place_due_early_answers(now)


@shared_task
def delete_old_texts() -> None:
    """Delete the texts of cases that were closed long enough ago."""
    deleting.delete_old_texts(timezone.now())


@shared_task
def run_clock_sweep() -> None:
    """Send pre-warnings, record missed targets, escalate.

    Also recomputes the clocks of open cases after a change of service levels.
    """
    now = timezone.now()
    sweep.escalate_due_cases(now)
    recompute.recompute_open_cases(now)


@shared_task
def warn_of_ending_reply_windows() -> None:
    """Warn before networks stop letting us answer direct messages."""
    reply_windows.warn_of_ending_windows(timezone.now())


@shared_task
def train_router_when_due() -> None:
    """Request a training after enough corrections, and run a waiting one.

    The training runs in a separate process.
    """
    training.run_due_training(timezone.now())


@shared_task
def review_new_decisions() -> None:
    """Let the learned router review the latest decisions of the rules."""
    second_opinion.weigh_new_decisions(timezone.now())


@shared_task
def wake_due_previews() -> None:
    """Wake workers for rule previews that wait for one."""
    for preview_id in run.due_preview_ids(timezone.now()):
        run_preview.apply_async((preview_id,), expires=_STALE)


@shared_task
def run_preview(preview_id: int) -> None:
    """Work on a preview for a few seconds, then yield.

    Other tasks run before it continues.
    """
    if run.work_on_preview(preview_id):
        run_preview.apply_async((preview_id,), expires=_STALE)
