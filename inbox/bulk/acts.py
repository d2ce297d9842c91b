"""Begin, stop and undo acts on many cases, and delete old ones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from accounts.models import User
from inbox.bulk.performing import ACTIONS
from inbox.changes.change import require_permission
from inbox.changes.refusals import Invalid
from inbox.models import BulkAct, BulkItem, BulkItemState, BulkState, BulkVerb, Case
from inbox.models.case import CaseQuerySet

#: Acts, and with them the way back, are kept for so long.
KEPT_FOR = dt.timedelta(days=7)
#: Up to so many cases are changed at once, while the person waits; more in the background.
AT_ONCE = 25
#: The most cases of one act.
MOST_CASES = 100_000
#: Old acts are deleted a few at a time.
_MOST_DELETED = 20


@dataclass(frozen=True, slots=True)
class Chosen:
    """Select the cases of an act: ids that were chosen one by one, or all cases of a list but some."""

    case_ids: Sequence[int] = ()
    every: CaseQuerySet | None = None
    #: In words: "All open, network X". "" for cases that were chosen one by one.
    words: str = ""
    #: The address of the list.
    came_from: str = ""


def begin_act(by: User, verb: BulkVerb, details: dict[str, Any], chosen: Chosen, now: dt.datetime) -> BulkAct:
    """Store an act with its cases, to be worked on. Raises `NotAllowed`, and `Invalid` without cases or with too many."""
    require_permission(by, ACTIONS.get(verb, "claim"))
    with transaction.atomic():
        act = BulkAct.objects.create(
            by=by,
            verb=verb,
            details=details,
            chosen=chosen.words[:300],
            came_from=chosen.came_from[:1000],
            created_at=now,
            worked_at=now,
        )
        if chosen.every is not None:
            act.found = _add_every(act, chosen.every)
        else:
            ids = sorted(set(chosen.case_ids))
            cases = Case.objects.filter(pk__in=ids).values_list("pk", flat=True)
            act.found = len(BulkItem.objects.bulk_create(BulkItem(act=act, case_id=pk) for pk in cases))
        if not act.found:
            raise Invalid("No case is selected any more. Select some in the list, then try again.")
        if act.found > MOST_CASES:
            raise Invalid(
                f"These are {act.found:,} cases; at most {MOST_CASES:,} fit into one act. Narrow the list."
            )
        act.save(update_fields=["found"])
    return act


def _add_every(act: BulkAct, cases: CaseQuerySet) -> int:
    statement, values = cases.order_by().values("pk").distinct().query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO inbox_bulkitem (act_id, case_id, state, reason, undo) "  # noqa: S608 (a compiled queryset)
            f"SELECT %s, chosen.id, %s, '', '{{}}' FROM ({statement} LIMIT {MOST_CASES + 1}) AS chosen(id)",
            [act.pk, BulkItemState.WAITING.value, *values],
        )
        return int(cursor.rowcount)


def stop_act(act: BulkAct, now: dt.datetime) -> bool:
    """Stop an act after the batch that is being written. Return False when it is over."""
    running = BulkAct.objects.filter(pk=act.pk, state=BulkState.RUNNING)
    return bool(running.update(state=BulkState.STOPPED, finished_at=now))


def stop_failed_act(act_id: int, now: dt.datetime) -> None:
    """Stop an act that cannot go on, and note that it failed. An undo that failed can be begun again."""
    running = BulkAct.objects.select_for_update().filter(
        pk=act_id, state__in=[BulkState.RUNNING, BulkState.UNDOING]
    )
    with transaction.atomic():
        if act := running.first():
            act.details |= {"failed": True}
            act.state, act.finished_at = BulkState.STOPPED, act.finished_at or now
            act.save(update_fields=["details", "state", "finished_at"])


def begin_undo(act: BulkAct, now: dt.datetime) -> None:
    """Let an act be undone. Doing it again changes nothing.

    Raises `Invalid` while it runs, or when it is too late.
    """
    if now - act.created_at > KEPT_FOR:
        raise Invalid("It is too late: an act can be undone for 7 days.")
    over = BulkAct.objects.filter(pk=act.pk, state__in=[BulkState.DONE, BulkState.STOPPED])
    details = {name: value for name, value in act.details.items() if name != "failed"}
    begun = over.update(
        state=BulkState.UNDOING, after_case=0, undo_began_at=now, worked_at=now, details=details
    )
    if not begun:
        act.refresh_from_db(fields=["state"])
        if act.state == BulkState.RUNNING:
            raise Invalid("It is still running. Stop it first, then undo what it has done.")


def delete_old_acts(now: dt.datetime) -> int:
    """Delete acts that are older than `KEPT_FOR`; return how many. Housekeeping: a few at a time."""
    old = BulkAct.objects.filter(created_at__lt=now - KEPT_FOR).order_by("created_at")
    ids = list(old.values_list("pk", flat=True)[:_MOST_DELETED])
    return BulkAct.objects.filter(pk__in=ids).delete()[0]
