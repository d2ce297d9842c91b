"""What editors do to rules from the list: each a POST that changes the draft or publishes, and goes back to the list."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import ProtectedError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.models import Department, User
from routing.conditions.wording import summarize_condition
from routing.models import Rule, RuleSetVersion
from routing.pages.requests import denied_as_404, form_view
from routing.refusals import EditNotPermitted, RuleSetError
from routing.rule_editor.forms import DefaultDepartmentForm
from routing.rule_editor.redirects import redirect_to_rule_list
from routing.rule_editor.views import require_rule_editor
from routing.rule_editor.worksheet import load_worksheet
from routing.rules import editing, edits, precedence, versions
from routing.rules.starter import DEFAULT_DEPARTMENT
from routing.scope import edit_scope_of


def _perform_and_redirect(
    request: HttpRequest, verb: Callable[[User, dt.datetime], str], key: uuid.UUID | None
) -> HttpResponse:
    """Runs one verb, says what happened, and goes back to the list."""
    user = require_rule_editor(request)
    try:
        with denied_as_404():
            messages.success(request, verb(user, timezone.now()))
    except RuleSetError as error:
        messages.error(request, str(error))
    return redirect_to_rule_list(key)


@require_POST
@login_required
def rule_toggle(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Switches a rule on or off, as `enabled` says ("1" or "0")."""

    def verb(user: User, now: dt.datetime) -> str:
        enabled = request.POST.get("enabled") == "1"
        rule = editing.switch_rule(key, enabled, user, now)
        return f"“{rule.name}” is switched {'on' if enabled else 'off'}."

    return _perform_and_redirect(request, verb, key)


@require_POST
@login_required
def rule_move(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Moves a rule: `direction` is "up" or "down", or `to` is a place counted from 1.

    A move that the person could not take back is asked about first (`sure`).
    """
    direction, to = request.POST.get("direction"), request.POST.get("to", "").strip()
    where: dict[str, int] = {}
    if direction in ("up", "down"):
        where = {"step": -1 if direction == "up" else 1}
    elif to.isdecimal() and len(to) < 7:
        where = {"to": int(to)}
    if where and "sure" not in request.POST and (asked := _ask_before_yielding(request, key, where)):
        return asked

    def verb(user: User, now: dt.datetime) -> str:
        if not where:
            raise RuleSetError("Say where to move the rule: a place counted from 1.")
        return f"“{editing.move_rule(key, user, now, **where).name}” is moved."

    return _perform_and_redirect(request, verb, key)


def _ask_before_yielding(request: HttpRequest, key: uuid.UUID, where: dict[str, int]) -> HttpResponse | None:
    """The question whether to put a live rule below another department's, above which only an administrator gets it
    again; None where there is nothing to ask."""
    desk = load_worksheet(require_rule_editor(request))
    rule = desk.find_editable_rule(str(key))
    if rule is None or desk.draft is not None:
        return None
    passed = precedence.find_yielded_pair(
        desk.content, edits.with_moved_rule(desk.content, str(key), **where), desk.scope.covers
    )
    if passed is None:
        return None
    other = next(one for one in desk.rules if str(one.key) == passed[1])
    context = {"rule": rule, "other": other, "where": request.POST.items()}
    return render(request, "routing/rule_editor/rule_move.html", context)


@form_view
@login_required
def rule_delete(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Asks whether to delete a rule; posting deletes it. Older versions keep it."""
    desk = load_worksheet(require_rule_editor(request))
    rule = desk.find_editable_rule(str(key))
    if rule is None:
        raise Http404
    if request.method != "POST":
        context = {"rule": rule, "summary": summarize_condition(rule.condition, names=desk.names)}
        return render(request, "routing/rule_editor/rule_delete.html", context)
    return _perform_and_redirect(
        request, lambda user, now: f"“{editing.delete_rule(key, user, now)}” is deleted.", None
    )


@require_POST
@login_required
def rule_duplicate(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """A copy below the rule, switched off; the list goes to it."""
    user = require_rule_editor(request)
    try:
        with denied_as_404():
            copy = editing.duplicate_rule(key, user, timezone.now())
    except RuleSetError as error:
        messages.error(request, str(error))
        return redirect_to_rule_list(key)
    messages.success(request, f"“{copy.name}” is made, switched off: edit it first.")
    return redirect_to_rule_list(copy.key)


@form_view
@login_required
def default_edit(request: HttpRequest) -> HttpResponse:
    """Where messages go when no rule holds."""
    user = require_rule_editor(request)
    desk = load_worksheet(user)
    slug = (desk.content["default"] or {}).get("department", "")
    if not desk.may_edit_default:
        raise Http404
    current = Department.objects.filter(slug=slug).first()
    form = DefaultDepartmentForm(
        request.POST or None, initial={"department": current and current.pk}, scope=desk.scope
    )
    if request.method == "POST" and form.is_valid():
        try:
            editing.set_default_department(form.cleaned_data["department"], user, timezone.now())
        except (RuleSetError, ProtectedError) as error:
            form.add_error(None, str(error))
        else:
            where = "in your draft" if desk.draft else "saved and live"
            messages.success(request, f"The default is {where}.")
            return redirect_to_rule_list()
    status = 422 if form.is_bound else 200
    return render(
        request,
        "routing/rule_editor/default_edit.html",
        {"form": form, "current": current, "draft": desk.draft},
        status=status,
    )


@require_POST
@login_required
def starter_rules_install(request: HttpRequest) -> HttpResponse:
    """Puts the starter rules in place, while there are none."""

    def verb(user: User, now: dt.datetime) -> str:
        departments = {department.slug: department for department in Department.objects.filter(is_open=True)}
        if not edit_scope_of(user).is_company_wide:
            raise EditNotPermitted("The starter rules lead to all departments.")
        if Rule.objects.exists() or not departments:
            raise RuleSetError("The starter rules need at least one department, and no rules in their way.")
        default = DEFAULT_DEPARTMENT if DEFAULT_DEPARTMENT in departments else next(iter(departments))
        versions.install_starter_rules(departments, default, now, user)
        return f"{Rule.objects.count()} starter rules are live."

    return _perform_and_redirect(request, verb, None)


@require_POST
@login_required
def version_restore(request: HttpRequest, number: int) -> HttpResponse:
    """Puts the rules of an older version back, as a new version."""
    user = require_rule_editor(request)
    get_object_or_404(RuleSetVersion, number=number)
    try:
        messages.success(request, editing.restore_rules_version(number, user, timezone.now()))
    except RuleSetError as error:
        messages.error(request, str(error))
    return redirect("routing:versions")
