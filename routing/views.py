"""The pages of the rules. Everyone signed in may read and try them; who may edit them is `accounts.access`."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import ProtectedError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import viewer
from accounts.models import Department, User
from routing import editing, rulesets
from routing.engine import RuleSetError, decide, decide_all
from routing.facts import Decision, Facts
from routing.forms import DefaultForm, TryForm
from routing.history import changes
from routing.models import RoutingDefault, Rule, RuleSetVersion
from routing.starter import DEFAULT
from routing.wording import summary

#: Versions on a page.
VERSIONS = 25
form_view = require_http_methods(["GET", "HEAD", "POST"])


def user_of(request: HttpRequest) -> User:
    return cast(User, request.user)


def editor_of(request: HttpRequest) -> User:
    """The user, who may edit rules. Raises `Http404` for everyone else: denied and absent look alike."""
    user = user_of(request)
    if not viewer(user).may("edit_rules"):
        raise Http404
    return user


def live_number() -> int:
    return RuleSetVersion.objects.values_list("number", flat=True).first() or 0


def _list_context(request: HttpRequest) -> dict[str, Any]:
    rules = list(Rule.objects.select_related("department"))
    default = RoutingDefault.objects.select_related("department").first()
    return {
        "rows": [
            {
                "place": place,
                "rule": rule,
                "summary": summary(rule.condition),
                "priority": rule.get_priority_display() if rule.priority else "",
                "is_first": place == 1,
                "is_last": place == len(rules),
            }
            for place, rule in enumerate(rules, start=1)
        ],
        "default": default,
        "may_edit": viewer(user_of(request)).may("edit_rules"),
        "version": RuleSetVersion.objects.select_related("created_by").defer("snapshot").first(),
    }


@require_safe
@login_required
def rule_list(request: HttpRequest) -> HttpResponse:
    """The rules in order, with the box to try them."""
    return render(request, "routing/rule_list.html", _list_context(request) | {"try_form": TryForm()})


@require_POST
@login_required
def rule_try(request: HttpRequest) -> HttpResponse:
    """Which of the live rules takes a text, and which others would. Changes nothing."""
    form = TryForm(request.POST)
    context = _list_context(request) | {"try_form": form}
    if form.is_valid():
        try:
            rules = rulesets.live()
        except RuleSetError as error:
            form.add_error(None, str(error))
        else:
            facts = facts_of(form.cleaned_data)
            context |= {"decision": decide(facts, rules), "others": decide_all(facts, rules)[1:6]}
            context["decided_name"] = _department_name(context["decision"])
    return render(request, "routing/rule_list.html", context)


def _department_name(decision: Decision) -> str:
    name = Department.objects.filter(slug=decision.department).values_list("name", flat=True).first()
    return name or decision.department


def facts_of(said: dict[str, Any]) -> Facts:
    return Facts(
        text=said["text"],
        network=said["network"] or "x",
        stream="mentions",
        brand_account="",
        at=timezone.now(),
        followers=said["followers"],
    )


def to_list(key: uuid.UUID | None = None) -> HttpResponse:
    return redirect(reverse("routing:rule_list") + (f"#rule-{key}" if key else ""))


def _do(
    request: HttpRequest, verb: Callable[[User, dt.datetime], str], key: uuid.UUID | None
) -> HttpResponse:
    """Runs one verb, says what happened, and goes back to the list."""
    user = editor_of(request)
    try:
        messages.success(request, verb(user, timezone.now()))
    except Rule.DoesNotExist:
        raise Http404 from None
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
    """Moves a rule: `direction` is "up" or "down", or `to` is a place counted from 1."""
    direction, to = request.POST.get("direction"), request.POST.get("to", "").strip()

    def verb(user: User, now: dt.datetime) -> str:
        if direction in ("up", "down"):
            rule = editing.move_rule(key, user, now, step=-1 if direction == "up" else 1)
        elif to.isdecimal() and len(to) < 7:
            rule = editing.move_rule(key, user, now, to=int(to))
        else:
            raise RuleSetError("Say where to move the rule: a place counted from 1.")
        return f"“{rule.name}” is moved."

    return _do(request, verb, key)


@form_view
@login_required
def rule_delete(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Asks whether to delete a rule; posting deletes it. Older versions keep it."""
    editor_of(request)
    rule = get_object_or_404(Rule.objects.select_related("department"), key=key)
    if request.method != "POST":
        context = {"rule": rule, "summary": summary(rule.condition)}
        return render(request, "routing/rule_delete.html", context)
    return _do(request, lambda user, now: f"“{editing.delete_rule(key, user, now)}” is deleted.", None)


@require_POST
@login_required
def rule_duplicate(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """A copy below the rule, switched off."""
    return _do(
        request,
        lambda user, now: (
            f"“{editing.duplicate_rule(key, user, now).name}” is made, switched off: edit it first."
        ),
        key,
    )


@form_view
@login_required
def default_edit(request: HttpRequest) -> HttpResponse:
    """Where messages go when no rule holds."""
    user = editor_of(request)
    current = RoutingDefault.objects.select_related("department").first()
    initial = {"department": current.department_id} if current else {}
    form = DefaultForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            editing.set_default(form.cleaned_data["department"], user, timezone.now())
        except (RuleSetError, ProtectedError) as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "The default is saved and live.")
            return to_list()
    status = 422 if form.is_bound else 200
    return render(request, "routing/default_edit.html", {"form": form, "current": current}, status=status)


@require_POST
@login_required
def starter(request: HttpRequest) -> HttpResponse:
    """Puts the starter rules in place, while there are none."""

    def verb(user: User, now: dt.datetime) -> str:
        departments = {department.slug: department for department in Department.objects.filter(is_open=True)}
        if Rule.objects.exists() or not departments:
            raise RuleSetError("The starter rules need at least one department, and no rules in their way.")
        default = DEFAULT if DEFAULT in departments else next(iter(departments))
        rulesets.install_starter_rules(departments, default, now, user)
        return f"{Rule.objects.count()} starter rules are live."

    return _do(request, verb, None)


@require_safe
@login_required
def versions(request: HttpRequest) -> HttpResponse:
    """Who changed what and when, newest first; `before` is where the page starts."""
    before = request.GET.get("before", "")
    listed, older = changes(int(before) if before.isdecimal() and len(before) < 10 else None, VERSIONS)
    may_edit = viewer(user_of(request)).may("edit_rules")
    return render(request, "routing/versions.html", {"changes": listed, "older": older, "may_edit": may_edit})


@require_POST
@login_required
def version_restore(request: HttpRequest, number: int) -> HttpResponse:
    """Puts the rules of an older version back, as a new version."""
    user = editor_of(request)
    get_object_or_404(RuleSetVersion, number=number)
    try:
        messages.success(request, editing.restore(number, user, timezone.now()))
    except RuleSetError as error:
        messages.error(request, str(error))
    return redirect("routing:versions")
