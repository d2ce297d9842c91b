"""A person's skills, languages, capacity and leave, for administrators."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.audit.forms import save_recorded_form
from accounts.guards import SignedInRequest, require_action
from accounts.models import AuditVerb, Leave, User
from accounts.views.people import render_person
from accounts.working_time import presence
from accounts.working_time.forms import LeaveForm, WorkForm


@require_POST
@require_action("users")
def user_work(request: SignedInRequest, pk: int) -> HttpResponse:
    """Save skills, languages and capacity.

    Errors are shown beside their fields.
    """
    person = get_object_or_404(User, pk=pk)
    form = WorkForm(request.POST, instance=person)
    if not form.is_valid():
        return render_person(request, User.objects.get(pk=pk), work=form)
    save_recorded_form(
        form,
        AuditVerb.WORK_CHANGED,
        also=["skills"],
        department_ids=lambda user: user.memberships.values_list("department_id", flat=True),
        person=person,
    )
    messages.success(request, f"What {person} can do is saved.")
    return redirect("accounts:user_edit", pk)


@require_POST
@require_action("users")
def leave_add(request: SignedInRequest, pk: int) -> HttpResponse:
    """Plan leave for a person."""
    person = get_object_or_404(User, pk=pk)
    form = LeaveForm(request.POST, person=person)
    if not form.is_valid():
        return render_person(request, person, leave=form)
    leave = form.save()
    destination = (
        f"to {leave.substitute}, once they are there" if leave.substitute else "back to their departments"
    )
    effect = f"They get no work on these days; what they have open goes {destination} as the leave begins."
    messages.success(request, f"Leave of {person} is noted. {effect}")
    return redirect("accounts:user_edit", pk)


@require_POST
@require_action("users")
def leave_remove(request: SignedInRequest, pk: int) -> HttpResponse:
    """Cancel a person's leave, or end it early.

    Cases that went to others stay with them.
    """
    leave = get_object_or_404(Leave, pk=pk)
    presence.end_leave(leave, timezone.now())
    messages.success(request, "The leave is taken away. Cases that went to others stay with them.")
    return redirect("accounts:user_edit", leave.user_id)
