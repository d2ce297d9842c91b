"""What becomes of somebody's open cases when they go: to a substitute who is there, else back to the departments.

Called when a person leaves or may see less (in the transaction that changes them), when they give their work away, and
by a tick for people on leave, away for long, or out of sight while a customer writes again.
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
from inbox.models import Case
from inbox.models.case import CaseQuerySet
from inbox.notices import assignments
from inbox.visibility import role_scope
from wording.times import short_date

#: A break: so long somebody who is away keeps what they have, unless the customer writes.
AWAY_GRACE = dt.timedelta(hours=4)
#: So long cases of somebody on leave in which nobody waits for us stay for a substitute who is not there yet.
SUBSTITUTE_GRACE = dt.timedelta(days=1)
_CHUNK = 500


def release_cases_of_leaver(user: User, by: User, now: dt.datetime) -> str:
    """Somebody left: all they have goes back, with a line in each history. In words what went where."""
    return describe_where_cases_went(
        unassign_cases(open_cases_of(user), by=by, reason=f"{user} left", now=now)
    )


def release_cases_out_of_reach(user: User, by: User, now: dt.datetime) -> str:
    """Somebody changed departments, brand accounts or role: what they may not work on any more goes back."""
    lost = _cases_out_of_reach(user, None)
    return describe_where_cases_went(
        unassign_cases(lost, by=by, reason=f"{user} works elsewhere now", now=now)
    )


def describe_cases_at_stake(user: User, reach: CaseAccess | None) -> str:
    """What a person has that they could not keep with this reach (None: when they leave), as a sentence, "" nothing."""
    cases = open_cases_of(user) if reach is None else _cases_out_of_reach(user, reach)
    words = describe_open_cases(cases)
    return f"{user} has {words}. They go back to their departments." if words else ""


def describe_open_cases(cases: CaseQuerySet) -> str:
    """How many cases in which department: "15 open cases: 12 in Billing, 3 in Service"; "" for none."""
    rows = cases.values_list("department__name").annotate(n=Count("pk")).order_by("-n", "department__name")
    counts = list(rows)
    if not counts:
        return ""
    total = sum(n for _, n in counts)
    each = ", ".join(f"{n} in {name}" for name, n in counts)
    return f"{total} open case{'' if total == 1 else 's'}: {each}"


def open_cases_of(user: User) -> CaseQuerySet:
    """The open cases of a person."""
    return Case.objects.open().filter(assignee=user)


def _cases_out_of_reach(user: User, reach: CaseAccess | None) -> CaseQuerySet:
    """The open cases of a person that they would not see with this reach, None: with that which is stored."""
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
    tells: tuple[User, str] | None = None,
) -> list[int]:
    """Take open cases from whoever has them: to `to` where they may see the case, else back to its department's queue.

    Returns the ids. In chunks, each in a transaction of its own unless one is running. `tells`: who had them, and the
    reason as it is said to them.
    """
    ids = list(cases.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), _CHUNK):
        with transaction.atomic():
            changes = _unassign_chunk(ids[start : start + _CHUNK], by, reason, now, to)
            if tells is not None:
                assignments.notify_former_assignee(tells[0], changes, tells[1], now)
    return ids


def _unassign_chunk(
    ids: list[int], by: User | None, reason: str, now: dt.datetime, to: User | None
) -> list[Change]:
    rows = Case.objects.open().filter(pk__in=ids, assignee__isnull=False)
    rows = rows.select_related("assignee", "department")
    locked = list(rows.select_for_update(no_key=True, of=("self",)).order_by("pk"))
    theirs = set(Case.objects.visible_to(to).filter(pk__in=ids).values_list("pk", flat=True)) if to else set()
    changes = []
    for case in locked:
        change = Change(case, by, now)
        set_assignee(change, to if case.pk in theirs and case.assignee_id != (to and to.pk) else None, reason)
        changes.append(change)
    save_changes(changes)
    assignments.notify_assignees(((one, reason) for one in changes), now)
    return changes


def describe_leave_effect(leave: Leave, now: dt.datetime) -> str:
    """What becomes of the open cases of whoever goes on this leave, in a sentence or two for them."""
    has_begun = leave.starts_on <= presence.local_date(now)
    when = "" if has_begun else f" on {short_date(leave.starts_on)}"
    cases, substitute = open_cases_of(leave.user), leave.substitute
    n = cases.count()
    what = f"Your {n:,} open case{'' if n == 1 else 's'}" if has_begun else "What you have open then"
    goes = "goes" if n == 1 or not has_begun else "go"
    if has_begun and not n:
        return ""
    if substitute is None:
        return f"{what} {goes} back to the departments{when or ' now'}."
    told_off = f"{what} {goes} to {substitute}{when} as soon as they are there."
    unseen = cases.exclude(pk__in=Case.objects.visible_to(substitute).values("pk"))
    if places := ", ".join(unseen.order_by().values_list("department__name", flat=True).distinct()):
        told_off += f" They do not see the cases of {places}: these go back there."
    return told_off


def describe_where_cases_went(ids: Iterable[int]) -> str:
    """Where cases are now, in words: "12 cases went back to Billing, 3 to Ada Holm."; "" for none."""
    rows = Case.objects.filter(pk__in=list(ids)).select_related("assignee", "department")
    where = Counter(
        str(case.assignee) if case.assignee else f"back to {case.department.name}" for case in rows
    )
    if not where:
        return ""
    parts = [f"to {name}" if not name.startswith("back to ") else name for name in where]
    told = [f"{n} {part}" for n, part in zip(where.values(), parts, strict=True)]
    first, *rest = sorted(told, key=lambda one: -int(one.split(" ", 1)[0]))
    number, _, place = first.partition(" ")
    return ", ".join([f"{number} case{'' if number == '1' else 's'} went {place}", *rest]) + "."


def release_cases_of_absent(now: dt.datetime) -> int:
    """Take cases from people who do not look after them; how many were taken. Idempotent: the next tick finds none.

    On leave: to the substitute once that one is there, else what a customer waits for goes back at once and the rest
    after a day. Away: what a customer has written in since goes back, all of it after `AWAY_GRACE`. Out of sight for a day:
    what a customer has written in since goes back.
    """
    today = presence.local_date(now)
    leaves = {one.user_id: one for one in Leave.objects.covering(today).select_related("substitute")}
    unseen = Q(away_since__isnull=False) | Q(last_seen_at__lt=now - presence.UNSEEN_AFTER)
    having = Exists(Case.objects.open().filter(assignee=OuterRef("pk")))
    absent = User.objects.filter(Q(pk__in=leaves) | unseen).filter(having)
    return sum(_release_absent_person(user, leaves.get(user.pk), now) for user in list(absent))


def _release_absent_person(user: User, leave: Leave | None, now: dt.datetime) -> int:
    cases = open_cases_of(user)
    if leave is not None:
        return _release_person_on_leave(user, leave, now)
    since = presence.unseen_since(user, now)
    if since is None:
        return 0
    if user.away_since is None or now - since < AWAY_GRACE:
        cases = cases.filter(waiting_since__isnull=False, last_inbound_at__gt=since)
    away = user.away_since is not None
    words, own = ("is", "are") if away else ("has", "have")
    rest = "away" if away else "not been here for a day"
    tells = (user, f"you {own} {rest}")
    return len(unassign_cases(cases, by=None, reason=f"{user} {words} {rest}", now=now, tells=tells))


def _release_person_on_leave(user: User, leave: Leave, now: dt.datetime) -> int:
    reason, tells = f"{user} is on leave", (user, "you are on leave")
    substitute = leave.substitute
    there = User.objects.filter(presence.available_users_condition(now), role__in=ROLES["claim"])
    if substitute is not None and there.filter(pk=substitute.pk).exists():
        return len(
            unassign_cases(open_cases_of(user), by=None, reason=reason, now=now, to=substitute, tells=tells)
        )
    cases = open_cases_of(user)
    if substitute is not None and presence.local_date(now - SUBSTITUTE_GRACE) < leave.starts_on:
        cases = cases.filter(waiting_since__isnull=False)
    return len(unassign_cases(cases, by=None, reason=reason, now=now, tells=tells))
