"""The pages of the rules of approval: the rules, people who are new, and who may approve."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.guards import SignedInRequest, require_action
from accounts.models import Department, Role, User
from inbox.approvals import editing
from inbox.approvals.forms import ApproverForm, RampForm, RuleForm
from inbox.changes.refusals import Invalid, NotAllowed
from inbox.models import ApprovalRule, Approver, Ramp


@require_safe
@require_action("approval_rules")
def approval_rules(request: SignedInRequest) -> HttpResponse:
    """Show the rules, the people who are new, and who may approve."""
    return _show_rules(request)


def _show_rules(request: SignedInRequest, status: int = 200, **forms: Any) -> HttpResponse:
    by = request.user
    rules = ApprovalRule.objects.select_related("department", "brand_account").order_by("pk")
    own = [department.pk for department in editing.governed_departments(by)]
    ramps = Ramp.objects.select_related("user").order_by("user__first_name", "user__last_name", "pk")
    ramps = ramps.filter(user__in=editing.people_to_mark(by).values("pk"))
    given = Approver.objects.select_related("user", "department").filter(department__in=own)
    managers = User.objects.filter(is_active=True, role=Role.MANAGER, memberships__department__in=own)
    context = {
        "rules": [
            {"rule": rule, "words": editing.describe_rule(rule), "may_edit": editing.may_edit(by, rule)}
            for rule in rules
        ],
        "ramps": ramps,
        "given": given.order_by("department__position", "user__first_name", "pk"),
        "managers": managers.distinct().order_by("first_name", "last_name", "pk"),
        "ramp_form": RampForm(None, by),
        "approver_form": ApproverForm(None, by),
        **forms,
    }
    return render(request, "inbox/approvals/approval_rules.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@require_action("approval_rules")
def approval_rule_new(request: SignedInRequest) -> HttpResponse:
    """Show an empty form; posting it adds a rule."""
    return _show_or_save(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
@require_action("approval_rules")
def approval_rule(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show a rule; posting changes it."""
    return _show_or_save(request, _editable(request, pk))


def _editable(request: SignedInRequest, pk: int) -> ApprovalRule:
    rules = ApprovalRule.objects.select_related("department", "brand_account", "changed_by")
    rule = get_object_or_404(rules, pk=min(pk, 2**62))
    if not editing.may_edit(request.user, rule):
        raise Http404
    return rule


def _show_or_save(request: SignedInRequest, rule: ApprovalRule | None) -> HttpResponse:
    is_posted = request.method == "POST"
    form = RuleForm(request.POST if is_posted else None, rule, request.user)
    if is_posted and form.is_valid():
        seen = form.cleaned_data["version"] or 0
        try:
            saved = editing.save_rule(rule, form.values, request.user, timezone.now(), seen_version=seen)
        except (Invalid, NotAllowed) as error:
            form.add_error(None, str(error))
            if rule is not None:
                rule.refresh_from_db(fields=["version"])
                form.data = {**request.POST.dict(), "version": str(rule.version)}
        else:
            messages.success(request, f"Saved: {editing.describe_rule(saved)} need approval.")
            return redirect("inbox:approval_rules")
    context = {"form": form, "rule": rule, "words": editing.describe_rule(rule) if rule else ""}
    status = 422 if is_posted else 200
    return render(request, "inbox/approvals/approval_rule.html", context, status=status)


@require_POST
@require_action("approval_rules")
def approval_rule_switch(request: SignedInRequest, pk: int) -> HttpResponse:
    """Switch a rule on or off."""
    rule, on = _editable(request, pk), request.POST.get("on") == "1"
    editing.switch_rule(rule, request.user, timezone.now(), on=on)
    state = "on: these answers need approval" if on else "off: these answers are sent without approval"
    messages.success(request, f"The rule is {state}. {editing.describe_rule(rule)}.")
    return redirect("inbox:approval_rules")


@require_POST
@require_action("approval_rules")
def approval_rule_delete(request: SignedInRequest, pk: int) -> HttpResponse:
    """Delete a rule."""
    rule = _editable(request, pk)
    editing.delete_rule(rule, request.user)
    messages.success(
        request, f"Deleted: {editing.describe_rule(rule)}. Answers that wait already go on waiting."
    )
    return redirect("inbox:approval_rules")


@require_POST
@require_action("approval_rules")
def approval_ramp(request: SignedInRequest) -> HttpResponse:
    """Mark a person as new, or no longer."""
    form = RampForm(request.POST, request.user)
    if not form.is_valid():
        return _show_rules(request, 422, ramp_form=form)
    person, needed = form.cleaned_data["person"], form.cleaned_data["needed"]
    ramp = editing.set_ramp(person, needed, request.user, timezone.now())
    if ramp is None:
        messages.success(request, f"{person} sends answers alone.")
    else:
        messages.success(request, f"{person}: {ramp.approved} of {ramp.needed} answers approved so far.")
    return redirect("inbox:approval_rules")


@require_POST
@require_action("approval_rules")
def approval_approver(request: SignedInRequest) -> HttpResponse:
    """Give a person the right to approve, or take it."""
    form = ApproverForm(request.POST, request.user)
    if not form.is_valid():
        return _show_rules(request, 422, approver_form=form)
    person: User = form.cleaned_data["person"]
    department: Department = form.cleaned_data["department"]
    may = request.POST.get("may") != "0"
    editing.set_approver(person, department, request.user, timezone.now(), may=may)
    done = "may approve answers of" if may else "no longer approves answers of"
    messages.success(request, f"{person} {done} {department}.")
    return redirect("inbox:approval_rules")
