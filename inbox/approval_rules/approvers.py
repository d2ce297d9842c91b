"""Who may approve answers: managers of the case's department, and the people who were given that right for it."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.access import ROLES, viewer
from accounts.models import Role, User
from inbox.models import Approver, Case, Reply, ReplyState
from inbox.visibility import case_scope, may_see_by_role, readers_condition


def may_approve_in(user: User, case: Case) -> bool:
    """Return whether a user may approve others' answers in a case.

    One statement for somebody who is no manager of its department.
    """
    who = viewer(user)
    if not who.may("approve") or not may_see_by_role(user, case):
        return False
    if user.role == Role.MANAGER and case.department_id in who.department_ids:
        return True
    return Approver.objects.filter(user=user, department=case.department_id).exists()


def may_approve(user: User, reply: Reply, text_by_id: int) -> bool:
    """Return whether a user may decide about an answer: never their own, nor a text of theirs."""
    return user.pk not in (reply.author_id, text_by_id) and may_approve_in(user, reply.case)


def approvers_of(case: Case) -> QuerySet[User]:
    """Return the active people who may approve answers in a case."""
    given = Approver.objects.filter(user=OuterRef("pk"), department=case.department_id)
    manages = Q(role=Role.MANAGER, memberships__department=case.department_id)
    people = User.objects.filter(readers_condition(case, ROLES["approve"]))
    return people.filter(manages | Exists(given)).distinct()


def pending_replies(user: User) -> QuerySet[Reply]:
    """Return the waiting answers about which a user may decide."""
    who = viewer(user)
    replies = Reply.objects.filter(state=ReplyState.PENDING)
    if not who.may("approve"):
        return replies.none()
    given = Exists(Approver.objects.filter(user=user, department=OuterRef("case__department_id")))
    mine = Q(given)
    if user.role == Role.MANAGER:
        mine |= Q(case__department__in=who.department_ids)
    others = replies.exclude(author=user).exclude(approval__text_by=user)
    return others.filter(mine, case__in=Case.objects.filter(case_scope(user).condition()))
