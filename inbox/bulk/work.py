"""Work on acts in batches: one transaction each, with the progress in the act's own row.

The row is locked for the length of a batch, so two workers never work on one act at once; a worker that dies loses its
batch, which is done again, and nothing else.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from inbox.bulk import acts, macros, notices, performing, undoing
from inbox.changes.batch import BatchChange, lock_batch, save_batch
from inbox.changes.refusals import Conflict, Invalid, NotAllowed
from inbox.models import BulkAct, BulkItem, BulkItemState, BulkState, BulkVerb, Case
from postgres.bound_cursors import bound_cursor, rows_as_json
from postgres.time_limits import is_deadlock, is_lock_timeout

logger = logging.getLogger(__name__)

#: Cases of one transaction. Their customers' messages wait for it as long as it lasts.
BATCH_SIZE = 250
#: Seconds after which a worker yields to other tasks.
SLICE_SECONDS = 5.0
#: The rest after each batch, as a share of the time that it took: others, above all ingest, use the database, too.
REST = 1 / 3
#: How often a batch is tried when others hold its cases, and the seconds between.
ATTEMPTS, ATTEMPT_PAUSE = 5, 0.2
#: An act on which nobody has worked for so long is taken up again.
ABANDONED_AFTER = dt.timedelta(seconds=3)
NOT_YOURS = "You may not work on this case, or it is gone."
#: Why a verb had nothing to do.
_ALREADY: dict[str, str] = {
    BulkVerb.TAKE: "It was yours already.",
    BulkVerb.ASSIGN: "It was assigned so already.",
    BulkVerb.RESOLVE: "It was resolved already.",
    BulkVerb.DISMISS: "It was dismissed already, for the same reason.",
    BulkVerb.TAG: "It had the tag already.",
    BulkVerb.UNTAG: "It does not have the tag.",
    BulkVerb.PRIORITISE: "It had this priority already.",
    BulkVerb.SNOOZE: "It was snoozed in this way already.",
}

_WRITE_ITEMS = """
UPDATE inbox_bulkitem i SET state = r.state, reason = r.reason, version = coalesce(r.version, i.version),
  at = coalesce(r.at, i.at), former_assignee_id = coalesce(r.former_assignee_id, i.former_assignee_id),
  undo = coalesce(r.undo, i.undo)
FROM json_to_recordset(%(rows)s::json) AS r(id bigint, state varchar, reason varchar, version int, at timestamptz,
  former_assignee_id bigint, undo jsonb)
WHERE i.id = r.id
"""


@dataclass(slots=True)
class Outcome:
    """Report on the items of a batch, as rows of `_WRITE_ITEMS`."""

    rows: list[dict[str, Any]] = field(default_factory=list)

    def add(self, item: BulkItem, state: BulkItemState, reason: str = "", **values: Any) -> None:
        """Note what became of one item."""
        row: dict[str, Any] = {"id": item.pk, "state": state.value, "reason": reason[:300], "version": None}
        self.rows.append(row | {"at": None, "former_assignee_id": None, "undo": None} | values)

    def count(self, state: BulkItemState) -> int:
        """Return how many items came to this state."""
        return sum(1 for row in self.rows if row["state"] == state)


def due_act_ids(now: dt.datetime) -> list[int]:
    """Return the acts on which nobody works though they are not done. One statement."""
    running = BulkAct.objects.filter(state__in=[BulkState.RUNNING, BulkState.UNDOING])
    return list(running.filter(worked_at__lt=now - ABANDONED_AFTER).values_list("pk", flat=True))


def work_on_act(act_id: int, *, seconds: float = SLICE_SECONDS) -> bool:
    """Work on an act, or on its undo, for some seconds. Return whether more is left.

    What nobody foresaw stops the act, and its page says so: tried again, it would fail again without a word. What says
    nothing of the act, as a connection that broke, is raised; the act is taken up again.
    """
    started, attempts = time.monotonic(), 0
    while True:
        batch_began = time.monotonic()
        try:
            if not work_on_batch(act_id, timezone.now()):
                return False
            time.sleep((time.monotonic() - batch_began) * REST)
        except OperationalError as error:
            attempts += 1
            if not (is_lock_timeout(error) or is_deadlock(error)) or attempts > ATTEMPTS:
                raise
            time.sleep(ATTEMPT_PAUSE)
        except (InterfaceError, MemoryError, SoftTimeLimitExceeded):
            raise
        except Exception:
            logger.exception("Act %s on many cases failed and is stopped", act_id)
            acts.stop_failed_act(act_id, timezone.now())
            return False
        if time.monotonic() - started >= seconds:
            return True


@transaction.atomic
def work_on_batch(act_id: int, now: dt.datetime) -> bool:
    """Work on one batch.

    False when the act is over, or somebody else works on it.
    """
    act = (
        BulkAct.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
        .select_related("by")
        .filter(pk=act_id, state__in=[BulkState.RUNNING, BulkState.UNDOING])
        .first()
    )
    if act is None:
        return False
    undoes = act.state == BulkState.UNDOING
    waiting = BulkItem.objects.filter(
        act=act,
        case_id__gt=act.after_case,
        state=BulkItemState.DONE if undoes else BulkItemState.WAITING,
    )
    size = macros.BATCH_SIZE if act.verb == BulkVerb.MACRO else BATCH_SIZE
    items = list(waiting.order_by("case_id")[:size]) if act.by.is_active else []
    if items:
        if act.verb == BulkVerb.MACRO:
            outcome = _work_on_macro(act, items, now, undoes=undoes)
        else:
            outcome = _undo_items(act, items, now) if undoes else _perform_items(act, items, now)
        with bound_cursor() as cursor:
            cursor.execute(_WRITE_ITEMS, {"rows": rows_as_json(outcome.rows)})
        _add_progress(act, outcome, items[-1].case_id)
    if len(items) < size:
        _finish(act, now)
    act.worked_at = now
    act.save()
    return act.is_running


def _work_on_macro(act: BulkAct, items: Collection[BulkItem], now: dt.datetime, *, undoes: bool) -> Outcome:
    outcome = Outcome()
    for item in items:
        if undoes:
            outcome.add(item, *macros.take_back_from_case(act, item, now))
        else:
            state, reason, values = macros.run_on_case(act, item, now)
            outcome.add(item, state, reason, **values)
    return outcome


def _perform_items(act: BulkAct, items: Collection[BulkItem], now: dt.datetime) -> Outcome:
    case_ids = [item.case_id for item in items]
    changes = lock_batch(
        Case.objects.visible_to(act.by), case_ids, act.by, now, with_past=act.verb == BulkVerb.HAND_OVER
    )
    performer = performing.prepare_performer(act, act.by, case_ids, now)
    outcome, done = Outcome(), list[tuple[BulkItem, BatchChange]]()
    for item in items:
        change = changes.get(item.case_id)
        if change is None:
            outcome.add(item, BulkItemState.REFUSED, NOT_YOURS)
            continue
        try:
            if performer.perform(change):
                done.append((item, change))
            else:
                outcome.add(item, BulkItemState.REFUSED, _ALREADY[act.verb])
        except (Conflict, Invalid, NotAllowed) as error:
            outcome.add(item, BulkItemState.REFUSED, str(error))
    save_batch([change for _, change in done], act.by, now)
    if act.verb == BulkVerb.HAND_OVER:
        performing.start_watches_after([change for _, change in done])
    for item, change in done:
        outcome.add(item, BulkItemState.DONE, **undoing.remember(change))
    return outcome


def _undo_items(act: BulkAct, items: Collection[BulkItem], now: dt.datetime) -> Outcome:
    undoer = undoing.prepare_undoer(act, items, now)
    outcome, undone = Outcome(), list[BatchChange]()
    for item in items:
        change = undoer.changes.get(item.case_id)
        if change is None:
            outcome.add(item, BulkItemState.KEPT, NOT_YOURS)
            continue
        try:
            undoer.undo(item, change)
        except (Conflict, Invalid, NotAllowed) as error:
            outcome.add(item, BulkItemState.KEPT, str(error))
        else:
            undone.append(change)
            outcome.add(item, BulkItemState.UNDONE)
    save_batch(undone, act.by, now)
    undoer.clean_up(undone, {item.at for item in items})
    return outcome


def _add_progress(act: BulkAct, outcome: Outcome, last_case_id: int) -> None:
    act.after_case = last_case_id
    act.done += outcome.count(BulkItemState.DONE)
    act.refused += outcome.count(BulkItemState.REFUSED)
    act.undone += outcome.count(BulkItemState.UNDONE)
    act.kept += outcome.count(BulkItemState.KEPT)


def _finish(act: BulkAct, now: dt.datetime) -> None:
    if not act.by.is_active:
        act.state, act.finished_at = BulkState.STOPPED, act.finished_at or now
    elif act.state == BulkState.RUNNING:
        act.state, act.finished_at = BulkState.DONE, now
        notices.notify_of_act(act, now)
    else:
        act.state, act.undone_at = BulkState.UNDONE, now
        notices.delete_notices_of_act(act)


def work_on_act_now(act_id: int) -> bool:
    """Work on a small act while a person waits. Return whether it is over; else a worker goes on."""
    try:
        work_on_act(act_id)
    except OperationalError as error:
        if not (is_lock_timeout(error) or is_deadlock(error)):
            raise
    return not BulkAct.objects.filter(pk=act_id, state__in=[BulkState.RUNNING, BulkState.UNDOING]).exists()
