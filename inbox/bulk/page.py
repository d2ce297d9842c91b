"""What the pages of acts show: what is left alone, and how far an act has come."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from accounts.access import ROLES, viewer
from accounts.models import User
from inbox.bulk import macros
from inbox.bulk.acts import KEPT_FOR
from inbox.bulk.words import count_cases, describe_act
from inbox.later.moments import list_presets
from inbox.models import BulkAct, BulkItem, BulkItemState, BulkState, BulkVerb, Case, SnoozeFor
from inbox.models.case import CaseQuerySet
from inbox.visibility import list_departments
from routing.models import Priority
from wording.times import display_time, to_display_zone

#: Cases named under each reason; the rest is counted.
MOST_NAMED = 5
#: Cases listed at a time on the page of an act.
ROWS_PER_PAGE = 50
_WATCHED = ("that you only watch, and may not change",) * 2
#: Acts that change a closed case, too.
_ALSO_CLOSED = (BulkVerb.TAG, BulkVerb.UNTAG, BulkVerb.MACRO)


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """Cases that an act will leave as they are: why, how many, and a few of them."""

    why: str
    count: int
    some: list[Case]


def foresee(user: User, verb: BulkVerb, cases: CaseQuerySet) -> list[LeftAlone]:
    """Return what an act would leave as it is.

    As far as that can be seen before it begins. At most two statements for each reason.
    """
    reasons: list[tuple[str, str, CaseQuerySet]] = []
    own = Q(pk__in=Case.objects.visible_to(user).values("pk"))
    reasons.append((*_WATCHED, cases.exclude(own)))
    mine = cases.filter(own)
    if verb not in _ALSO_CLOSED:
        reasons.append(("is closed already", "are closed already", mine.closed()))
    if verb in (BulkVerb.TAKE, BulkVerb.ASSIGN, BulkVerb.HAND_OVER) and not viewer(user).may("reassign"):
        others = mine.open().exclude(assignee=None).exclude(assignee=user)
        reasons.append(("is a colleague’s", "are colleagues’", others))
    return [left for of_one, of_more, some in reasons if (left := _count_left(of_one, of_more, some)).count]


def _count_left(of_one: str, of_more: str, cases: CaseQuerySet) -> LeftAlone:
    count = cases.distinct().count()
    why = of_one if count == 1 else of_more
    some = list(cases.select_related("identity").order_by("pk")[:MOST_NAMED]) if count else []
    return LeftAlone(why, count, some)


def list_choices(user: User, verb: BulkVerb, now: dt.datetime) -> dict[str, Any]:
    """Return what the form of an act offers to choose from. At most one statement."""
    match verb:
        case BulkVerb.ASSIGN:
            return {"people": [(person.pk, str(person)) for person in _find_people(user)]}
        case BulkVerb.HAND_OVER:
            open_ones = (department for department in list_departments(user) if department.is_open)
            return {"departments": [(department.slug, department.name) for department in open_ones]}
        case BulkVerb.PRIORITISE:
            return {"priorities": [(priority.value, priority.label) for priority in reversed(Priority)]}
        case BulkVerb.MACRO:
            return {"macros": [(macro.pk, macro.title) for macro in macros.list_runnable(user)]}
        case BulkVerb.SNOOZE:
            presets = [(preset.key, f"{preset.label}: {preset.words}") for preset in list_presets(now)]
            ends = [
                (SnoozeFor.CUSTOMER.value, "Until the customer writes"),
                (SnoozeFor.COLLEAGUE.value, "Until a colleague acts"),
            ]
            day = to_display_zone(now).date() + dt.timedelta(days=1)
            return {"presets": [*presets, *ends, ("at", "Until a day and time:")], "day": day}
        case _:
            return {}


def _find_people(user: User) -> list[User]:
    """Return the colleagues who share a department or account."""
    people = User.objects.filter(is_active=True, role__in=ROLES["claim"]).exclude(pk=user.pk)
    mine = viewer(user)
    shared = Q(memberships__department__in=mine.department_ids) | Q(
        grants__brand_account__in=mine.brand_account_ids
    )
    if not viewer(user).may("reassign"):
        return []
    return list(people.filter(shared).distinct().order_by("first_name", "last_name", "pk")[:200])


@dataclass(frozen=True, slots=True)
class LeftItem:
    """A case that an act or its undo left as it is. `case` is None for one that the reader may not open."""

    number: int
    reason: str
    case: Case | None


def act_context(act: BulkAct, user: User, after: int, now: dt.datetime) -> dict[str, Any]:
    """Return what the page of an act shows. At most four statements.

    `after` is the number of the last case of the page before.
    """
    undoes = act.state in (BulkState.UNDOING, BulkState.UNDONE)
    states = [BulkItemState.REFUSED, BulkItemState.KEPT] if undoes else [BulkItemState.REFUSED]
    rows = BulkItem.objects.filter(act=act, state__in=states, case_id__gt=after).order_by("case_id")
    items = list(rows[: ROWS_PER_PAGE + 1])
    shown = items[:ROWS_PER_PAGE]
    readable = Case.objects.visible_to(user).select_related("identity", "department")
    cases = readable.in_bulk([item.case_id for item in shown])
    return {
        "act": act,
        "title": describe_act(act, now),
        "left": [LeftItem(item.case_id, item.reason, cases.get(item.case_id)) for item in shown],
        "next": shown[-1].case_id if len(items) > ROWS_PER_PAGE else None,
        "to_go": act.to_work_on - act.worked_on,
        "not_begun": act.found - act.done - act.refused if act.state == BulkState.STOPPED else 0,
        "seconds": _seconds_left(act, now),
        "may_undo": act.state in (BulkState.DONE, BulkState.STOPPED)
        and act.done > 0
        and now - act.created_at < KEPT_FOR,
        "began": display_time(act.created_at, now),
    }


def _seconds_left(act: BulkAct, now: dt.datetime) -> int | None:
    """Return how long the rest takes at this pace.

    None before anything was done.
    """
    began = act.undo_began_at if act.state == BulkState.UNDOING else act.created_at
    if not act.is_running or began is None or not act.worked_on:
        return None
    pace = (act.worked_at - began).total_seconds() / act.worked_on
    return max(1, round(pace * (act.to_work_on - act.worked_on)))


def list_acts(user: User, now: dt.datetime) -> list[dict[str, Any]]:
    """Return a person's acts, the newest first."""
    acts = BulkAct.objects.visible_to(user)[:ROWS_PER_PAGE]
    return [
        {"act": act, "title": describe_act(act, now), "began": display_time(act.created_at, now)}
        for act in acts
    ]


def say_done(act: BulkAct, now: dt.datetime) -> str:
    """Return what an act has done, as a message."""
    words = f"{describe_act(act, now)}."
    return (
        f"{words} {count_cases(act.refused)} left as {'it is' if act.refused == 1 else 'they are'}."
        if act.refused
        else words
    )
