"""Recompute the clocks of open cases by a new version of the service levels: in the background, in chunks, resumable.

The version's own row holds the progress, saved with each chunk: a worker that dies loses nothing, and the page can show
it. What is already overdue by the new targets is shown as overdue without a notice: people are notified only of what
happens after the version was published.
"""

from __future__ import annotations

import datetime as dt
import time

from django.db import connection, transaction

from inbox.changes import clocks
from inbox.changes.case_row import CLOCK_COLUMNS, assignment_list, record_definition
from inbox.escalation import sweep
from inbox.models import Case
from postgres.bound_cursors import rows_as_json
from routing.models import SLAVersion
from routing.service_levels import versions
from routing.service_levels.policies import ServiceLevels

RECOMPUTE_CHUNK_SIZE = 250
#: Seconds after which one run stops working.
BUDGET_SECONDS = 4
#: For as long as storing a page of messages takes, a case may still be stored by the previous version.
SETTLED_AFTER = dt.timedelta(seconds=30)

_UPDATE_CLOCKS = f"""
UPDATE inbox_case c SET {assignment_list(CLOCK_COLUMNS, "r")}
FROM json_to_recordset(%(rows)s::json) AS r({record_definition(("id", *CLOCK_COLUMNS))})
WHERE c.id = r.id
"""  # noqa: S608 (constants)


def recompute_open_cases(now: dt.datetime) -> None:
    """Recompute clocks for up to `BUDGET_SECONDS` seconds. By the newest version of the service levels."""
    started = time.monotonic()
    while recompute_chunk(now) and time.monotonic() - started < BUDGET_SECONDS:
        pass


@transaction.atomic
def recompute_chunk(now: dt.datetime) -> bool:
    """One chunk in one transaction; False when there is nothing to do now, or somebody else is doing it."""
    newest = SLAVersion.objects.order_by("-number").values("pk")[:1]
    version = (
        SLAVersion.objects.select_for_update(skip_locked=True)
        .defer("snapshot")
        .filter(pk=newest, recomputed_at__isnull=True)
        .first()
    )
    if version is None:
        return False
    outdated = Case.objects.open().filter(historical=False).exclude(sla_version=version.number)
    if version.to_recompute is None:
        version.to_recompute = outdated.count()
    cases = list(
        outdated.filter(pk__gt=version.after_case)
        .select_for_update(of=("self",), no_key=True)
        .order_by("pk")[:RECOMPUTE_CHUNK_SIZE]
    )
    if cases:
        _recompute_clocks(cases, versions.service_levels_of_version(version.pk), version.created_at, now)
        version.after_case, version.recomputed = cases[-1].pk, version.recomputed + len(cases)
    goes_on = bool(cases)
    if not cases:
        goes_on = _finish_or_restart(version, outdated.exists(), now)
    version.to_recompute = max(version.to_recompute, version.recomputed)
    version.save(update_fields=["to_recompute", "recomputed", "after_case", "recomputed_at"])
    return goes_on


def _finish_or_restart(version: SLAVersion, stragglers: bool, now: dt.datetime) -> bool:
    """At the end: once more from the beginning for cases that were stored by the version before, else done."""
    if stragglers:
        version.after_case = 0
        return True
    if now - version.created_at >= SETTLED_AFTER:
        SLAVersion.objects.filter(number__lt=version.number, recomputed_at__isnull=True).update(
            recomputed_at=now
        )
        version.recomputed_at = now
    return False


def _recompute_clocks(
    cases: list[Case], service_levels: ServiceLevels, published_at: dt.datetime, now: dt.datetime
) -> None:
    rows = []
    for case in cases:
        policy, before = (
            service_levels.matching_policy(case.department_id, case.priority, case.network),
            case.next_clock_at,
        )
        # A version may change what happens after a due time without changing the due time.
        setattr(case, "next_clock_at", None)  # noqa: B010 (as an assignment mypy would believe it for good)
        # A case that never had a clock: as if the policy had existed when the customer began to wait.
        began = max(case.waiting_since or case.created_at, case.created_at)
        values, _ = clocks.compute_clock_values(
            case, case.network, service_levels, began if case.sla_version is None else now
        )
        for name, value in values.items():
            setattr(case, name, value)
        # What was due by the previous version, too, is left to the sweep, which has just not reached it yet.
        told_later = before is not None and before <= published_at
        if (
            policy is not None
            and not told_later
            and case.next_clock_at
            and case.next_clock_at <= published_at
        ):
            sweep.record_escalations(case, service_levels, policy, published_at, is_notified=False)
        rows.append({"id": case.pk, **values})
    with connection.cursor() as cursor:
        cursor.execute(_UPDATE_CLOCKS, {"rows": rows_as_json(rows)})
