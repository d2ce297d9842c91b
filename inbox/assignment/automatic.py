"""Automatic assignment: in departments set to automatic, and where a rule names a person.

Only one run assigns at a time in the whole installation; two could both count the same free capacity. It does not wait
for people who are claiming a case by hand: their case is skipped.
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
from inbox.assignment.distribution import Candidate, DistributionMode, Need, distribute_cases
from inbox.assignment.needs import NeedRow, read_case_needs
from inbox.changes.change import Change, save_changes
from inbox.models import Case, Decision, Verb
from inbox.models.case import CaseQuerySet
from inbox.notices import assignments
from inbox.visibility import OwnIdSets, role_scope
from postgres.locks import AdvisoryLock, try_lock

logger = logging.getLogger(__name__)

#: Cases of one department in one transaction, and the batches for each department and run. There are several, because
#: cases that nobody there can take must not hold up those behind them.
BATCH_SIZE, BATCHES_PER_RUN = 100, 10
#: Roles that get cases automatically. Managers get one only by hand or when a rule names them.
ASSIGNABLE_ROLES = (Role.AGENT, Role.COMMUNITY)


def set_assignee(change: Change, assignee: User | None, reason: str = "") -> None:
    """Record in a change who gets the case, and why.

    `assignee` None: back to the queue of its department. Nothing is saved.
    """
    before = change.case.assignee
    change.set(assignee=assignee)
    data = {"from": str(before) if before else "", "to": str(assignee) if assignee else ""}
    change.record(Verb.ASSIGNED, {**data, "to_id": assignee.pk if assignee else None, "reason": reason})


def assign_cases_automatically(now: dt.datetime) -> int:
    """Assign waiting cases; return how many were assigned.

    In departments that assign automatically, and where a rule names a person. Returns at once if another run is in
    progress. A case that fits nobody stays in the queue until the next run.
    """
    waiting = Case.objects.to_assign().filter(department=OuterRef("pk"))
    manual = Q(assignment_mode=AssignmentMode.MANUAL)
    departments = Department.objects.filter(
        (~manual & Exists(waiting)) | (manual & Exists(_naming_a_person(waiting)))
    )
    assigned = 0
    for department_id in list(departments.values_list("pk", flat=True)):
        last_case: Case | None = None
        for _ in range(BATCHES_PER_RUN):
            with transaction.atomic():
                if not try_lock(AdvisoryLock.ASSIGNMENT):
                    return assigned
                batch = _assign_batch(department_id, last_case, now)
            assigned += batch.assigned
            last_case = batch.last_case
            if last_case is None:
                break
    return assigned


@dataclass(frozen=True, slots=True)
class _BatchResult:
    """The result of a batch.

    `last_case` is set when cases that somebody can take may be waiting behind it.
    """

    assigned: int = 0
    last_case: Case | None = None


def _assign_batch(department_id: int, after: Case | None, now: dt.datetime) -> _BatchResult:
    department = Department.objects.select_for_update(no_key=True).get(pk=department_id)
    people = {user.pk: user for user in _available_people(department, now)}
    candidates = _candidates(department, list(people.values()))
    if not any(candidate.has_room for candidate in candidates):
        return _BatchResult()
    cases = _lock_waiting_cases(department, after)
    needs = read_case_needs([case.pk for case in cases])
    resolver = _NeedResolver(people.values(), needs.values())
    resolved_needs = [
        resolver.resolve_need(needs[case.pk], prefers_last_helper=department.prefers_last_helper)
        for case in cases
    ]
    mode: DistributionMode = AssignmentMode(department.assignment_mode).value  # type: ignore[assignment]
    picks, turn = distribute_cases(resolved_needs, candidates, mode, department.turn)
    changes = []
    for case, pick in zip(cases, picks, strict=True):
        if pick is not None:
            change = Change(case, None, now)
            set_assignee(change, people[pick.user_id], ", ".join(pick.reasons))
            changes.append(change)
    save_changes(changes)
    assignments.notify_assignees(((change, str(change.events[-1].data["reason"])) for change in changes), now)
    Department.objects.filter(pk=department.pk).update(turn=turn)
    if changes:
        logger.info("cases assigned", extra={"department": department.pk, "cases": len(changes)})
    return _BatchResult(len(changes), cases[-1] if len(cases) == BATCH_SIZE else None)


def _available_people(department: Department, now: dt.datetime) -> list[User]:
    """Return those people of a department who can be given cases now."""
    works = Q(memberships__department=department, role__in=ROLES["claim"])
    available = User.objects.filter(presence.available_users_condition(now), works)
    return list(available.prefetch_related("skills", "grants"))


def _candidates(department: Department, people: Collection[User]) -> list[Candidate]:
    """Return the people with their numbers of open cases.

    In this department and in all.
    """
    cases = Case.objects.open().filter(assignee__in=[user.pk for user in people])
    counts = cases.values_list("assignee_id", "department_id").annotate(n=Count("pk")).order_by()
    everywhere, here = Counter[int](), Counter[int]()
    for user_id, department_id, n in counts:
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
    """Return whose brand accounts' cases a department's member sees; None for all."""
    granted = frozenset(grant.brand_account_id for grant in user.grants.all())
    return role_scope(user.role, OwnIdSets(frozenset({department.pk}), granted)).brand_account_ids


def _naming_a_person(cases: CaseQuerySet) -> CaseQuerySet:
    """Select the cases for which a rule named a person."""
    return cases.filter(Exists(Decision.objects.naming_somebody().filter(case=OuterRef("pk"))))


def _lock_waiting_cases(department: Department, after: Case | None) -> list[Case]:
    """Lock and return the most urgent waiting cases, behind `after`.

    Skips cases that another transaction has locked.
    """
    cases = Case.objects.to_assign().filter(department=department)
    if department.assignment_mode == AssignmentMode.MANUAL:
        cases = _naming_a_person(cases)
    if after is not None:
        same_priority = Q(priority=after.priority)
        waits_less = Q(waiting_since__gt=after.waiting_since) | Q(
            waiting_since=after.waiting_since, pk__gt=after.pk
        )
        cases = cases.filter(Q(priority__lt=after.priority) | (same_priority & waits_less))
    cases = cases.order_by("-priority", "waiting_since", "pk")
    return list(cases.select_for_update(skip_locked=True, no_key=True, of=("self",))[:BATCH_SIZE])


class _NeedResolver:
    """Looks up the ids and names in needs.

    Holds the ids of available people by user name, names of skills by key, and names of all people whom rules ask for.
    """

    def __init__(self, people: Collection[User], needs: Collection[NeedRow]) -> None:
        self._ids_by_username = {user.username: user.pk for user in people}
        usernames = {need.person for need in needs} - {""}
        users = User.objects.filter(username__in=usernames) if usernames else ()
        self._names_by_username = {user.username: str(user) for user in users}
        self._skill_names = {skill.slug: skill.name for user in people for skill in user.skills.all()}

    def resolve_need(self, row: NeedRow, *, prefers_last_helper: bool) -> Need:
        """Return what a case asks for.

        Without `person_id` when the person whom a rule names is not there.
        """
        return Need(
            brand_account_id=row.brand_account_id,
            person_id=self._ids_by_username.get(row.person),
            person_name=self._names_by_username.get(row.person, ""),
            last_helper_id=row.last_helper_id if prefers_last_helper else None,
            skill=row.skill,
            skill_name=self._skill_names.get(row.skill, row.skill),
            language=row.language,
            language_name=language_name(row.language),
        )
