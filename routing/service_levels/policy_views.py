"""The pages of the SLA policies.

Every signed-in user may read and try them. Managers edit those of their departments.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Department, User
from networks.registry import network_label
from routing.models import Calendar, SLAPolicy, SLAVersion
from routing.pages.requests import denied_as_404, form_view, require_policy_editor, user_of
from routing.scope import edit_scope_of
from routing.service_levels import editing, versions
from routing.service_levels.policy_forms import PolicyForm, TryPoliciesForm, policy_form_initial
from routing.service_levels.starter import starter_calendars, starter_policies
from routing.service_levels.wording import due_times_in_words, steps_in_words, targets_in_words
from wording.times import long_zoned_time, to_display_zone

#: The number of changes that the page lists.
CHANGES_SHOWN = 15


@require_safe
@login_required
def policy_list(request: HttpRequest) -> HttpResponse:
    """Show the policies in order, with a form to try them.

    The page also shows how many open cases already use the newest version.
    """
    context = _policy_list_context(request)
    context["try_form"] = TryPoliciesForm(initial={"at": to_display_zone(timezone.now())})
    return render(request, "routing/service_levels/policy_list.html", context)


def _policy_list_context(request: HttpRequest) -> dict[str, Any]:
    policies = list(SLAPolicy.objects.select_related("department", "calendar"))
    names = dict(Department.objects.values_list("slug", "name"))
    newest = SLAVersion.objects.defer("snapshot").first()
    scope = edit_scope_of(user_of(request))
    return {
        "rows": [
            {
                "place": place,
                "policy": policy,
                "network": network_label(policy.network) if policy.network else "",
                "targets": targets_in_words(policy),
                "steps": steps_in_words(policy, names),
                "is_last": place == len(policies),
                "is_mine": scope.covers(policy.department_slug),
            }
            for place, policy in enumerate(policies, start=1)
        ],
        "version": newest,
        "changes": [
            (change, long_zoned_time(change.created_at))
            for change in SLAVersion.objects.defer("snapshot").select_related("created_by")[:CHANGES_SHOWN]
        ],
        "working": _is_recomputing(newest),
        "has_calendars": Calendar.objects.exists(),
        "may_edit": not scope.is_empty,
        "may_start": scope.is_company_wide,
        "part": "policies",
    }


def _is_recomputing(version: SLAVersion | None) -> bool:
    """Return whether clocks of open cases are still to be recomputed.

    The last pass, which only looks for cases that the others missed, does not count.
    """
    if version is None or version.recomputed_at is not None:
        return False
    return version.to_recompute is None or version.recomputed < version.to_recompute


@form_view
@login_required
def policy_try(request: HttpRequest) -> HttpResponse:
    """Show when a message would be due by the live policies; store nothing."""
    if request.method != "POST":
        return redirect("sla:policy_list")
    form = TryPoliciesForm(request.POST)
    context = _policy_list_context(request) | {"try_form": form}
    if not form.is_valid():
        return render(request, "routing/service_levels/policy_list.html", context, status=422)
    typed = form.cleaned_data
    service_levels = versions.live_service_levels()
    policy = service_levels.matching_policy(typed["department"].pk, typed["priority"], typed["network"])
    dues = due_times_in_words(service_levels, policy, form.arrival_moment())
    context["tried"] = {"policy": policy, "dues": dues}
    return render(request, "routing/service_levels/policy_list.html", context)


@require_safe
@login_required
def sla_progress(request: HttpRequest) -> HttpResponse:
    """Show how many open cases have clocks by the newest version.

    The fragment polls until all have.
    """
    newest = SLAVersion.objects.defer("snapshot").first()
    context = {"version": newest, "working": _is_recomputing(newest)}
    return render(request, "routing/service_levels/_progress.html", context)


@form_view
@login_required
def policy_new(request: HttpRequest) -> HttpResponse:
    """Show an empty form; posting it adds a policy.

    It goes before the first policy that matches everything.
    """
    require_policy_editor(request)
    return _edit_policy(request, None)


@form_view
@login_required
def policy_edit(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Show the form of one policy; posting it publishes a version."""
    return _edit_policy(request, _get_own_policy(require_policy_editor(request), key))


def _get_own_policy(user: User, key: uuid.UUID) -> SLAPolicy:
    """Return the policy. Raises `Http404` unless the user may change it."""
    policy = get_object_or_404(SLAPolicy.objects.select_related("department"), key=key)
    if not edit_scope_of(user).covers(policy.department_slug):
        raise Http404
    return policy


def _edit_policy(request: HttpRequest, policy: SLAPolicy | None) -> HttpResponse:
    newest = SLAVersion.objects.order_by("-number").values_list("number", flat=True).first() or 0
    user = user_of(request)
    if request.method != "POST":
        initial = {**(policy_form_initial(policy) if policy else {}), "seen": newest}
        return _render_policy_form(request, PolicyForm(initial=initial, scope=edit_scope_of(user)), policy)
    form = PolicyForm(request.POST, scope=edit_scope_of(user), policy=policy)
    if not form.is_valid() or _warn_if_overtaken(request, form, policy, newest):
        return _render_policy_form(request, form, policy, status=422)
    with denied_as_404():
        saved = editing.save_policy(policy.key if policy else None, form.values, user, timezone.now())
    messages.success(request, f"“{saved}” is saved. The clocks of open cases follow in the background.")
    return _redirect_to_policies(saved.key)


def _warn_if_overtaken(request: HttpRequest, form: PolicyForm, policy: SLAPolicy | None, newest: int) -> bool:
    """Return whether somebody changed the policy since the form was opened.

    If so, the form gets an error that says so, keeps the input, and can be saved again.
    """
    seen = form.cleaned_data["seen"]
    if policy is None or seen is None or seen == newest:
        return False
    old, now = (_policy_in_version(number, policy.key) for number in (seen, newest))
    if old == now:
        return False
    who = SLAVersion.objects.select_related("created_by").get(number=newest).created_by or "Somebody"
    form.add_error(
        None,
        f"{who} changed this policy in the meantime. What you typed is kept below: save again to put yours in its place.",
    )
    data = request.POST.copy()
    data["seen"] = str(newest)
    form.data = data
    return True


def _policy_in_version(number: int, key: uuid.UUID) -> Any:
    snapshot = SLAVersion.objects.filter(number=number).values_list("snapshot", flat=True).first() or {}
    return next((policy for policy in snapshot.get("policies", ()) if policy["key"] == str(key)), None)


def _render_policy_form(
    request: HttpRequest, form: PolicyForm, policy: SLAPolicy | None, status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "policy": policy,
        "has_calendars": Calendar.objects.exists(),
        "refused": status == 422,
        "part": "policies",
    }
    return render(request, "routing/service_levels/policy_edit.html", context, status=status)


def _redirect_to_policies(key: uuid.UUID | None = None) -> HttpResponse:
    return redirect(reverse("sla:policy_list") + (f"#policy-{key}" if key else ""))


@require_POST
@login_required
def policy_switch(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Switch a policy on or off.

    The posted `enabled` is "1" or "0".
    """
    user = require_policy_editor(request)
    policy = _get_own_policy(user, key)
    enabled = request.POST.get("enabled") == "1"
    with denied_as_404():
        editing.switch_policy(policy.key, enabled, user, timezone.now())
    messages.success(request, f"“{policy}” is switched {'on' if enabled else 'off'}.")
    return _redirect_to_policies(key)


@require_POST
@login_required
def policy_move(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Move a policy one place up or down.

    The posted `direction` is "up" or "down".
    """
    user = require_policy_editor(request)
    policy = _get_own_policy(user, key)
    step = {"up": -1, "down": 1}.get(request.POST.get("direction", ""), 0)
    with denied_as_404():
        editing.move_policy(policy.key, step, user, timezone.now())
    messages.success(request, f"“{policy}” is moved.")
    return _redirect_to_policies(key)


@form_view
@login_required
def policy_delete(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Ask whether to delete a policy; posting deletes it."""
    user = require_policy_editor(request)
    policy = _get_own_policy(user, key)
    if request.method != "POST":
        return render(
            request,
            "routing/service_levels/policy_delete.html",
            {"policy": policy, "targets": targets_in_words(policy)},
        )
    with denied_as_404():
        editing.delete_policy(key, user, timezone.now())
    messages.success(request, f"“{policy}” is deleted.")
    return _redirect_to_policies()


@require_POST
@login_required
def sla_starter(request: HttpRequest) -> HttpResponse:
    """Create two calendars and two policies where there are none yet.

    They apply to the whole company, so the user must be allowed to change everything.
    """
    user = require_policy_editor(request)
    if not edit_scope_of(user).is_company_wide:
        raise Http404
    if Calendar.objects.exists() or SLAPolicy.objects.exists():
        messages.error(request, "There are calendars or policies already: nothing was changed.")
        return _redirect_to_policies()
    calendars = starter_calendars(settings.DISPLAY_TIME_ZONE)
    now: dt.datetime = timezone.now()
    editing.install_starter_service_levels(calendars, starter_policies(), {}, user, now)
    messages.success(request, "Starter policies are live. Check the office hours and their time zone first.")
    return _redirect_to_policies()
