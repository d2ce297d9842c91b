"""The form of one rule: new or as it is, with a box that tries the condition before it is saved."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from accounts.models import BrandAccount, User
from routing import editing
from routing.engine import RuleSetError, compile_rules, decide
from routing.forms import SPARE_ROWS, RuleEditor
from routing.history import changed_since
from routing.models import Rule
from routing.views import editor_of, facts_of, form_view, live_number, to_list, user_of


@form_view
@login_required
def rule_new(request: HttpRequest) -> HttpResponse:
    """An empty form; posting it adds a rule at the end."""
    return _edit(request, editor_of(request), None)


@form_view
@login_required
def rule_edit(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """The form of one rule; posting it publishes a new version."""
    user = editor_of(request)
    return _edit(request, user, get_object_or_404(Rule.objects.select_related("department"), key=key))


def _edit(request: HttpRequest, user: User, rule: Rule | None) -> HttpResponse:
    if request.method != "POST":
        return _form(request, RuleEditor(rule=rule, seen=live_number()), rule)
    if "more" in request.POST or "try" in request.POST:
        data = request.POST.copy()
        for prefix in ("if", "unless") if "more" in request.POST else ():
            total = data.get(f"{prefix}-TOTAL_FORMS", "0")
            data[f"{prefix}-TOTAL_FORMS"] = str(
                (int(total) if total.isdecimal() and len(total) < 7 else 0) + SPARE_ROWS
            )
        editor = RuleEditor(data, rule)
        return _form(request, editor, rule, _tried(request, editor) if "try" in request.POST else {})
    editor = RuleEditor(request.POST, rule)
    content = editor.content()
    if content is None or _overtaken(editor, rule):
        return _form(request, editor, rule, status=422)
    note, now = editor.form.cleaned_data["note"], timezone.now()
    try:
        if rule is None:
            saved = editing.add_rule(content, user, note, now)
        else:
            saved = editing.change_rule(rule.key, content, user, note, now)
    except Rule.DoesNotExist:
        raise Http404 from None
    except RuleSetError as error:
        editor.form.add_error(None, str(error))
        return _form(request, editor, rule, status=422)
    messages.success(request, f"“{saved.name}” is saved and live.")
    return to_list(saved.key)


def _overtaken(editor: RuleEditor, rule: Rule | None) -> bool:
    """Whether someone else changed the rule since this editor opened it; then the form says so and keeps its text."""
    seen = editor.form.cleaned_data.get("seen")
    newer = changed_since(seen, str(rule.key)) if rule is not None and seen else None
    if newer is None:
        return False
    who = newer.created_by.get_full_name() or newer.created_by.username if newer.created_by else "Someone"
    editor.form.add_error(
        None,
        f"{who} changed this rule in the meantime (version {newer.number}). What you typed is kept below: compare it "
        "with the rule as it is now, and save again to put yours in its place.",
    )
    editor.look_at(newer.number)
    return True


def _form(
    request: HttpRequest,
    editor: RuleEditor,
    rule: Rule | None,
    extra: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "editor": editor,
        "rule": rule,
        "place": rule and Rule.objects.filter(position__lt=rule.position).count() + 1,
        "brand_accounts": BrandAccount.objects.visible_to(user_of(request))[:50],
        "try_text": request.POST.get("try_text", ""),
        "is_refused": status == 422,
    }
    return render(request, "routing/rule_edit.html", context | (extra or {}), status=status)


def _tried(request: HttpRequest, editor: RuleEditor) -> dict[str, Any]:
    """Whether the condition as typed holds for the text beside it."""
    condition = editor.condition()
    if condition is None:
        return {}
    rule = {"name": editor.form.data.get("name", ""), "department": "here", "condition": condition}
    try:
        compiled = compile_rules({"default": {"department": "default"}, "rules": [rule]})
    except RuleSetError as error:
        return {"tried": str(error)}
    facts = facts_of({"text": request.POST.get("try_text", ""), "network": "x", "followers": None})
    decision = decide(facts, compiled)
    if decision.decided_by == "default":
        return {"tried": "The condition does not hold for this text."}
    return {"tried": f"The condition holds: {decision.reasons[0].rpartition(' → ')[0]}.", "tried_holds": True}
