"""Saved views: saving a list, the list of all views, changing one, and what opens first."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import viewer
from accounts.guards import SignedInRequest, require_action
from accounts.models import Role
from inbox.changes.refusals import Invalid
from inbox.models import SavedView, ViewScope
from inbox.queue.asked import AskedList, AskedSearch, find_savable, find_saved_list
from inbox.queue.saved_views import editing
from inbox.queue.saved_views.opening import opening_choices, parse_opening, read_openings
from inbox.queue.saved_views.pages import describe_view, list_rows
from inbox.queue.saved_views.rail import ShownView, find_view, rail_of, show_views
from inbox.queue.saved_views.rights import may_edit, may_share_with_all, sharing_departments

_WRITE = require_action("read_public")


@require_safe
@_WRITE
def views(request: SignedInRequest) -> HttpResponse:
    """List all views that the person may open, and what opens first."""
    rows = list_rows(request.user, timezone.now())
    own, roles = read_openings(request.user)
    for_all = [row.view for row in rows if row.view.scope == ViewScope.COMPANY]
    role_choices = opening_choices(for_all, "All open")
    context: dict[str, Any] = {
        "rows": rows,
        "placed": len(rail_of(request.user).views),
        "opening": own,
        "opening_choices": opening_choices([row.view for row in rows], "What my role opens"),
        "roles": [
            (role.value, str(role.label), role_choices, roles[role.value])
            for role in Role
            if viewer(request.user).may("users")
        ],
    }
    return render(request, "inbox/queue/views.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@_WRITE
def view_new(request: SignedInRequest) -> HttpResponse:
    """Show the form that saves a list as a view; posting it saves it."""
    is_posted = request.method == "POST"
    asked = find_savable(request.user, request.GET)
    if asked is None:
        raise Http404
    error = ""
    if is_posted:
        try:
            saved = _add(request, asked)
        except Invalid as refusal:
            error = str(refusal)
        else:
            undo = reverse("inbox:view_delete", args=[saved.pk])
            messages.success(request, f"“{saved}” is saved.", extra_tags=f"undo-page {undo}")
            return redirect("inbox:view", saved.pk)
    kind, query = asked.savable
    shown = ShownView(0, "", kind, query, request.user.pk, ViewScope.PERSON, 0, ())
    context = _form_context(request, shown) | {"asked": asked, "error": error}
    return render(request, "inbox/queue/view_form.html", context, status=422 if error else 200)


def _add(request: SignedInRequest, asked: AskedList | AskedSearch) -> SavedView:
    scope, departments = _posted_sharing(request)
    sharing = editing.parse_sharing(scope, departments, request.user)
    kind, query = asked.savable
    return editing.add_view(request.POST.get("name", ""), kind, query, sharing, request.user, timezone.now())


def _posted_sharing(request: SignedInRequest) -> tuple[str, list[str]]:
    """Return the scope and the departments of a form; in the short one a department is a scope of its own."""
    scope, _, department = request.POST.get("scope", "").partition(":")
    return scope, [department] if department else request.POST.getlist("department")


@require_http_methods(["GET", "HEAD", "POST"])
@_WRITE
def view_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show the form that renames and shares a view; posting it changes it."""
    view = _editable(request, pk)
    error = ""
    if request.method == "POST":
        try:
            scope, departments = _posted_sharing(request)
            sharing = editing.parse_sharing(scope, departments, request.user, view)
            version = _posted_version(request)
            editing.change_view(
                view, request.POST.get("name", ""), sharing, timezone.now(), seen_version=version
            )
        except Invalid as refusal:
            error = str(refusal)
        else:
            messages.success(request, "The view is saved.")
            # Who has made it private to its owner sees it no longer.
            is_there = SavedView.objects.visible_to(request.user).filter(pk=pk).exists()
            return redirect("inbox:view", pk) if is_there else redirect("inbox:views")
    context = _form_context(request, view) | {"error": error}
    return render(request, "inbox/queue/view_form.html", context, status=422 if error else 200)


def _form_context(request: SignedInRequest, view: ShownView) -> dict[str, Any]:
    posted = request.method == "POST"
    scope, chosen = (
        _posted_sharing(request) if posted else (view.scope, [str(pk) for pk in view.department_ids])
    )
    return {
        "view": view,
        "sentence": describe_view(view, request.user),
        "name": request.POST.get("name", "") if posted else view.name,
        "scope": scope or ViewScope.PERSON,
        "departments": [
            (department.pk, department.name, str(department.pk) in chosen)
            for department in sharing_departments(request.user, view)
        ],
        "everybody": may_share_with_all(request.user) or view.scope == ViewScope.COMPANY,
    }


@require_POST
@_WRITE
def view_filters(request: SignedInRequest, pk: int) -> HttpResponse:
    """Give a view the filters and the order of the address."""
    view = _editable(request, pk)
    asked = find_saved_list(request.user, pk, request.GET, is_form=True)
    if asked is None:
        raise Http404
    try:
        editing.change_query(view, asked.query, timezone.now(), seen_version=_posted_version(request))
    except Invalid as refusal:
        messages.error(request, str(refusal))
        return redirect(asked.address())
    messages.success(request, f"The filters of “{view.name}” are saved.")
    return redirect("inbox:view", pk)


@require_POST
@_WRITE
def view_move(request: SignedInRequest, pk: int) -> HttpResponse:
    """Move a view up or down in the person's own navigation."""
    view = _visible(request, pk)
    editing.move_view(request.user, view.pk, -1 if request.POST.get("way") == "up" else 1)
    return redirect(f"{reverse('inbox:views')}#view-{view.pk}")


@require_POST
@_WRITE
def view_hide(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take a view out of the person's navigation, or put it there."""
    view = _visible(request, pk)
    hidden = request.POST.get("on") == "1"
    editing.hide_view(request.user, view, hidden=hidden)
    if hidden:
        messages.success(request, f"“{view.name}” is hidden from your navigation. It stays in this list.")
    else:
        messages.success(request, f"“{view.name}” is in your navigation.")
    return redirect("inbox:views")


@require_POST
@_WRITE
def view_delete(request: SignedInRequest, pk: int) -> HttpResponse:
    """Delete a view for everybody, with an undo."""
    view = _editable(request, pk)
    editing.delete_view(view, timezone.now())
    undo = reverse("inbox:view_restore", args=[view.pk])
    who = " for everybody who had it" if view.scope != ViewScope.PERSON else ""
    messages.success(
        request, f"“{view.name}” is deleted{who}. Its cases stay.", extra_tags=f"undo-page {undo}"
    )
    return redirect("inbox:views")


@require_POST
@_WRITE
def view_restore(request: SignedInRequest, pk: int) -> HttpResponse:
    """Restore a deleted view; for those who could delete it."""
    deleted = SavedView.objects.filter(pk=min(pk, 2**62), deleted_at__isnull=False)
    view = next(iter(show_views(deleted)), None)
    if view is None or not may_edit(request.user, view):
        raise Http404
    try:
        editing.restore_view(view.pk)
    except Invalid as refusal:
        messages.error(request, str(refusal))
        return redirect("inbox:views")
    messages.success(request, f"“{view.name}” is back.")
    return redirect("inbox:view", view.pk)


@require_POST
@_WRITE
def opening(request: SignedInRequest) -> HttpResponse:
    """Choose what opens first: for oneself, or as an administrator for a role."""
    role = request.POST.get("role", "")
    if role and (role not in Role.values or not viewer(request.user).may("users")):
        raise Http404
    visible = show_views(SavedView.objects.visible_to(request.user))
    choices = [view for view in visible if not role or view.scope == ViewScope.COMPANY]
    chosen = parse_opening(request.POST.get("opening", ""), choices)
    if chosen is None:
        messages.error(request, "Not saved: that list is not there any more. Choose another.")
        return redirect("inbox:views")
    if role:
        editing.set_role_opening(chosen, Role(role))
        messages.success(request, f"What opens first for {Role(role).label} is saved.")
    else:
        editing.set_own_opening(chosen, request.user)
        messages.success(request, "What opens first for you is saved.")
    return redirect("inbox:views")


def _visible(request: SignedInRequest, pk: int) -> ShownView:
    view = find_view(request.user, pk)
    if view is None:
        raise Http404
    return view


def _editable(request: SignedInRequest, pk: int) -> ShownView:
    view = _visible(request, pk)
    if not may_edit(request.user, view):
        raise Http404
    return view


def _posted_version(request: SignedInRequest) -> int:
    version = request.POST.get("version", "")
    return int(version) if version.isascii() and version.isdigit() and len(version) < 9 else 0
