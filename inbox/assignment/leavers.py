"""Take open cases from people who leave, may see less, or are absent.

They go to an available substitute, otherwise back to their departments. Called when a person leaves or may see less
(in the transaction that changes them), when they give their cases back, and by a periodic task for people who are on
leave, who have been away for long, or who are not there when a customer writes again.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q

from accounts.access import ROLES
from accounts.models import Leave, User
from accounts.people.verbs import CaseAccess
from accounts.working_time import presence
from inbox.assignment.automatic import set_assignee
from inbox.changes.change import Change, save_changes
from inbox.models import Case, CaseEvent, Verb
from inbox.models.case import CaseQuerySet
from inbox.notices import assignments
from inbox.visibility import role_scope
from wording.times import short_date

#: A break: somebody who is away keeps their cases for this long, unless the customer writes.
AWAY_GRACE = dt.timedelta(hours=4)
#: How long cases of somebody on leave wait for a substitute who is not available yet, if no customer is waiting in
#: them.
SUBSTITUTE_GRACE = dt.timedelta(days=1)
_CHUNK = 500


def release_cases_of_leaver(user: User, by: User, now: dt.datetime) -> str:
    """Take all open cases from somebody who left.

    Each gets a line in its history. Returns in words where they went.
    """
    return describe_where_cases_went(
        unassign_cases(open_cases_of(user), by=by, reason=f"{user} left", now=now)
    )


def release_cases_out_of_reach(user: User, by: User, now: dt.datetime) -> str:
    """Take the cases that somebody may no longer work on.

    After a change of their departments, brand accounts or role. Returns in words where they went.
    """
    cases = _cases_out_of_reach(user, None)
    return describe_where_cases_went(
        unassign_cases(cases, by=by, reason=f"{user} works elsewhere now", now=now)
    )


def describe_cases_at_stake(user: User, reach: CaseAccess | None) -> str:
    """Return which open cases a person would lose, as a sentence.

    `reach` is what they are to become, None when they leave. "" when they would lose none.
    """
    cases = open_cases_of(user) if reach is None else _cases_out_of_reach(user, reach)
    words = describe_open_cases(cases)
    return f"{user} has {words}. They go back to their departments." if words else ""


def describe_open_cases(cases: CaseQuerySet) -> str:
    """Return how many cases are in which department, in words.

    "15 open cases: 12 in Billing, 3 in Service"; "" for none. One statement.
    """
    counted = cases.values_list("department__name").annotate(n=Count("pk")).order_by("-n", "department__name")
    counts = list(counted)
    if not counts:
        return ""
    total = sum(n for _, n in counts)
    by_department = ", ".join(f"{n} in {name}" for name, n in counts)
    return f"{total} open case{'' if total == 1 else 's'}: {by_department}"


def open_cases_of(user: User) -> CaseQuerySet:
    """Select the open cases of a person."""
    return Case.objects.open().filter(assignee=user)


def _cases_out_of_reach(user: User, reach: CaseAccess | None) -> CaseQuerySet:
    """Select the open cases of a person outside of a reach.

    `reach` None: outside of what the person reaches now, read afresh.
    """
    if reach is None:
        departments = frozenset(user.memberships.values_list("department_id", flat=True))
        brands = frozenset(user.grants.values_list("brand_account_id", flat=True))
        reach = CaseAccess(user.role, departments, brands)
    if reach.role not in ROLES["claim"]:
        return open_cases_of(user)
    return open_cases_of(user).exclude(role_scope(reach.role, reach).condition())


def unassign_cases(
    cases: CaseQuerySet,
    *,
    by: User | None,
    reason: str,
    now: dt.datetime,
    to: User | None = None,
    to_notify: tuple[User, str] | None = None,
) -> list[int]:
    """Take open cases from their assignees. Return the ids.

    They go to `to` if that person sees the case, else back to the queues of their departments. In chunks, each in its
    own transaction unless one is open. `to_notify` is the former assignee and the reason, addressed to them.
    """
    ids = list(cases.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), _CHUNK):
        with transaction.atomic():
            changes = _unassign_chunk(ids[start : start + _CHUNK], by, reason, now, to)
            if to_notify is not None:
                assignments.notify_former_assignee(to_notify[0], changes, to_notify[1], now)
    return ids


def _unassign_chunk(
    ids: list[int], by: User | None, reason: str, now: dt.datetime, to: User | None
) -> list[Change]:
    cases = Case.objects.open().filter(pk__in=ids, assignee__isnull=False)
    cases = cases.select_related("assignee", "department")
    locked = list(cases.select_for_update(no_key=True, of=("self",)).order_by("pk"))
    visible_ids = (
        set(Case.objects.visible_to(to).filter(pk__in=ids).values_list("pk", flat=True)) if to else set()
    )
    changes = []
    for case in locked:
        change = Change(case, by, now)
        set_assignee(
            change, to if case.pk in visible_ids and case.assignee_id != (to and to.pk) else None, reason
        )
        changes.append(change)
    save_changes(changes)
    assignments.notify_assignees(((change, reason) for change in changes), now)
    return changes


def describe_leave_effect(leave: Leave, now: dt.datetime) -> str:
    """Return what becomes of the person's open cases on this leave.

    A sentence or two, addressed to them; "" when nothing changes now.
    """
    has_begun = leave.starts_on <= presence.local_date(now)
    from_when = "" if has_begun else f" on {short_date(leave.starts_on)}"
    cases, substitute = open_cases_of(leave.user), leave.substitute
    number = cases.count()
    subject = (
        f"Your {number:,} open case{'' if number == 1 else 's'}" if has_begun else "What you have open then"
    )
    verb = "goes" if number == 1 or not has_begun else "go"
    if has_begun and not number:
        return ""
    if substitute is None:
        return f"{subject} {verb} back to the departments{from_when or ' now'}."
    effect = f"{subject} {verb} to {substitute}{from_when} as soon as they are there."
    unseen = cases.exclude(pk__in=Case.objects.visible_to(substitute).values("pk"))
    if places := ", ".join(unseen.order_by().values_list("department__name", flat=True).distinct()):
        effect += f" They do not see the cases of {places}: these go back there."
    return effect


def describe_where_cases_went(ids: Iterable[int]) -> str:
    """Return where cases are now, in words.

    "12 cases went back to Billing, 3 to Ada Holm."; "" for none. One statement.
    """
    cases = Case.objects.filter(pk__in=list(ids)).select_related("assignee", "department")
    counts = Counter(
        str(case.assignee) if case.assignee else f"back to {case.department.name}" for case in cases
    )
    if not counts:
        return ""
    parts = [f"to {name}" if not name.startswith("back to ") else name for name in counts]
    phrases = [f"{n} {part}" for n, part in zip(counts.values(), parts, strict=True)]
    first, *rest = sorted(phrases, key=lambda phrase: -int(phrase.split(" ", 1)[0]))
    number, _, place = first.partition(" ")
    return ", ".join([f"{number} case{'' if number == '1' else 's'} went {place}", *rest]) + "."


def release_cases_of_absent(now: dt.datetime) -> int:
    """Take cases from absent people. Return how many were taken.

    Idempotent: the next run finds none.

    On leave: to the substitute once that person is there; until then the cases in which a customer waits go back to
    their departments at once, and the rest after a day. Away: cases in which the customer has written since go back,
    and all of them after `AWAY_GRACE`. Not seen for a day: cases in which the customer has written since go back. Signed
    out or gone for good: cases that the customer has reopened since go back.
    """
    today = presence.local_date(now)
    leaves = {leave.user_id: leave for leave in Leave.objects.covering(today).select_related("substitute")}
    unseen = Q(away_since__isnull=False) | Q(last_seen_at__lt=now - presence.UNSEEN_AFTER)
    has_cases = Exists(Case.objects.open().filter(assignee=OuterRef("pk")))
    absent = User.objects.filter(Q(pk__in=leaves) | unseen).filter(has_cases)
    released = sum(_release_absent_person(user, leaves.get(user.pk), now) for user in list(absent))
    return released + _release_reopened_cases(now)


def _release_reopened_cases(now: dt.datetime) -> int:
    """Take reopened cases from people who were not there then."""
    seen_at = OuterRef("assignee__last_seen_at")
    reopened = CaseEvent.objects.filter(case=OuterRef("pk"), verb=Verb.REOPENED, actor__isnull=True)
    has_left = Q(assignee__is_active=False)
    missed_it = presence.signed_out_condition(now, "assignee__") & (
        Q(Exists(reopened.filter(at__gt=seen_at))) | Q(assignee__last_seen_at__isnull=True)
    )
    cases = Case.objects.open().filter(reopen_count__gt=0, waiting_since__isnull=False)
    cases = cases.filter(has_left | missed_it)
    released = 0
    for user in list(User.objects.filter(pk__in=cases.values("assignee"))):
        state = "signed out" if user.is_active else "no longer here"
        to_notify = (user, f"you are {state} and the customer wrote again")
        own = cases.filter(assignee=user)
        reason = f"{user} is {state}"
        released += len(unassign_cases(own, by=None, reason=reason, now=now, to_notify=to_notify))
    return released


def _release_absent_person(user: User, leave: Leave | None, now: dt.datetime) -> int:
    cases = open_cases_of(user)
    if leave is not None:
        return _release_person_on_leave(user, leave, now)
    since = presence.unseen_since(user, now)
    if since is None:
        return 0
    if user.away_since is None or now - since < AWAY_GRACE:
        cases = cases.filter(waiting_since__isnull=False, last_inbound_at__gt=since)
    is_away = user.away_since is not None
    verb, own_verb = ("is", "are") if is_away else ("has", "have")
    state = "away" if is_away else "not been here for a day"
    to_notify = (user, f"you {own_verb} {state}")
    return len(unassign_cases(cases, by=None, reason=f"{user} {verb} {state}", now=now, to_notify=to_notify))


def _release_person_on_leave(user: User, leave: Leave, now: dt.datetime) -> int:
    reason, to_notify = f"{user} is on leave", (user, "you are on leave")
    substitute = leave.substitute
    available = User.objects.filter(presence.available_users_condition(now), role__in=ROLES["claim"])
    if substitute is not None and available.filter(pk=substitute.pk).exists():
        return len(
            unassign_cases(
                open_cases_of(user), by=None, reason=reason, now=now, to=substitute, to_notify=to_notify
            )
        )
    cases = open_cases_of(user)
    if substitute is not None and presence.local_date(now - SUBSTITUTE_GRACE) < leave.starts_on:
        cases = cases.filter(waiting_since__isnull=False)
    return len(unassign_cases(cases, by=None, reason=reason, now=now, to_notify=to_notify))
