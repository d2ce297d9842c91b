""" "Take next": the most urgent case that nobody has and that fits whoever asks."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from accounts.access import viewer
from accounts.models import Department, Role, User
from accounts.prepared import prepared
from inbox.assigning import give
from inbox.changes import Change, require
from inbox.models import Case, Status
from inbox.models.case import CaseQuerySet
from inbox.needs import ASKED, LANGUAGE
from inbox.refusals import Invalid

#: Of each department the most urgent cases that are compared at a time; locked, so that nobody else is offered them.
COMPARED = 8
#: How often, and after how many seconds, to look again while others hold all that waits.
LOOKS, PAUSE = 20, 0.01

# Each department's queue is walked along its own index (`case_to_assign`) and left after a few rows.
_MOST_URGENT = f"""
WITH c AS (
  SELECT o.* FROM unnest(%(departments)s::bigint[]) AS d(id) CROSS JOIN LATERAL (
    SELECT o.id, o.department_id, o.priority, o.waiting_since FROM inbox_case o
    WHERE o.department_id = d.id AND o.closed_at IS NULL AND o.assignee_id IS NULL AND o.waiting_since IS NOT NULL
      AND NOT o.historical AND (%(brands)s::bigint[] IS NULL OR o.brand_account_id = ANY(%(brands)s::bigint[]))
      AND o.id <> ALL(%(unfit)s::bigint[])
    ORDER BY o.priority DESC, o.waiting_since, o.id LIMIT %(compared)s FOR NO KEY UPDATE SKIP LOCKED) AS o
)
SELECT c.id, {LANGUAGE}, coalesce(asked.person, ''), coalesce(asked.skill, '')
FROM c {ASKED} ORDER BY c.priority DESC, c.waiting_since, c.id
"""  # noqa: S608 (constants)


@dataclass(frozen=True, slots=True)
class _Offer:
    case_id: int
    language: str
    person: str
    skill: str


def take_next(by: User, *, now: dt.datetime) -> Case | None:
    """Take the most urgent unassigned case that `by` may work on; None when there is none.

    By priority, then by how long the customer has waited. Of the most urgent ones, what a rule wants `by` to have comes
    before, what it wants others to have and what is in a language that `by` does not speak after the rest; a case for
    which `by` lacks the skill is never given. By hand one may take more than one's capacity. Raises `NotAllowed` for a
    role that does not work on cases, `Invalid` for somebody who is away.
    """
    require(by, "claim")
    if by.away_since is not None:
        raise Invalid("You are away. Say that you are back, then take the next case.")
    scope = _scope(by)
    for _ in range(LOOKS):
        with transaction.atomic():
            case_id = _find(by, scope)
            if case_id is not None:
                return _take(case_id, by, now)
        if not Case.objects.visible_to(by).to_assign().exclude(pk__in=scope["unfit"]).exists():
            return None
        time.sleep(PAUSE)
    return None


def _scope(by: User) -> dict[str, Any]:
    who = viewer(by)
    if by.role == Role.COMMUNITY:
        departments = list(Department.objects.values_list("pk", flat=True))
        return {"departments": departments, "brands": sorted(who.brand_account_ids), "unfit": []}
    return {"departments": sorted(who.department_ids), "brands": None, "unfit": []}


def _find(by: User, scope: dict[str, Any]) -> int | None:
    """The case to take, locked; what `by` lacks the skill for is noted in `scope` and passed over from then on."""
    while offers := _offers(scope):
        unfit = _unfit(by, offers)
        fitting = [one for one in offers if one.case_id not in unfit]
        scope["unfit"] += sorted(unfit)
        if fitting:
            return min(fitting, key=lambda one: _rank(by, one)).case_id
    return None


def _offers(scope: dict[str, Any]) -> list[_Offer]:
    with connection.cursor() as cursor:
        cursor.execute(_MOST_URGENT, {**scope, "compared": COMPARED})
        return [_Offer(*row) for row in cursor.fetchall()]


def _unfit(by: User, offers: Sequence[_Offer]) -> set[int]:
    asked = {one.skill for one in offers} - {""}
    if not asked:
        return set()
    lacking = asked - set(by.skills.values_list("slug", flat=True))
    return {one.case_id for one in offers if one.skill in lacking}


def _rank(by: User, one: _Offer) -> tuple[bool, bool]:
    foreign = bool(by.languages) and one.language not in ("", *by.languages)
    return one.person != by.username, foreign or one.person not in ("", by.username)


@prepared
def _whole(case_id: int) -> CaseQuerySet:
    return Case.objects.select_related("department").filter(pk=case_id)


def _take(case_id: int, by: User, now: dt.datetime) -> Case:
    (case,) = _whole(case_id)
    change = Change(case, by, now)
    change.accept()
    give(change, by)
    if case.status == Status.NEW:
        change.set(status=Status.OPEN)
    change.save()
    return case
