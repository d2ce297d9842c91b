""" "Take next": the most urgent case that nobody has and that fits whoever asks."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import connection, transaction

from accounts.access import viewer
from accounts.models import Role, User
from inbox.assigning import give
from inbox.changes import Change, require
from inbox.models import Case, Status
from inbox.needs import CaseNeed, needs_of
from inbox.refusals import Invalid

#: The most urgent cases that are looked at; with as many people taking at once each still finds one of their own.
LOOKED_AT = 24
#: How often to look again when others took all of them in that moment.
_LOOKS = 5

# Each department's queue is walked along its own index (`case_to_assign`) and left after a few rows.
_MOST_URGENT = """
SELECT c.id FROM unnest(%(departments)s::bigint[]) AS d(id) CROSS JOIN LATERAL (
  SELECT o.id, o.priority, o.waiting_since FROM inbox_case o
  WHERE o.department_id = d.id AND o.closed_at IS NULL AND o.assignee_id IS NULL AND o.waiting_since IS NOT NULL
    AND NOT o.historical AND (%(brands)s::bigint[] IS NULL OR o.brand_account_id = ANY(%(brands)s::bigint[]))
  ORDER BY o.priority DESC, o.waiting_since, o.id LIMIT %(limit)s) AS c
ORDER BY c.priority DESC, c.waiting_since, c.id LIMIT %(limit)s
"""


def take_next(by: User, *, now: dt.datetime) -> Case | None:
    """Take the most urgent unassigned case that `by` may work on; None when there is none.

    By priority, then by how long the customer has waited. What a rule wants `by` to have comes before, what it wants
    others to have and what is in a language that `by` does not speak after; a skill that `by` lacks is never given. By
    hand one may take more than one's capacity. Raises `NotAllowed` for a role that does not work on cases, `Invalid`
    for somebody who is away.
    """
    require(by, "claim")
    if by.away_since is not None:
        raise Invalid("You are away. Say that you are back, then take the next case.")
    for _ in range(_LOOKS):
        found = _most_urgent(by)
        for case_id in _fitting(by, found):
            if (case := _take(case_id, by, now)) is not None:
                return case
        if not found:
            return None
    return None


def _most_urgent(by: User) -> list[int]:
    who = viewer(by)
    community = by.role == Role.COMMUNITY
    parameters: dict[str, Any] = {
        "departments": _every_department() if community else sorted(who.department_ids),
        "brands": sorted(who.brand_account_ids) if community else None,
        "limit": LOOKED_AT,
    }
    with connection.cursor() as cursor:
        cursor.execute(_MOST_URGENT, parameters)
        return [row[0] for row in cursor.fetchall()]


def _every_department() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM accounts_department")
        return [row[0] for row in cursor.fetchall()]


def _fitting(by: User, case_ids: list[int]) -> list[int]:
    """The cases that `by` can take, in the order in which they should."""
    needs = needs_of(case_ids)
    asked = {need.skill for need in needs.values()} - {""}
    lacking = asked - set(by.skills.values_list("slug", flat=True)) if asked else set()

    def rank(need: CaseNeed) -> tuple[bool, bool]:
        foreign = bool(by.languages) and need.language not in ("", *by.languages)
        return need.person != by.username, foreign or need.person not in ("", by.username)

    mine = [pk for pk in case_ids if pk in needs and needs[pk].skill not in lacking]
    return sorted(mine, key=lambda pk: rank(needs[pk]))


def _take(case_id: int, by: User, now: dt.datetime) -> Case | None:
    """The case, taken; None when somebody has it or holds it at this moment."""
    with transaction.atomic():
        rows = Case.objects.to_assign().filter(pk=case_id).select_related("department")
        case = rows.select_for_update(skip_locked=True, no_key=True, of=("self",)).first()
        if case is None:
            return None
        change = Change(case, by, now)
        change.accept()
        give(change, by)
        if case.status == Status.NEW:
            change.set(status=Status.OPEN)
        change.save()
        return case
