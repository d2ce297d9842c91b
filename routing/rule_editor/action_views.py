"""Views that change rules from the list.

Each POST changes the draft or publishes, and redirects to the list.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.models import Department, User
from routing.conditions.sentences import condition_sentence
from routing.models import Rule, RuleSetVersion
from routing.pages.requests import denied_as_404, form_view
from routing.refusals import EditNotPermitted, RuleSetError
from routing.rule_editor.requests import (
    add_undoable_message,
    in_draft,
    open_rule,
    redirect_to_rule_list,
    require_rule_editor,
)
from routing.rule_editor.worksheet import live_version_number
from routing.rules import editing, edits, precedence, versions
from routing.rules.starter import DEFAULT_DEPARTMENT
from routing.rules.undoing import undo_rules_version
from routing.scope import edit_scope_of


def _perform_and_redirect(
    request: HttpRequest, verb: Callable[[User, dt.datetime], str], key: uuid.UUID | None
) -> HttpResponse:
    """Run one action, show its outcome, and redirect to the list.

    `verb` returns the sentence to show; the message of a `RuleSetError` that it raises is shown as an error. `key` is
    the rule to show in the list.
    """
    user, live_before = require_rule_editor(request), live_version_number()
    try:
        with denied_as_404():
            outcome = verb(user, timezone.now())
    except RuleSetError as error:
        messages.error(request, str(error))
    else:
        add_undoable_message(request, outcome, live_before)
    return redirect_to_rule_list(key)


@require_POST
@login_required
def rule_toggle(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Switch a rule on or off, by `enabled` ("1" or "0")."""

    def verb(user: User, now: dt.datetime) -> str:
        enabled = request.POST.get("enabled") == "1"
        rule = editing.switch_rule(key, enabled, user, now)
        return f"“{rule.name}” is switched {'on' if enabled else 'off'}{in_draft(user)}."

    return _perform_and_redirect(request, verb, key)


@require_POST
@login_required
def rule_move(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Move a rule up, down, or to a place.

    A move that the user could not undo needs confirmation: the confirmed form posts `sure`.
    """
    move = _read_move(request)
    if move and "sure" not in request.POST and (question := _confirm_yielding(request, key, move)):
        return question

    def verb(user: User, now: dt.datetime) -> str:
        if not move:
            raise RuleSetError("Choose a place for the rule, counted from 1.")
        rule = editing.move_rule(key, user, now, **move)
        return f"“{rule.name}” is at place {rule.position} now{in_draft(user)}."

    return _perform_and_redirect(request, verb, key)


def _read_move(request: HttpRequest) -> dict[str, int]:
    """Return the posted move as keyword arguments of `move_rule`.

    {} for invalid input. `direction` is "up" or "down"; without it, `to` is a place counted from 1.
    """
    direction, to = request.POST.get("direction"), request.POST.get("to", "").strip()
    if direction in ("up", "down"):
        return {"step": -1 if direction == "up" else 1}
    return {"to": int(to)} if to.isdecimal() and len(to) < 7 else {}


def _confirm_yielding(request: HttpRequest, key: uuid.UUID, move: dict[str, int]) -> HttpResponse | None:
    """Return a page that asks for confirmation, None when none is needed.

    It is needed when a live rule would move below a rule of another department, because only an administrator could
    move it above again.
    """
    worksheet, rule = open_rule(request, key)
    if worksheet.draft is not None:
        return None
    rules_after = edits.with_moved_rule(worksheet.content, str(key), **move)
    pair = precedence.find_yielded_pair(worksheet.content, rules_after, worksheet.scope.covers)
    if pair is None:
        return None
    other = next(rule for rule in worksheet.rules if str(rule.key) == pair[1])
    context = {"rule": rule, "other": other, "where": request.POST.items()}
    return render(request, "routing/rule_editor/rule_move.html", context)


@form_view
@login_required
def rule_delete(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Show the confirmation page; posting deletes the rule. Older versions keep it."""
    worksheet, rule = open_rule(request, key)
    if request.method != "POST":
        context = {
            "rule": rule,
            "summary": f"If a message {condition_sentence(rule.condition, names=worksheet.names)}",
        }
        return render(request, "routing/rule_editor/rule_delete.html", context)
    return _perform_and_redirect(
        request,
        lambda user, now: f"“{editing.delete_rule(key, user, now)}” is deleted{in_draft(user)}.",
        None,
    )


@require_POST
@login_required
def rule_duplicate(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Copy a rule and show the copy in the list.

    The copy is switched off and comes below the rule.
    """
    user = require_rule_editor(request)
    try:
        with denied_as_404():
            copy = editing.duplicate_rule(key, user, timezone.now())
    except RuleSetError as error:
        messages.error(request, str(error))
        return redirect_to_rule_list(key)
    messages.success(request, f"“{copy.name}” was copied and is switched off. Edit it first.")
    return redirect_to_rule_list(copy.key)


@require_POST
@login_required
def starter_rules_install(request: HttpRequest) -> HttpResponse:
    """Install the starter rules, provided that there are no rules yet."""

    def verb(user: User, now: dt.datetime) -> str:
        departments = {department.slug: department for department in Department.objects.filter(is_open=True)}
        if not edit_scope_of(user).is_company_wide:
            raise EditNotPermitted("The starter rules lead to all departments.")
        if Rule.objects.exists() or not departments:
            raise RuleSetError(
                "The starter rules need at least one department, and there must be no rules yet."
            )
        default = DEFAULT_DEPARTMENT if DEFAULT_DEPARTMENT in departments else next(iter(departments))
        versions.install_starter_rules(departments, default, now, user)
        return f"{Rule.objects.count()} starter rules are live."

    return _perform_and_redirect(request, verb, None)


@require_POST
@login_required
def version_restore(request: HttpRequest, number: int) -> HttpResponse:
    """Restore the rules of an older version.

    They go into the user's draft while there is one, else they are published as a new version.
    """
    user, live_before = require_rule_editor(request), live_version_number()
    get_object_or_404(RuleSetVersion, number=number)
    try:
        restored = editing.restore_rules_version(number, user, timezone.now())
    except RuleSetError as error:
        messages.error(request, str(error))
    else:
        add_undoable_message(request, restored, live_before)
    return redirect("routing:versions")


@require_POST
@login_required
def version_undo(request: HttpRequest, number: int) -> HttpResponse:
    """Undo the version that the user has just published."""
    user = require_rule_editor(request)
    try:
        undo_rules_version(number, user, timezone.now())
        messages.success(request, "Undone. The rules are live as they were before.")
    except RuleSetError as error:
        messages.error(request, str(error))
    return redirect_to_rule_list()
