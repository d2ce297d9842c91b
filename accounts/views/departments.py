"""Departments, for administrators: add, rename, reorder, close."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import viewer
from accounts.audit.forms import save_recorded_form
from accounts.guards import SignedInRequest, require_action
from accounts.models import AuditVerb, Department
from accounts.people import verbs
from accounts.people.forms import DepartmentForm
from accounts.working_time.forms import AssignmentForm


@require_http_methods(["GET", "HEAD", "POST"])
@require_action("users")
def department_list(request: SignedInRequest) -> HttpResponse:
    """List departments with their people; add one by a form."""
    last = Department.objects.order_by("-position").values_list("position", flat=True).first() or 0
    form = DepartmentForm(
        request.POST if request.method == "POST" else None, initial={"position": min(last + 1, 32767)}
    )
    if form.is_valid():
        department = _save(form, AuditVerb.DEPARTMENT_ADDED)
        messages.success(request, f"{department} is added. Rules can send cases to it now.")
        return redirect("accounts:departments")
    departments = Department.objects.annotate(
        people=Count("memberships", filter=Q(memberships__user__is_active=True))
    ).order_by("position", "name")  # Django drops the model's default ordering from GROUP BY queries.
    return render(request, "accounts/people/department_list.html", {"departments": departments, "form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@require_action("users")
def department_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    """Rename or reorder a department."""
    department = get_object_or_404(Department, pk=pk)
    form = DepartmentForm(request.POST if request.method == "POST" else None, instance=department)
    if form.is_valid():
        _save(form, AuditVerb.DEPARTMENT_CHANGED)
        messages.success(request, f"{department} saved.")
        return redirect("accounts:departments")
    context = {"form": form, "department": Department.objects.get(pk=pk)}
    return render(request, "accounts/people/department_edit.html", context)


@require_POST
@require_action("users")
def switch_department_open(request: SignedInRequest, pk: int) -> HttpResponse:
    """Close or reopen a department.

    `open` is "0" to close, "1" to reopen. Its cases stay in it.
    """
    department = get_object_or_404(Department, pk=pk)
    is_open = request.POST.get("open")
    if is_open not in ("0", "1"):
        raise Http404
    try:
        if is_open == "1":
            verbs.reopen_department(department)
            messages.success(request, f"{department} gets new cases again.")
        else:
            verbs.close_department(department)
            messages.success(request, f"{department} gets no new cases any more. Those it has stay.")
    except verbs.PeopleChangeRefused as error:
        messages.error(request, str(error))
    return redirect("accounts:department_edit", pk)


@require_http_methods(["GET", "HEAD", "POST"])
@require_action("assignment")
def department_assignment(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show and save the way in which a department's cases are assigned.

    For administrators and the department's managers.
    """
    department = get_object_or_404(Department, pk=pk)
    if not viewer(request.user).may_run_department(pk):
        raise Http404
    form = AssignmentForm(request.POST if request.method == "POST" else None, instance=department)
    if form.is_valid():
        _save(form, AuditVerb.ASSIGNMENT_CHANGED)
        messages.success(request, f"{department} assigns its cases this way from now on.")
        return redirect("accounts:department_assignment", pk)
    context = {
        "form": form,
        "department": Department.objects.get(pk=pk),
        "may_edit": viewer(request.user).may("users"),
    }
    return render(request, "accounts/people/department_assignment.html", context)


def _save(form: DepartmentForm | AssignmentForm, verb: AuditVerb) -> Department:
    return save_recorded_form(form, verb, department_ids=lambda department: [department.pk])
