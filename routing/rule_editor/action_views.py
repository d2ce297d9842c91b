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
from routing.conditions.wording import summary
from routing.models import Rule, RuleSetVersion
from routing.pages.requests import denied_is_absent, form_view
from routing.refusals import NotYours, RuleSetError
from routing.rule_editor.forms import DefaultForm
from routing.rule_editor.redirects import to_list
from routing.rule_editor.views import rule_editor_of
from routing.rule_editor.worksheet import desk_of
from routing.rules import editing, precedence
from routing.rules import edits as snapshots
from routing.rules import versions as rulesets
from routing.rules.starter import DEFAULT
from routing.scope import scope_of


def _do(
    request: HttpRequest, verb: Callable[[User, dt.datetime], str], key: uuid.UUID | None
) -> HttpResponse:
    """Runs one verb, says what happened, and goes back to the list."""
    user = rule_editor_of(request)
    try:
        with denied_is_absent():
            messages.success(request, verb(user, timezone.now()))
    except RuleSetError as error:
        messages.error(request, str(error))
    return to_list(key)


@require_POST
@login_required
def rule_toggle(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Switches a rule on or off, as `enabled` says ("1" or "0")."""

    def verb(user: User, now: dt.datetime) -> str:
        enabled = request.POST.get("enabled") == "1"
        rule = editing.switch_rule(key, enabled, user, now)
        return f"“{rule.name}” is switched {'on' if enabled else 'off'}."

    return _do(request, verb, key)


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
    if where and "sure" not in request.POST and (asked := _gives_way(request, key, where)):
        return asked

    def verb(user: User, now: dt.datetime) -> str:
        if not where:
            raise RuleSetError("Say where to move the rule: a place counted from 1.")
        return f"“{editing.move_rule(key, user, now, **where).name}” is moved."

    return _do(request, verb, key)


def _gives_way(request: HttpRequest, key: uuid.UUID, where: dict[str, int]) -> HttpResponse | None:
    """The question whether to put a live rule below another department's, above which only an administrator gets it
    again; None where there is nothing to ask."""
    desk = desk_of(rule_editor_of(request))
    rule = desk.rule(str(key))
    if rule is None or desk.draft is not None:
        return None
    passed = precedence.given_way(
        desk.content, snapshots.moved(desk.content, str(key), **where), desk.scope.covers
    )
    if passed is None:
        return None
    other = next(one for one in desk.rules if str(one.key) == passed[1])
    context = {"rule": rule, "other": other, "where": request.POST.items()}
    return render(request, "routing/rule_move.html", context)


@form_view
@login_required
def rule_delete(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Asks whether to delete a rule; posting deletes it. Older versions keep it."""
    desk = desk_of(rule_editor_of(request))
    rule = desk.rule(str(key))
    if rule is None:
        raise Http404
    if request.method != "POST":
        context = {"rule": rule, "summary": summary(rule.condition, names=desk.names)}
        return render(request, "routing/rule_delete.html", context)
    return _do(request, lambda user, now: f"“{editing.delete_rule(key, user, now)}” is deleted.", None)


@require_POST
@login_required
def rule_duplicate(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """A copy below the rule, switched off; the list goes to it."""
    user = rule_editor_of(request)
    try:
        with denied_is_absent():
            copy = editing.duplicate_rule(key, user, timezone.now())
    except RuleSetError as error:
        messages.error(request, str(error))
        return to_list(key)
    messages.success(request, f"“{copy.name}” is made, switched off: edit it first.")
    return to_list(copy.key)


@form_view
@login_required
def default_edit(request: HttpRequest) -> HttpResponse:
    """Where messages go when no rule holds."""
    user = rule_editor_of(request)
    desk = desk_of(user)
    slug = (desk.content["default"] or {}).get("department", "")
    if not desk.may_edit_default:
        raise Http404
    current = Department.objects.filter(slug=slug).first()
    form = DefaultForm(request.POST or None, initial={"department": current and current.pk}, scope=desk.scope)
    if request.method == "POST" and form.is_valid():
        try:
            editing.set_default(form.cleaned_data["department"], user, timezone.now())
        except (RuleSetError, ProtectedError) as error:
            form.add_error(None, str(error))
        else:
            where = "in your draft" if desk.draft else "saved and live"
            messages.success(request, f"The default is {where}.")
            return to_list()
    status = 422 if form.is_bound else 200
    return render(
        request,
        "routing/default_edit.html",
        {"form": form, "current": current, "draft": desk.draft},
        status=status,
    )


@require_POST
@login_required
def starter(request: HttpRequest) -> HttpResponse:
    """Puts the starter rules in place, while there are none."""

    def verb(user: User, now: dt.datetime) -> str:
        departments = {department.slug: department for department in Department.objects.filter(is_open=True)}
        if not scope_of(user).is_whole:
            raise NotYours("The starter rules lead to all departments.")
        if Rule.objects.exists() or not departments:
            raise RuleSetError("The starter rules need at least one department, and no rules in their way.")
        default = DEFAULT if DEFAULT in departments else next(iter(departments))
        rulesets.install_starter_rules(departments, default, now, user)
        return f"{Rule.objects.count()} starter rules are live."

    return _do(request, verb, None)


@require_POST
@login_required
def version_restore(request: HttpRequest, number: int) -> HttpResponse:
    """Puts the rules of an older version back, as a new version."""
    user = rule_editor_of(request)
    get_object_or_404(RuleSetVersion, number=number)
    try:
        messages.success(request, editing.restore(number, user, timezone.now()))
    except RuleSetError as error:
        messages.error(request, str(error))
    return redirect("routing:versions")
