"""Who may see which case and which queue."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.access import viewer
from accounts.models import Department, Role, User
from inbox.models import Case, Visibility, Watch
from inbox.models.case import CaseQuerySet
from postgres.prepared_querysets import prepared_query


def list_departments(user: User) -> list[Department]:
    """All departments in their order, read once a request: kept on the user instance as the `Viewer` is."""
    kept = user.__dict__.get("_departments")
    if not isinstance(kept, list):
        kept = user.__dict__["_departments"] = _all_departments()
    return kept


@prepared_query
def _all_departments() -> QuerySet[Department]:
    return Department.objects.all()


def queue_departments(user: User) -> list[Department]:
    """The departments whose queues the user may open, in their order: all for those who work across departments."""
    if user.role in (Role.ADMINISTRATOR, Role.COMMUNITY):
        return list_departments(user)
    mine = viewer(user).department_ids
    return [one for one in list_departments(user) if one.pk in mine]


def watched_cases(user: User) -> CaseQuerySet:
    """The cases that a person watches and may read: public ones wherever they are now, direct ones as ever."""
    watched = Case.objects.filter(watches__user=user, watches__off=False)
    if not user.is_active:
        return watched.none()
    seen = Exists(Case.objects.visible_to(user).filter(pk=OuterRef("pk")))
    return watched.filter(Q(visibility=Visibility.PUBLIC) | Q(seen))


def watched_public_case_ids(user: User) -> frozenset[int]:
    """Ids of the public cases that a person watches, without those that a role gives for good: administrators have every
    public case, community managers those of their brand accounts."""
    if user.role == Role.ADMINISTRATOR:
        return frozenset()
    rows = Watch.objects.filter(user=user, off=False, case__visibility=Visibility.PUBLIC)
    if user.role == Role.COMMUNITY:
        rows = rows.exclude(case__brand_account__in=viewer(user).brand_account_ids)
    return frozenset(rows.values_list("case_id", flat=True))


def may_see_by_role(user: User, case: Case) -> bool:
    """Whether a case is one of those that `visible_to` gives the user, and not only one that they watch."""
    who = viewer(user)
    if user.role == Role.COMMUNITY:
        return case.brand_account_id in who.brand_account_ids
    public = case.visibility == Visibility.PUBLIC
    if user.role == Role.ADMINISTRATOR:
        return public
    return case.department_id in who.department_ids and (public or user.role != Role.ANALYST)
