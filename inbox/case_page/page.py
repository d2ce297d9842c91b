"""Everything that a case's page shows: the case with its neighbours in one statement, the rest in one each."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Literal

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.urls import reverse

from accounts.access import ROLES, viewer
from accounts.models import Department, User
from accounts.roster import planning
from accounts.working_time import presence
from inbox.approval_rules.reasons import approval_annotations
from inbox.assignment.colleagues import assignable_colleagues, explain_unassigned
from inbox.case_page import customer_card, playbook, suggestion
from inbox.case_page.clock_card import clock_card
from inbox.case_page.custody_bar import custody_bar
from inbox.case_page.event_lines import name_patterns
from inbox.case_page.hand_over import custody_trail, hand_over_panel
from inbox.case_page.header_chips import header_chips
from inbox.case_page.learning_box import learning_annotation
from inbox.case_page.lost_case import LostCase, describe_lost_case
from inbox.case_page.roster_card import on_point_at_arrival, roster_card
from inbox.case_page.small_horseshoe import answer_queued_annotation, small_horseshoe
from inbox.case_page.take_over import describe_take_over
from inbox.case_page.timeline import Timeline, read_timeline
from inbox.changes.refusals import why_nothing_is_kept
from inbox.display import initials, network_sign
from inbox.later.forms import later_annotations, moment_forms
from inbox.live import here
from inbox.models import Case, Custody, Decision, Draft, Watch
from inbox.models.case import CaseQuerySet
from inbox.replies.composer import Composer, build_composer
from inbox.visibility import list_departments, may_see_by_role
from networks.registry import network_label
from postgres.prepared_querysets import prepared_query
from wording.times import clock_time


@dataclass(frozen=True, slots=True)
class Problem:
    """The reason why a person's action was refused.

    `form` is the name of the form that they sent, `typed` their input by field name.
    """

    kind: Literal["conflict", "busy", "invalid", "refused"]
    text: str
    form: str = ""
    typed: dict[str, str] | None = None
    #: What happened, in two or three words; "" for those of its kind.
    heading: str = ""

    @property
    def has_words(self) -> bool:
        """True if the person had written something that the page shows again."""
        words = (self.typed or {}).get
        return any(words(name, "").strip() for name in ("text", "note", "reason", "tags"))


def read_case(user: User, pk: int, now: dt.datetime) -> Case:
    """Read a case with its neighbours as annotations, as they are `now`.

    Somebody who watches a case may still read it after it was handed over: that takes a second statement. Raises
    `Case.DoesNotExist` alike for absent and forbidden.
    """
    today = presence.local_date(now)
    rows = _visible_case(user, pk, today) or _watched_case(user, pk, today)
    if not rows:
        raise Case.DoesNotExist
    return rows[0]


def find_watched_department(user: User, pk: int) -> Department | None:
    """Return who has a case that the person only watches.

    None for any other case.
    """
    case = Case.objects.watched_by(user).select_related("department").filter(pk=pk).first()
    return case.department if case is not None and not may_see_by_role(user, case) else None


@prepared_query
def _visible_case(user: User, pk: int, today: dt.date) -> CaseQuerySet:
    return _with_neighbours(Case.objects.visible_to(user).filter(pk=pk), user, today)


@prepared_query
def _watched_case(user: User, pk: int, today: dt.date) -> CaseQuerySet:
    return _with_neighbours(Case.objects.watched_by(user).filter(pk=pk), user, today)


def _with_neighbours(rows: CaseQuerySet, user: User, today: dt.date) -> CaseQuerySet:
    return rows.select_related("customer", "identity", "brand_account", "department", "assignee").annotate(
        draft_text=Subquery(Draft.objects.filter(case=OuterRef("pk"), user=user).values("text")[:1]),
        draft_canned=Subquery(
            Draft.objects.filter(case=OuterRef("pk"), user=user).values("canned_answer_ids")[:1]
        ),
        reasons=Subquery(Decision.objects.filter(case=OuterRef("pk")).order_by("-id").values("reasons")[:1]),
        **customer_card.customer_annotations(user),
        **playbook.playbook_annotations(),
        **learning_annotation(),
        **later_annotations(user),
        **approval_annotations(user),
        answer_queued_at=answer_queued_annotation(),
        suggested=suggestion.open_suggestion_subquery(),
        roster=ArraySubquery(planning.roster_json_subquery(OuterRef("brand_account_id"), today)),
        arrived_to=Subquery(on_point_at_arrival(OuterRef("pk"))),
        is_watched=Exists(Watch.objects.filter(case=OuterRef("pk"), user=user, off=False)),
    )


@prepared_query
def _custodies(case_id: int) -> QuerySet[Custody]:
    custodies = Custody.objects.filter(case=case_id)
    return custodies.select_related("department", "from_department", "sent_by").order_by("sent_at")


def case_context(
    case: Case,
    user: User,
    now: dt.datetime,
    *,
    before: str = "",
    start: str = "",
    problem: Problem | None = None,
    was_own: bool = False,
) -> dict[str, Any]:
    """Return the template context of `inbox/case_page/case.html` and its fragments.

    `case` comes from `read_case`; `before` and `start` are cursors of `read_timeline`; `problem` is shown.
    `was_own`: the page shows the case as the person's own, so it says who took it from them.
    """
    thread = read_timeline(case, user, now, before=before, start=start)
    custodies, offered = _custodies(case.pk), allowed_actions(user, case)
    return {
        "case": case,
        **_heading_context(case),
        "chips": header_chips(case, now, custody_trail(case, custodies), thread),
        "thread": thread,
        "older": bool(before),
        **_time_context(case, offered, now),
        **_custody_context(case, custodies, now),
        "hand_over": hand_over_panel(case, user, custodies, may_hand_over=offered["hand_over"]),
        "why": _placement_reasons(case, custodies),
        "suggestion": suggestion.suggestion_card(case),
        "customer": customer_card.customer_context(case, user),
        "may": offered,
        **_people_context(case, user, now, may_choose=offered["choose"]),
        **_playbook_context(case, user, offered, thread, now),
        "roster_card": roster_card(case, now),
        "watched": case.is_watched,  # type: ignore[attr-defined]
        "departments": _other_open_departments(case, user),
        "composer": None if before else _composer(case, user, thread, now, refreshed_from=start),
        "news": describe_take_over(case, user, thread.events) if was_own else "",
        **_problem_context(problem, offered),
        "lost": _lost_case(case, user, problem, offered),
    }


def _custody_context(case: Case, custodies: list[Custody], now: dt.datetime) -> dict[str, Any]:
    return {
        "custody": custody_bar(custodies, case, now),
        "way": small_horseshoe(case, custodies, now),
    }


def _time_context(case: Case, offered: dict[str, bool], now: dt.datetime) -> dict[str, Any]:
    return {
        "clocks": clock_card(case, now),
        **moment_forms(case, offered, now),
    }


def _playbook_context(
    case: Case, user: User, offered: dict[str, bool], thread: Timeline, now: dt.datetime
) -> dict[str, Any]:
    panel = playbook.build_playbook_panel(case, offered, list_departments(user), now)
    return {"playbook": panel, "other_language": playbook.describe_other_language(panel, thread.messages)}


def _people_context(case: Case, user: User, now: dt.datetime, *, may_choose: bool) -> dict[str, Any]:
    return {
        "mine": case.assignee_id == user.pk,
        "colleagues": assignable_colleagues(case, now) if may_choose else [],
        "why_nobody": explain_unassigned(case, now),
        **here.words_of_case(case.pk, user.pk, lambda at: clock_time(at, now)),
    }


def _lost_case(case: Case, user: User, problem: Problem | None, offered: dict[str, bool]) -> LostCase | None:
    typed = problem.typed if problem else None
    return None if offered["publish"] else describe_lost_case(case, user, typed or {})


def _other_open_departments(case: Case, user: User) -> list[Department]:
    """List the open departments to which the case may be handed over."""
    return [
        department
        for department in list_departments(user)
        if department.is_open and department.pk != case.department_id
    ]


def _composer(case: Case, user: User, thread: Timeline, now: dt.datetime, *, refreshed_from: str) -> Composer:
    """Return the composer of the page.

    A page that was `refreshed_from` a cursor may have earlier messages that were not read.
    """
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
        # The common prefix of the verbs' addresses: reversed once, not forty times.
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
        "unsent_reason": _unsent_reason(problem, offered),
    }


def _unsent_reason(problem: Problem | None, offered: dict[str, bool]) -> str:
    """Return the reason typed into a form that is no longer offered.

    It is shown with the refusal instead. "" when the form is still there.
    """
    forms = {"hand_over": "hand_over", "dismiss": "close"}
    if problem is None or not problem.typed or offered.get(forms.get(problem.form, ""), True):
        return ""
    return problem.typed.get("reason", "")


def allowed_actions(user: User, case: Case) -> dict[str, bool]:
    """Return what the page offers this person, by action.

    Decided here: templates only print. Everything is False for who sees the case only because they watch it, and in a case
    in which nothing more is stored.
    """
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
        "link_items": who.may("link_items"),
        "publish": user.role in ROLES["publish"],
    }
    is_theirs = may_see_by_role(user, case) and not why_nothing_is_kept(case)
    return offered if is_theirs else dict.fromkeys(offered, False)


def _placement_reasons(case: Case, custodies: list[Custody]) -> list[str]:
    """Return why the case is with its department, newest reason first."""
    decided = [name_patterns(str(reason)) for reason in getattr(case, "reasons", None) or ()]
    handed_over = [custody for custody in reversed(custodies) if custody.from_department is not None][:3]
    return [_hand_over_reason(custody) for custody in handed_over if custody.reason not in decided] + decided


def _hand_over_reason(custody: Custody) -> str:
    by = f"Handed over by {custody.sent_by} from" if custody.sent_by else "From"
    return f"{by} {custody.from_department}: {custody.reason}"
