"""Take the next case: the most urgent one without an assignee that fits."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef

from accounts.models import Department, User
from accounts.working_time import presence
from inbox.assignment.automatic import set_assignee
from inbox.assignment.needs import ASKED_JOIN_SQL, LANGUAGE_SQL
from inbox.changes.case_row import CLOCK_COLUMNS
from inbox.changes.change import Change, require_permission
from inbox.changes.refusals import Invalid
from inbox.models import Case, Decision, Status
from inbox.visibility import VISIBLE_CASE_SQL, case_scope, queue_department_ids
from postgres.bound_cursors import bound_cursor
from wording.times import short_date

#: How many of the most urgent cases of each department are compared when the first does not fit well.
MOST_COMPARED = 24
#: Retries, and seconds between them, while other transactions have locked every waiting case.
ATTEMPTS, ATTEMPT_PAUSE = 20, 0.01

# The columns that `Change` and the clocks read.
_NEEDED_COLUMNS = {
    "id", "brand_account_id", "network", "visibility", "status", "department_id", "assignee_id", "priority", "version",
    "historical", "needs_answer", "last_inbound_at", "last_outbound_at", "waiting_since", "first_response_at",
    "closed_at", "snoozed_since", "woke", *CLOCK_COLUMNS,
}  # fmt: skip
# `from_db` expects values in the order of the model's fields, whatever the order of the names passed to it.
_LOADED_COLUMNS = tuple(
    field.attname for field in Case._meta.concrete_fields if field.attname in _NEEDED_COLUMNS
)
# Each department's queue is read along its own index (`case_to_assign`), a few rows only, locked so that nobody else is
# offered them. The limit is part of the SQL text: with the limit as a parameter Postgres might choose a sort.
_MOST_URGENT_SQL = {
    limit: f"""
WITH c AS (
  SELECT o.* FROM unnest(%(departments)s::bigint[]) AS d(id) CROSS JOIN LATERAL (
    SELECT o.* FROM inbox_case o
    WHERE o.department_id = d.id AND o.closed_at IS NULL AND o.assignee_id IS NULL AND o.waiting_since IS NOT NULL
      AND NOT o.historical AND o.snoozed_since IS NULL AND {VISIBLE_CASE_SQL.format(case="o")}
    ORDER BY o.priority DESC, o.waiting_since, o.id LIMIT {limit} FOR NO KEY UPDATE SKIP LOCKED) AS o
  ORDER BY o.priority DESC, o.waiting_since, o.id {"LIMIT 1" if limit == 1 else ""}
)
SELECT (SELECT max(l.ends_on) FROM accounts_leave l
        WHERE l.user_id = %(me)s AND %(today)s::date BETWEEN l.starts_on AND l.ends_on),
  CASE WHEN %(speaks)s THEN {LANGUAGE_SQL} ELSE '' END, coalesce(asked.person, ''), coalesce(asked.skill, ''),
  p.name,
  EXISTS (SELECT FROM inbox_custody h WHERE h.case_id = c.id AND h.left_at IS NULL AND h.accepted_at IS NULL),
  {", ".join(f"c.{name}" for name in _LOADED_COLUMNS)}
FROM c JOIN accounts_department p ON p.id = c.department_id {ASKED_JOIN_SQL}
ORDER BY c.priority DESC, c.waiting_since, c.id
"""  # noqa: S608 (constants)
    for limit in (1, MOST_COMPARED)
}


@dataclass(frozen=True, slots=True)
class _Offer:
    """A locked waiting case with its requirements.

    `waits`: its department has not accepted it yet. `on_leave_until`: the end of the leave of the person who takes it;
    None when they are not on leave.
    """

    on_leave_until: dt.date | None
    in_language: str
    for_person: str
    for_skill: str
    department_name: str
    waits: bool
    values: tuple[Any, ...]

    def build_case(self) -> Case:
        """Return the case as an instance.

        Columns that are not in `_LOADED_COLUMNS` are read when they are used.
        """
        case = Case.from_db("default", _LOADED_COLUMNS, self.values)
        case.department = Department(pk=case.department_id, name=self.department_name)
        return case


def take_next_case(by: User, *, now: dt.datetime) -> Case | None:
    """Assign the most urgent fitting case to `by`; None without any.

    By priority, then by how long the customer has waited. Cases for which a rule names others, and cases in a
    language that `by` does not speak, come after the rest; a case for which `by` lacks the skill is never taken. By
    hand people may have more cases than their capacity.

    Raises `NotAllowed` for a role that does not work on cases, `Invalid` for somebody who is away or on leave.
    """
    require_permission(by, "claim")
    if by.away_since is not None:
        raise Invalid("You are away. Press “I am back” first, then take the next case.")
    scope = {
        **case_scope(by).sql_parameters(),
        "departments": queue_department_ids(by),
        "me": by.pk,
        "today": presence.local_date(now),
    }
    for _ in range(ATTEMPTS):
        with transaction.atomic():
            offer = _find_offer(by, scope)
            if offer is not None and offer.on_leave_until is not None:
                raise Invalid(presence.OWN_LEAVE_MESSAGE.format(until=short_date(offer.on_leave_until)))
            if offer is not None:
                return _take_offer(offer, by, now)
        if not _is_any_left(by):
            return None
        time.sleep(ATTEMPT_PAUSE)
    return None


def _find_offer(by: User, scope: dict[str, Any]) -> _Offer | None:
    """Return the case to take, locked; None without any.

    Mostly the first one fits; only otherwise are more compared.
    """
    for limit in _MOST_URGENT_SQL:
        offers = _read_offers(limit, {**scope, "speaks": bool(by.languages)})
        if not offers:
            return None
        if limit == 1 and offers[0].for_skill == "" and not _is_for_others(by, offers[0]):
            return offers[0]
    missing_skills = _missing_skills(by, offers)
    fitting = [offer for offer in offers if offer.for_skill not in missing_skills]
    return min(fitting, key=lambda offer: _is_for_others(by, offer), default=None)


def _read_offers(limit: int, parameters: dict[str, Any]) -> list[_Offer]:
    with bound_cursor() as cursor:
        cursor.execute(_MOST_URGENT_SQL[limit], parameters)
        return [
            _Offer(leave, language, person, skill, department, waits, tuple(values))
            for leave, language, person, skill, department, waits, *values in cursor.fetchall()
        ]


def _missing_skills(by: User, offers: Sequence[_Offer]) -> set[str]:
    skills = {offer.for_skill for offer in offers} - {""}
    return skills - set(by.skills.values_list("slug", flat=True)) if skills else set()


def _is_for_others(by: User, offer: _Offer) -> bool:
    is_foreign = bool(by.languages) and offer.in_language not in ("", *by.languages)
    return is_foreign or offer.for_person not in ("", by.username)


def _is_any_left(by: User) -> bool:
    """Return whether anything waits that others have locked at this moment.

    Cases that ask for a skill do not count.
    """
    skilled = Decision.objects.filter(case=OuterRef("pk"), trace__decided__has_key="skill")
    return Case.objects.visible_to(by).to_assign().exclude(Exists(skilled)).exists()


def _take_offer(offer: _Offer, by: User, now: dt.datetime) -> Case:
    case = offer.build_case()
    change = Change(case, by, now)
    change.accept_custody_on_save(waits=offer.waits)
    set_assignee(change, by)
    if case.status == Status.NEW:
        change.set(status=Status.OPEN)
    change.is_undoable = True
    change.save()
    return case
