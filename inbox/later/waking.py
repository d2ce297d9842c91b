"""Wake snoozed cases that are due, and tell who snoozed them. May run twice, late, and in two workers at once.

Whatever else wakes a case (its customer, a colleague, a hand-over) does so at once, in its own transaction; only the
notice of it is written here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import transaction
from django.db.models import DateTimeField, ExpressionWrapper, F, Q, QuerySet

from accounts.models import User
from inbox.changes.change import Change, save_changes
from inbox.changes.snoozes import AWAKE, BEFORE_TARGET, wakes_for_target
from inbox.models import Case, NoticeKind, Verb, WokeBy
from inbox.notices.notify import notify_each
from inbox.visibility import may_see_by_role

BATCH_SIZE = 200


def wake_due_cases(now: dt.datetime) -> int:
    """Put due cases back into their lists; return how many."""
    woken, after = 0, 0
    while True:
        with transaction.atomic():
            rows = _due_cases(now).filter(pk__gt=after).order_by("pk")
            cases = list(rows.select_for_update(of=("self",), no_key=True, skip_locked=True)[:BATCH_SIZE])
            changes = [change for case in cases if (change := _wake(case, now)) is not None]
            save_changes(changes)
        woken += len(changes)
        if len(cases) < BATCH_SIZE:
            return woken
        after = cases[-1].pk


def _due_cases(now: dt.datetime) -> QuerySet[Case]:
    """Return snoozed cases whose time has come.

    Also those of which a target is near.
    """
    soon = now + BEFORE_TARGET
    first = Q(first_response_at=None, first_response_due_at__lte=soon)
    first &= Q(first_response_due_at__gt=F("snoozed_since"))
    following = Q(next_response_due_at__lte=soon, next_response_due_at__gt=F("snoozed_since"))
    resolution = Q(resolution_due_at__lte=soon, resolution_due_at__gt=F("snoozed_since"))
    promised = Q(
        next_due_at=None, historical=False, promised_at__lte=soon, promised_at__gt=F("snoozed_since")
    )
    targets = first | following | resolution | promised
    promise = ExpressionWrapper(
        F("waiting_since") + F("brand_account__promised_response"), output_field=DateTimeField()
    )
    snoozed = Case.objects.snoozed().select_related("brand_account").annotate(promised_at=promise)
    return snoozed.filter(Q(snoozed_until__lte=now) | targets)


def _wake(case: Case, now: dt.datetime) -> Change | None:
    """Return the change that wakes a locked case.

    None for one that may sleep on.
    """
    since = case.snoozed_since or now
    ahead = wakes_for_target(case, since)
    if case.snoozed_until is not None and case.snoozed_until <= now:
        because = WokeBy.TIME
    elif ahead is not None and ahead[0] <= now:
        because = WokeBy.TARGET
    else:
        return None
    change = Change(case, None, now)
    change.set(**AWAKE, woke=because)
    change.record(Verb.WOKEN, {"because": because})
    return change


def tell_of_woken_cases(now: dt.datetime) -> int:
    """Notify people of cases that are back and that they snoozed.

    Returns of how many cases.
    """
    count = 0
    while True:
        with transaction.atomic():
            woken = Case.objects.filter(snoozed_since__isnull=True, snoozed_by__isnull=False)
            rows = woken.select_related("snoozed_by", "assignee").order_by("pk")
            cases = list(rows.select_for_update(of=("self",), no_key=True, skip_locked=True)[:BATCH_SIZE])
            notify_each(_notices(cases), NoticeKind.WOKE, now=now)
            # Nobody has missed anything by it, so the version stays as it is.
            Case.objects.filter(pk__in=[case.pk for case in cases]).update(snoozed_by=None)
        count += len(cases)
        if len(cases) < BATCH_SIZE:
            return count


def _notices(cases: Iterable[Case]) -> list[tuple[int, int, str, str]]:
    """Return the rows of notices.

    For who snoozed a case and who has it. With the customer's words only for who may still see the case.
    """
    people: dict[int, User] = {}
    rows = []
    for case in cases:
        if not case.is_open:
            continue
        reason = str(WokeBy(case.woke).label) if case.woke else "Somebody is at work on it"
        # Whoever it was given to has been told of that.
        assignee = case.assignee if case.woke != WokeBy.MOVED else None
        concerned = {person.pk: person for person in (case.snoozed_by, assignee) if person is not None}
        for pk, person in concerned.items():
            user = people.setdefault(pk, person)
            relation = "you snoozed" if user == case.snoozed_by else "is yours and was snoozed"
            words = f" “{case.preview[:120]}”" if may_see_by_role(user, case) else ""
            text = f"{reason}: a case that {relation} is back.{words}"
            rows.append((user.pk, case.pk, text, f"woke:{case.pk}:{case.version}"))
    return rows
