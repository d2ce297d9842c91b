"""A person's skills, languages, capacity and leave, for administrators and the managers of their departments."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import ROLES, viewer
from accounts.audit.forms import save_recorded_form
from accounts.guards import SignedInRequest, require_action
from accounts.models import AuditVerb, Leave, User
from accounts.views.people import render_person, work_context
from accounts.working_time import presence
from accounts.working_time.forms import LeaveForm, WorkForm


@require_http_methods(["GET", "HEAD", "POST"])
@require_action("plan_work")
def user_work(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show and save skills, languages and capacity; show the leave.

    For administrators it is part of the person's page. Errors are shown beside their fields.
    """
    person = _get_person(request, pk)
    if request.method != "POST":
        return (
            _redirect_to_work(request, pk)
            if viewer(request.user).may("users")
            else _render_work(request, person)
        )
    form = WorkForm(request.POST, instance=person)
    if not form.is_valid():
        return _render_work(request, User.objects.get(pk=pk), work=form)
    save_recorded_form(
        form,
        AuditVerb.WORK_CHANGED,
        also=["skills"],
        department_ids=lambda user: user.memberships.values_list("department_id", flat=True),
        person=person,
    )
    messages.success(request, f"Work settings of {person} are saved.")
    return _redirect_to_work(request, pk)


@require_POST
@require_action("plan_work")
def leave_add(request: SignedInRequest, pk: int) -> HttpResponse:
    """Plan leave for a person."""
    person = _get_person(request, pk)
    form = LeaveForm(request.POST, person=person)
    if not form.is_valid():
        return _render_work(request, person, leave=form)
    leave = form.save()
    destination = (
        f"to {leave.substitute}, once they are there" if leave.substitute else "back to their departments"
    )
    effect = f"They get no work on these days; what they have open goes {destination} as the leave begins."
    messages.success(request, f"Leave of {person} is saved. {effect}")
    return _redirect_to_work(request, pk)


@require_POST
@require_action("plan_work")
def leave_remove(request: SignedInRequest, pk: int) -> HttpResponse:
    """Cancel a person's leave, or end it early.

    Cases that went to others stay with them.
    """
    leave = get_object_or_404(Leave, pk=pk)
    _get_person(request, leave.user_id)
    presence.end_leave(leave, timezone.now())
    messages.success(request, "The leave was removed. Cases that went to others stay with them.")
    return _redirect_to_work(request, leave.user_id)


def _get_person(request: SignedInRequest, pk: int) -> User:
    """Return a person whose work the user may plan. Raises `Http404`.

    For managers these are the active people who work on cases of a department that they run.
    """
    if viewer(request.user).may("users"):
        return get_object_or_404(User, pk=pk)
    people = User.objects.filter(is_active=True, role__in=ROLES["claim"])
    departments = viewer(request.user).department_ids
    return get_object_or_404(people.filter(memberships__department__in=departments).distinct(), pk=pk)


def _render_work(
    request: SignedInRequest, person: User, *, work: WorkForm | None = None, leave: LeaveForm | None = None
) -> HttpResponse:
    if viewer(request.user).may("users"):
        return render_person(request, person, work=work, leave=leave)
    return render(request, "accounts/people/user_work.html", work_context(person, work=work, leave=leave))


def _redirect_to_work(request: SignedInRequest, pk: int) -> HttpResponse:
    may_edit = viewer(request.user).may("users")
    return redirect("accounts:user_edit" if may_edit else "accounts:user_work", pk)
