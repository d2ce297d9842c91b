"""Change saved views, where they stand in somebody's navigation, and what opens first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django.db import IntegrityError, transaction
from django.db.models import F

from accounts.models import Role, User
from inbox.changes.refusals import Invalid
from inbox.models import OpeningList, SavedView, ViewPlace, ViewScope
from inbox.queue.filters import ViewKind
from inbox.queue.saved_views.rail import ShownView, show_views
from inbox.queue.saved_views.rights import may_share_with_all, sharing_departments

LONGEST_NAME = 80
#: The most views that one person may own.
MOST_OWNED = 100
_SAME_NAME = "You have another view with this name. Choose another name."


@dataclass(frozen=True, slots=True)
class Sharing:
    """Say who sees a view in their lists of views. `department_ids` with the scope of departments."""

    scope: ViewScope = ViewScope.PERSON
    department_ids: tuple[int, ...] = ()


def parse_sharing(
    scope: str, department_ids: Sequence[str], by: User, was: ShownView | None = None
) -> Sharing:
    """Return the sharing that a form asks for. Raises `Invalid` for one that the person may not choose.

    A view stays shared as it `was`, also by somebody who may not share one so.
    """
    if scope == ViewScope.COMPANY:
        if not (may_share_with_all(by) or (was and was.scope == scope)):
            raise Invalid("Managers and administrators share views with everybody. Ask one of them.")
        return Sharing(ViewScope.COMPANY)
    if scope != ViewScope.DEPARTMENTS:
        return Sharing()
    allowed = {department.pk for department in sharing_departments(by, was)}
    ids = sorted({int(value) for value in department_ids if value.isascii() and value.isdigit()} & allowed)
    if not ids:
        raise Invalid("Choose at least one department to share it with.")
    return Sharing(ViewScope.DEPARTMENTS, tuple(ids))


def clean_name(text: str) -> str:
    """Return a name as it is stored. Raises `Invalid` for one that is missing or too long."""
    name = " ".join(text.replace("\x00", "").split())
    if not name:
        raise Invalid("Give the view a name.")
    if len(name) > LONGEST_NAME:
        raise Invalid(f"Shorten the name: it has {len(name)} characters, at most {LONGEST_NAME} fit.")
    return name


def add_view(
    name: str, kind: ViewKind | Literal["search"], query: str, sharing: Sharing, by: User, now: dt.datetime
) -> SavedView:
    """Save a list under a name. Raises `Invalid` with a sentence."""
    if SavedView.objects.filter(owner=by, deleted_at__isnull=True).count() >= MOST_OWNED:
        raise Invalid(f"You have {MOST_OWNED} views. Delete one that you need no longer, then save this one.")
    try:
        with transaction.atomic():
            view = SavedView.objects.create(
                name=clean_name(name), kind=kind, query=query, scope=sharing.scope, owner=by, created_at=now, changed_at=now
            )  # fmt: skip
            view.departments.set(sharing.department_ids)
    except IntegrityError as error:
        raise Invalid(_SAME_NAME) from error
    return view


def change_view(view: ShownView, name: str, sharing: Sharing, now: dt.datetime, *, seen_version: int) -> None:
    """Rename a view and share it with others. Raises `Invalid`, also if it was changed since `seen_version`."""
    cleaned = clean_name(name)
    try:
        with transaction.atomic():
            _change(view.pk, seen_version, now, name=cleaned, scope=sharing.scope)
            SavedView(pk=view.pk).departments.set(sharing.department_ids)
    except IntegrityError as error:
        raise Invalid("Its owner has another view with this name. Choose another name.") from error


def change_query(view: ShownView, query: str, now: dt.datetime, *, seen_version: int) -> None:
    """Give a view other filters or another order. Raises `Invalid` if it was changed since `seen_version`."""
    _change(view.pk, seen_version, now, query=query)


def _change(pk: int, seen_version: int, now: dt.datetime, **values: str) -> None:
    rows = SavedView.objects.filter(pk=pk, version=seen_version, deleted_at__isnull=True)
    if not rows.update(**values, changed_at=now, version=F("version") + 1):
        raise Invalid(
            "Somebody changed this view in the meantime; yours was not saved. Look at it as it is now, and change it again."
        )


def delete_view(view: ShownView, now: dt.datetime) -> None:
    """Delete a view, for everybody. It can be restored."""
    SavedView.objects.filter(pk=view.pk, deleted_at__isnull=True).update(deleted_at=now)


def restore_view(pk: int) -> None:
    """Restore a deleted view. Raises `Invalid` if its name is taken by now."""
    try:
        with transaction.atomic():
            SavedView.objects.filter(pk=pk).update(deleted_at=None, version=F("version") + 1)
    except IntegrityError as error:
        raise Invalid(
            "The owner has another view with its name by now. Rename that one, then undo again."
        ) from error


def hide_view(user: User, view: ShownView, *, hidden: bool) -> None:
    """Take a view out of a person's navigation, or put it there."""
    ViewPlace.objects.update_or_create(user=user, view_id=view.pk, defaults={"is_hidden": hidden})


@transaction.atomic
def move_view(user: User, pk: int, step: int) -> None:
    """Move a view up or down in a person's navigation."""
    order = [view.pk for view in show_views(SavedView.objects.in_navigation_of(user))]
    if pk not in order:
        return
    at = order.index(pk)
    order.insert(max(0, min(len(order) - 1, at + step)), order.pop(at))
    places = [ViewPlace(user=user, view_id=each, position=position) for position, each in enumerate(order)]
    ViewPlace.objects.bulk_create(
        places, update_conflicts=True, unique_fields=["user", "view"], update_fields=["position"]
    )


@transaction.atomic
def set_own_opening(opening: int | str, user: User) -> None:
    """Choose what opens first for a person: a view, a kind of list, "" for what their role opens."""
    OpeningList.objects.filter(user=user).delete()
    if opening:
        OpeningList.objects.create(user=user, **_opened(opening))


@transaction.atomic
def set_role_opening(opening: int | str, role: Role) -> None:
    """Choose what opens first for a role, where people chose nothing."""
    OpeningList.objects.filter(user__isnull=True, role=role).delete()
    if opening:
        OpeningList.objects.create(role=role, **_opened(opening))


def _opened(opening: int | str) -> dict[str, Any]:
    return {"view_id": opening} if isinstance(opening, int) else {"kind": opening}
