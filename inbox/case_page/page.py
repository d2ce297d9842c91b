"""Everything a case's page shows, in few statements: the case with its neighbours in one, the rest in one each."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Literal

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.urls import reverse

from accounts.access import ROLES, viewer
from accounts.models import User
from accounts.roster import planning
from accounts.working_time import presence
from inbox import countdown
from inbox.assignment.colleagues import assignable_colleagues, explain_unassigned
from inbox.case_page import playbook, suggestion
from inbox.case_page.clock_card import clock_card
from inbox.case_page.custody_bar import CustodyBar, custody_bar
from inbox.case_page.hand_over import custody_trail, hand_over_panel
from inbox.case_page.on_point import on_point_at_arrival, on_point_context
from inbox.case_page.timeline import Timeline, read_timeline
from inbox.display import Chip, display_name, initials, network_sign, returned_chip
from inbox.models import (
    Case,
    Custody,
    Decision,
    Draft,
    Identity,
    Status,
    Watch,
)
from inbox.models.case import CaseQuerySet
from inbox.replies.composer import Composer, build_composer
from inbox.visibility import list_departments, may_see_by_role
from networks.registry import network_label
from postgres.prepared_querysets import prepared_query
from wording.times import short_date_with_year, to_display_zone

#: Neighbours shown on the page: other names of the customer, other cases.
MOST_IDENTITIES, MOST_OTHER_CASES = 10, 6


@dataclass(frozen=True, slots=True)
class Problem:
    """Why what the person tried was not done. `typed` is what they had filled in, by field name."""

    kind: Literal["conflict", "invalid", "refused"]
    text: str
    form: str = ""
    typed: dict[str, str] | None = None


def read_case(user: User, pk: int, now: dt.datetime) -> Case:
    """The case with its neighbours as annotations, as they are `now`; one that was handed over is still read by who watches it.

    Raises `Case.DoesNotExist` alike for absent and forbidden.
    """
    today = presence.local_date(now)
    found = _visible_case(user, pk, today) or _watched_case(user, pk, today)
    if not found:
        raise Case.DoesNotExist
    return found[0]


@prepared_query
def _visible_case(user: User, pk: int, today: dt.date) -> CaseQuerySet:
    return _with_neighbours(Case.objects.visible_to(user).filter(pk=pk), user, today)


@prepared_query
def _watched_case(user: User, pk: int, today: dt.date) -> CaseQuerySet:
    return _with_neighbours(Case.objects.watched_by(user).filter(pk=pk), user, today)


def _with_neighbours(rows: CaseQuerySet, user: User, today: dt.date) -> CaseQuerySet:
    others = (
        Case.objects.visible_to(user)
        .filter(customer=OuterRef("customer_id"))
        .exclude(pk=OuterRef("pk"))
        .order_by("-activity_at")
        .values(json=JSONObject(id="id", preview="preview", status="status", network="network"))
    )
    names = (
        Identity.objects.filter(customer=OuterRef("customer_id"))
        .exclude(pk=OuterRef("identity_id"))
        .values(json=JSONObject(handle="handle", name="name", network="network"))
    )
    return rows.select_related("customer", "identity", "brand_account", "department", "assignee").annotate(
        draft_text=Subquery(Draft.objects.filter(case=OuterRef("pk"), user=user).values("text")[:1]),
        reasons=Subquery(Decision.objects.filter(case=OuterRef("pk")).order_by("-id").values("reasons")[:1]),
        other_cases=ArraySubquery(others[:MOST_OTHER_CASES]),
        other_names=ArraySubquery(names[:MOST_IDENTITIES]),
        **playbook.playbook_annotations(),
        suggested=suggestion.open_suggestion_subquery(),
        roster=ArraySubquery(planning.roster_json_subquery(OuterRef("brand_account_id"), today)),
        arrived_to=Subquery(on_point_at_arrival(OuterRef("pk"))),
        is_watched=Exists(Watch.objects.filter(case=OuterRef("pk"), user=user, off=False)),
    )


@prepared_query
def _custodies(case_id: int) -> QuerySet[Custody]:
    held = Custody.objects.filter(case=case_id).select_related("department", "from_department", "sent_by")
    return held.order_by("sent_at")


def case_context(
    case: Case,
    user: User,
    now: dt.datetime,
    *,
    before: str = "",
    start: str = "",
    problem: Problem | None = None,
) -> dict[str, Any]:
    """Template context of `inbox/case_page/case.html` and its fragments. `case` comes from `read_case`."""
    thread = read_timeline(case, user, now, before=before, start=start)
    custodies, offered = _custodies(case.pk), allowed_actions(user, case)
    return {
        "case": case,
        **_heading_context(case),
        "chips": _header_chips(case, now, custody_trail(case, custodies)),
        "thread": thread,
        "older": bool(before),
        "composer": None if before else _composer(case, user, thread, now, refreshed_from=start),
        "clocks": clock_card(case, now),
        "custody": custody_bar(custodies, case, now),
        "passing": hand_over_panel(case, user, custodies, may_pass=offered["hand_over"]),
        "why": _placement_reasons(case, custodies),
        "suggestion": suggestion.suggestion_card(case),
        "customer": _customer_context(case),
        "may": offered,
        "colleagues": assignable_colleagues(case, now) if offered["choose"] else [],
        "why_nobody": explain_unassigned(case, now),
        "mine": case.assignee_id == user.pk,
        "playbook": playbook.build_playbook_panel(case, offered, list_departments(user), now),
        "on_point": on_point_context(case, now),
        "watched": case.is_watched,  # type: ignore[attr-defined]
        "departments": [
            one for one in list_departments(user) if one.is_open and one.pk != case.department_id
        ],
        **_problem_context(problem, offered),
    }


def _composer(case: Case, user: User, thread: Timeline, now: dt.datetime, *, refreshed_from: str) -> Composer:
    """Return the composer. A page that was `refreshed_from` a cursor may have earlier messages that it does not show."""
    return build_composer(
        case,
        user,
        thread.messages,
        thread.replies,
        has_earlier=bool(thread.before or refreshed_from),
        draft=case.draft_text or "",  # type: ignore[attr-defined]
        now=now,
    )


def _heading_context(case: Case) -> dict[str, str]:
    name = case.identity.display_name
    sign, sign_class = network_sign(case.network)
    return {
        # The addresses of its verbs are below it: told once, not looked up forty times.
        "at": reverse("inbox:case", args=[case.pk]),
        "heading": name,
        "initials": initials(name),
        "sign": sign,
        "sign_class": sign_class,
        "network": network_label(case.network),
    }


def _problem_context(problem: Problem | None, offered: dict[str, bool]) -> dict[str, Any]:
    return {
        "problem": problem,
        "typed": (problem.typed if problem else None) or {},
        "kept": _refused_reason_text(problem, offered),
    }


def _refused_reason_text(problem: Problem | None, offered: dict[str, bool]) -> str:
    """What was typed into a form that the page no longer offers: it is shown with the refusal instead."""
    forms = {"hand_over": "hand_over", "dismiss": "close"}
    if problem is None or not problem.typed or offered.get(forms.get(problem.form, ""), True):
        return ""
    return problem.typed.get("reason", "")


def allowed_actions(user: User, case: Case) -> dict[str, bool]:
    """What the page offers this person: templates print, they do not decide."""
    who = viewer(user)
    own = case.assignee_id in (None, user.pk)
    offered = {
        "claim": who.may("claim"),
        "assign": who.may("reassign") and case.is_open,
        "choose": case.is_open
        and (who.may("reassign") or (who.may("claim") and case.assignee_id == user.pk)),
        "take": who.may("claim")
        and case.is_open
        and case.assignee_id != user.pk
        and (own or who.may("reassign")),
        "give_back": who.may("claim") and case.is_open and case.assignee_id == user.pk,
        "hand_over": who.may("hand_over") and case.is_open and (own or who.may("reassign")),
        "close": who.may("claim") and case.is_open,
        "reopen": who.may("claim") and not case.is_open,
        "note": who.may("read_notes"),
        "publish": user.role in ROLES["publish"],
    }
    return offered if may_see_by_role(user, case) else dict.fromkeys(offered, False)


def _header_chips(case: Case, now: dt.datetime, trail: str) -> list[Chip]:
    row = {name: getattr(case, name) for name in countdown.WAITING_CHIP_FIELDS}
    if not case.is_open:
        tone = "ok" if case.status == Status.RESOLVED else ""
        chips = [Chip("✓ resolved" if tone else "dismissed", tone)]
    elif waiting := countdown.waiting_chip(row, case.brand_account, now):
        chips = [waiting]
    else:
        chips = [Chip(case.get_status_display().lower())]
    chips.append(Chip(case.department.name, "dept"))
    if case.returned_count:
        chips.append(returned_chip(case.returned_count, trail))
    if case.visibility == "direct":
        chips.append(Chip("direct"))
    if case.priority > 0:
        chips.append(Chip("▲ urgent" if case.priority > 1 else "▲ high", "risk"))
    return chips


def _placement_reasons(case: Case, custodies: list[Custody]) -> list[str]:
    """Why the case stands where it stands, newest reason first."""
    decided = [str(reason) for reason in getattr(case, "reasons", None) or ()]
    passed = [one for one in reversed(custodies) if one.from_department is not None][:3]
    return [_hand_over_reason(one) for one in passed if one.reason not in decided] + decided


def _hand_over_reason(custody: Custody) -> str:
    by = f"Handed over by {custody.sent_by} from" if custody.sent_by else "From"
    return f"{by} {custody.from_department}: {custody.reason}"


def _customer_context(case: Case) -> dict[str, Any]:
    identity = case.identity
    others: list[dict[str, Any]] = getattr(case, "other_cases", [])
    names: list[dict[str, Any]] = getattr(case, "other_names", [])
    return {
        "name": identity.name if identity.handle and identity.name != identity.handle else "",
        "followers": f"{identity.followers:,}" if identity.followers is not None else "",
        "verified": identity.verified,
        "tags": case.customer.tags,
        "since": short_date_with_year(to_display_zone(case.customer.created_at)),
        "names": [
            f"{display_name(one['handle'], one['name'])} on {network_label(one['network'])}" for one in names
        ],
        "others": [
            {
                "id": one["id"],
                "text": one["preview"] or "(no text)",
                "open": one["status"] not in ("resolved", "dismissed"),
            }
            for one in others
        ],
        "more": len(others) == MOST_OTHER_CASES,
    }


__all__ = ["CustodyBar", "Problem", "allowed_actions", "case_context", "read_case"]
