"""Deleting what was kept long enough, in small batches: one round a day, as long as there is something to delete.

A round is a row of `RetentionRun`, written in the transaction of each batch: whoever is killed in between loses nothing,
and the next run goes on. Two workers never delete at the same time; the second one leaves at once.
"""

from __future__ import annotations

import datetime as dt
import time

from django.db import connection, transaction

from accounts.audit.recording import record_change
from accounts.models import AuditVerb
from inbox.models import PreviewState, Quarantined, RetentionRun, RulePreview
from inbox.retention.setting import read_cutoff
from postgres.locks import AdvisoryLock, try_lock
from wording.numbers import format_count
from wording.times import short_date_with_year, to_display_zone

#: One batch takes well under a second; cases of thousands of messages are a batch of their own.
MOST_CASES, MOST_MESSAGES, MOST_ROWS = 100, 1_000, 200
#: How long one run of the task goes on, in seconds, and how long after a round began the next one may begin.
TIME_TO_WORK = 20.0
BETWEEN_ROUNDS = dt.timedelta(hours=23)
_IS_ANYTHING_DUE = """
SELECT EXISTS (SELECT FROM inbox_cases_with_old_texts(%(cutoff)s))
  OR EXISTS (SELECT FROM inbox_quarantined WHERE first_seen_at < %(cutoff)s)
"""


def delete_old_texts(now: dt.datetime) -> None:
    """Delete what is due for some seconds; the next run of the task goes on."""
    until = time.monotonic() + TIME_TO_WORK
    while delete_batch(now) and time.monotonic() < until:
        pass


@transaction.atomic
def delete_batch(now: dt.datetime) -> bool:
    """Delete one batch of the present round, or end the round. Return whether there may be more."""
    if not try_lock(AdvisoryLock.RETENTION):
        return False
    run = RetentionRun.objects.filter(finished_at=None).first() or _begin_run(now)
    if run is None:
        return False
    cases, messages = _delete_texts()
    quarantined, previews = _delete_leftovers(read_cutoff())
    run.cases += cases
    run.messages += messages
    run.quarantined += quarantined
    run.previews += previews
    ended = not (cases or quarantined or previews)
    if ended:
        run.finished_at = now
        _record_run(run)
    run.save()
    return not ended


def _begin_run(now: dt.datetime) -> RetentionRun | None:
    """Begin a round, unless nothing is due.

    The next one may begin a day after the last.
    """
    cutoff = read_cutoff()
    if cutoff is None or RetentionRun.objects.filter(started_at__gt=now - BETWEEN_ROUNDS).exists():
        return None
    with connection.cursor() as cursor:
        cursor.execute(_IS_ANYTHING_DUE, {"cutoff": cutoff})
        if not cursor.fetchone()[0]:
            return None
    return RetentionRun(started_at=now, cutoff=cutoff)


def _delete_texts() -> tuple[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT cases, messages FROM inbox_delete_old_texts(%s, %s)", [MOST_CASES, MOST_MESSAGES]
        )
        cases, messages = cursor.fetchone()
    return cases, messages


def _delete_leftovers(cutoff: dt.datetime | None) -> tuple[int, int]:
    """Delete items in quarantine and previews of rules that are as old. Return how many of each."""
    if cutoff is None:
        return 0, 0
    quarantined = Quarantined.objects.filter(first_seen_at__lt=cutoff).order_by("pk")
    at_work = (PreviewState.WAITING, PreviewState.RUNNING)
    previews = RulePreview.objects.filter(created_at__lt=cutoff).exclude(state__in=at_work).order_by("pk")
    return (
        Quarantined.objects.filter(
            pk__in=list(quarantined.values_list("pk", flat=True)[:MOST_ROWS])
        ).delete()[0],
        RulePreview.objects.filter(pk__in=list(previews.values_list("pk", flat=True)[:MOST_ROWS])).delete()[
            0
        ],
    )


def _record_run(run: RetentionRun) -> None:
    """Note in the audit log what a round deleted; nothing when it found nothing."""
    parts = [
        format_count(run.messages, "message") + f" in {format_count(run.cases, 'case')}" if run.cases else "",
        format_count(run.quarantined, "item") + " in quarantine" if run.quarantined else "",
        format_count(run.previews, "preview") + " of rules" if run.previews else "",
    ]
    if not any(parts):
        return
    day = short_date_with_year(to_display_zone(run.cutoff))
    words = ", ".join(part for part in parts if part)
    record_change(AuditVerb.HISTORY_DELETED, f"{words}, from before {day}")
