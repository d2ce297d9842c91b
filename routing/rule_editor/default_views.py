"""Form of the default department, for messages that no rule matches."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import ProtectedError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounts.models import Department
from routing.pages.requests import form_view
from routing.refusals import RuleSetError
from routing.rule_editor.forms import DefaultDepartmentForm
from routing.rule_editor.requests import open_worksheet, redirect_to_rule_list
from routing.rule_editor.worksheet import Worksheet
from routing.rules import editing


@form_view
@login_required
def default_edit(request: HttpRequest) -> HttpResponse:
    """Show the form of the default department; posting saves it.

    Saving changes the draft, or publishes when there is none.
    """
    worksheet = open_worksheet(request)
    if not worksheet.may_edit_default:
        raise Http404
    slug = (worksheet.content["default"] or {}).get("department", "")
    current = Department.objects.filter(slug=slug).first()
    form = DefaultDepartmentForm(
        request.POST or None, initial={"department": current and current.pk}, scope=worksheet.scope
    )
    if request.method == "POST" and form.is_valid() and _save_default(form, worksheet):
        place = "in your draft" if worksheet.draft else "saved and live"
        messages.success(request, f"The default is {place}.")
        return redirect_to_rule_list()
    context = {"form": form, "current": current, "draft": worksheet.draft}
    return render(
        request, "routing/rule_editor/default_edit.html", context, status=422 if form.is_bound else 200
    )


def _save_default(form: DefaultDepartmentForm, worksheet: Worksheet) -> bool:
    """Save the chosen department; return False when refused.

    The form then says why.
    """
    try:
        editing.set_default_department(form.cleaned_data["department"], worksheet.user, timezone.now())
    except (RuleSetError, ProtectedError) as error:
        form.add_error(None, str(error))
        return False
    return True
