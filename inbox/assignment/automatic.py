"""Giving cases to people: by a tick in departments that assign automatically, and by "take next" for a person.

One tick assigns at a time, in the whole installation, so that nobody's capacity is counted twice; who claims a case by
hand meanwhile is not waited for, their case is passed over.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q

from accounts.access import ROLES
from accounts.models import AssignmentMode, Department, Role, User
from accounts.working_time import presence
from accounts.working_time.forms import language_name
from inbox.assignment.deal import Candidate, DealMode, Need, deal_cases
from inbox.assignment.needs import NeedRow, read_case_needs
from inbox.changes.change import Change, save_changes
from inbox.models import Case, Decision, Verb
from inbox.models.case import CaseQuerySet
from inbox.notices import assignments
from inbox.visibility import OwnIdSets, role_scope
from postgres.locks import AdvisoryLock, try_lock

logger = logging.getLogger(__name__)

#: Cases of one department looked at in one transaction, and such batches a department and tick: what nobody there
#: can take must not keep the cases behind it waiting.
BATCH_SIZE, BATCHES_PER_TICK = 100, 10
#: Roles that are given work; managers take it themselves, or a rule names them.
ASSIGNABLE_ROLES = (Role.AGENT, Role.COMMUNITY)


def set_assignee(change: Change, assignee: User | None, reason: str = "") -> None:
    """Note in a change that a case goes to a person, or back to its department's queue (None), and why."""
    before = change.case.assignee
    change.set(assignee=assignee)
    data = {"from": str(before) if before else "", "to": str(assignee) if assignee else ""}
    change.record(Verb.ASSIGNED, {**data, "to_id": assignee.pk if assignee else None, "reason": reason})


def assign_cases_automatically(now: dt.datetime) -> int:
    """Give out the cases that wait in departments with an automatic mode; how many found somebody.

    Returns at once when another tick is at it. What nobody fits stays where it is, for the next tick.
    """
    waiting = Case.objects.to_assign().filter(department=OuterRef("pk"))
    manual = Q(assignment_mode=AssignmentMode.MANUAL)
    wanted = Department.objects.filter(
        (~manual & Exists(waiting)) | (manual & Exists(_naming_a_person(waiting)))
    )
    given = 0
    for department_id in list(wanted.values_list("pk", flat=True)):
        last: Case | None = None
        for _ in range(BATCHES_PER_TICK):
            with transaction.atomic():
                if not try_lock(AdvisoryLock.ASSIGNMENT):
                    return given
                batch = _assign_batch(department_id, last, now)
            given += batch.given
            last = batch.last
            if last is None:
                break
    return given


@dataclass(frozen=True, slots=True)
class _BatchResult:
    """How many cases found somebody, and the last one looked at when more may wait behind it that somebody can take."""

    given: int = 0
    last: Case | None = None


def _assign_batch(department_id: int, after: Case | None, now: dt.datetime) -> _BatchResult:
    department = Department.objects.select_for_update(no_key=True).get(pk=department_id)
    people = {user.pk: user for user in _available_people(department, now)}
    candidates = _candidates(department, list(people.values()))
    if not any(one.has_room for one in candidates):
        return _BatchResult()
    cases = _lock_waiting_cases(department, after)
    needs = read_case_needs([case.pk for case in cases])
    known = _NeedResolver(people.values(), needs.values())
    asked = [known.resolve_need(needs[case.pk], prefers=department.prefers_last_helper) for case in cases]
    mode: DealMode = AssignmentMode(department.assignment_mode).value  # type: ignore[assignment]
    picks, turn = deal_cases(asked, candidates, mode, department.turn)
    changes = []
    for case, pick in zip(cases, picks, strict=True):
        if pick is not None:
            change = Change(case, None, now)
            set_assignee(change, people[pick.user_id], ", ".join(pick.reasons))
            changes.append(change)
    save_changes(changes)
    assignments.notify_assignees(((one, str(one.events[-1].data["reason"])) for one in changes), now)
    Department.objects.filter(pk=department.pk).update(turn=turn)
    if changes:
        logger.info("cases assigned", extra={"department": department.pk, "cases": len(changes)})
    return _BatchResult(len(changes), cases[-1] if len(cases) == BATCH_SIZE else None)


def _available_people(department: Department, now: dt.datetime) -> list[User]:
    """Who of a department is there and works on cases."""
    works = Q(memberships__department=department, role__in=ROLES["claim"])
    there = User.objects.filter(presence.available_users_condition(now), works)
    return list(there.prefetch_related("skills", "grants"))


def _candidates(department: Department, people: Collection[User]) -> list[Candidate]:
    """The people with what they have open now, here and elsewhere."""
    rows = Case.objects.open().filter(assignee__in=[user.pk for user in people])
    counted = rows.values_list("assignee_id", "department_id").annotate(n=Count("pk")).order_by()
    everywhere, here = Counter[int](), Counter[int]()
    for user_id, department_id, n in counted:
        everywhere[user_id] += n
        here[user_id] += n if department_id == department.pk else 0
    return [
        Candidate(
            user_id=user.pk,
            is_there=True,
            open_cases=everywhere[user.pk],
            capacity=user.capacity,
            open_here=here[user.pk],
            most_here=department.max_per_person,
            brands=_visible_brand_account_ids(user, department),
            skills=frozenset(skill.slug for skill in user.skills.all()),
            languages=frozenset(user.languages),
            only_by_name=user.role not in ASSIGNABLE_ROLES,
        )
        for user in people
    ]


def _visible_brand_account_ids(user: User, department: Department) -> frozenset[int] | None:
    """Return the brand accounts whose cases a member of a department sees there; None for all of them."""
    granted = frozenset(grant.brand_account_id for grant in user.grants.all())
    return role_scope(user.role, OwnIdSets(frozenset({department.pk}), granted)).brand_account_ids


def _naming_a_person(cases: CaseQuerySet) -> CaseQuerySet:
    """Those for which a rule named a person."""
    return cases.filter(Exists(Decision.objects.naming_somebody().filter(case=OuterRef("pk"))))


def _lock_waiting_cases(department: Department, after: Case | None) -> list[Case]:
    """The most urgent cases that wait, locked; those that somebody holds at this moment are passed over."""
    rows = Case.objects.to_assign().filter(department=department)
    if department.assignment_mode == AssignmentMode.MANUAL:
        rows = _naming_a_person(rows)
    if after is not None:
        same = Q(priority=after.priority)
        behind = Q(waiting_since__gt=after.waiting_since) | Q(
            waiting_since=after.waiting_since, pk__gt=after.pk
        )
        rows = rows.filter(Q(priority__lt=after.priority) | (same & behind))
    rows = rows.order_by("-priority", "waiting_since", "pk")
    return list(rows.select_for_update(skip_locked=True, no_key=True, of=("self",))[:BATCH_SIZE])


class _NeedResolver:
    """What needs are said with: ids of people by user name, names of skills by key, names of whom rules ask for."""

    def __init__(self, people: Collection[User], asked: Collection[NeedRow]) -> None:
        self._people = {user.username: user.pk for user in people}
        named = {one.person for one in asked} - {""}
        found = User.objects.filter(username__in=named) if named else ()
        self._named = {user.username: str(user) for user in found}
        self._skills = {skill.slug: skill.name for user in people for skill in user.skills.all()}

    def resolve_need(self, asked: NeedRow, *, prefers: bool) -> Need:
        """What a case asks for; somebody who is not there is nobody to ask for."""
        return Need(
            brand_account_id=asked.brand_account_id,
            person_id=self._people.get(asked.person),
            person_name=self._named.get(asked.person, ""),
            last_helper_id=asked.last_helper_id if prefers else None,
            skill=asked.skill,
            skill_name=self._skills.get(asked.skill, asked.skill),
            language=asked.language,
            language_name=language_name(asked.language),
        )
