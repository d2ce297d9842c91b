"""The form of one rule: new or as it is, with a box that tries the condition before it is saved."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from routing.models import Rule
from routing.pages.requests import denied_as_404, form_view
from routing.refusals import RuleSetError
from routing.rule_editor import condition_form
from routing.rule_editor.choices import load_editor_choices
from routing.rule_editor.forms import RuleEditor
from routing.rule_editor.in_words import describe_current_rule, describe_edited_rule
from routing.rule_editor.redirects import redirect_to_rule_list
from routing.rule_editor.views import facts_from_try_form, live_version_number, require_rule_editor
from routing.rule_editor.worksheet import Worksheet, load_worksheet, rule_fingerprint
from routing.rules import drafts, editing, edits
from routing.rules.engine import compile_rules, decide
from routing.rules.history import find_newer_version_of_rule


@form_view
@login_required
def rule_new(request: HttpRequest) -> HttpResponse:
    """An empty form; posting it adds a rule at the end."""
    return _handle_rule_form(request, load_worksheet(require_rule_editor(request)), None)


@form_view
@login_required
def rule_edit(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """The form of one rule; posting it changes the rule, in the draft or live."""
    desk = load_worksheet(require_rule_editor(request))
    rule = desk.find_editable_rule(str(key))
    if rule is None:
        raise Http404
    return _handle_rule_form(request, desk, rule)


def _handle_rule_form(request: HttpRequest, desk: Worksheet, rule: Rule | None) -> HttpResponse:
    if request.method != "POST":
        mark = rule_fingerprint(edits.get_rule_by_key(desk.content, str(rule.key))) if rule else ""
        return _render_rule_form(
            request, desk, _build_rule_editor(None, rule, desk, seen=live_version_number(), mark=mark), rule
        )
    editor = _build_rule_editor(request, rule, desk)
    if "do" in request.POST:
        condition_form.apply_row_action(editor.root, request.POST["do"])
        return _render_rule_form(request, desk, editor, rule)
    if "try" in request.POST:
        return _render_rule_form(request, desk, editor, rule, _try_condition(request, editor))
    content = editor.content()
    if content is None or _refuse_stale_edit(editor, desk, rule):
        return _render_rule_form(request, desk, editor, rule, status=422)
    note, now = editor.form.cleaned_data["note"], timezone.now()
    try:
        with denied_as_404():
            if "draft" in request.POST:
                drafts.begin_rule_draft(desk.user, now)
            if rule is None:
                saved = editing.add_rule(content, desk.user, note, now)
            else:
                saved = editing.change_rule(rule.key, content, desk.user, note, now)
    except RuleSetError as error:
        editor.form.add_error(None, str(error))
        return _render_rule_form(request, desk, editor, rule, status=422)
    in_draft = desk.draft is not None or "draft" in request.POST
    last = rule is None and desk.scope.is_by_account and saved.position > 1
    where = " It is asked last: move it up where it should come before others." if last else ""
    messages.success(
        request, f"“{saved.name}” is {'in your draft' if in_draft else 'saved and live'}.{where}"
    )
    return redirect_to_rule_list(saved.key)


def _build_rule_editor(
    request: HttpRequest | None, rule: Rule | None, desk: Worksheet, **seen: Any
) -> RuleEditor:
    data = request.POST if request else None
    return RuleEditor(
        data,
        rule,
        scope=desk.scope,
        choices=load_editor_choices(desk.user, desk.scope.brand_accounts),
        **seen,
    )


def _refuse_stale_edit(editor: RuleEditor, desk: Worksheet, rule: Rule | None) -> bool:
    """Whether the rule was changed since this editor opened it; then the form says so and keeps its text."""
    said = editor.form.cleaned_data
    if rule is None:
        return False
    if desk.draft is not None:
        mark = rule_fingerprint(edits.get_rule_by_key(desk.content, str(rule.key)))
        if not said.get("mark") or said["mark"] == mark:
            return False
        who, where = "You", "in another window"
        editor.mark_as_seen(mark=mark)
    else:
        newer = find_newer_version_of_rule(said["seen"], str(rule.key)) if said.get("seen") else None
        if newer is None:
            return False
        who = newer.created_by.get_full_name() or newer.created_by.username if newer.created_by else "Someone"
        where = f"in the meantime (version {newer.number})"
        editor.mark_as_seen(seen=str(newer.number))
    editor.form.add_error(
        None,
        f"{who} changed this rule {where}. What you typed is kept below: compare it with the rule as it is now, and save "
        f"again to put yours in its place. Now it is {describe_current_rule(desk, rule)}.",
    )
    return True


def _render_rule_form(
    request: HttpRequest,
    desk: Worksheet,
    editor: RuleEditor,
    rule: Rule | None,
    extra: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "editor": editor,
        "rule": rule,
        "place": rule and rule.position,
        "draft": desk.draft,
        "condition": editor.condition_page,
        "said": describe_edited_rule(editor, desk, rule),
        "try_text": request.POST.get("try_text", ""),
        "is_refused": status == 422,
        "by_account": desk.scope.is_by_account,
    }
    template = "routing/rule_editor/rule_edit.html"
    if request.headers.get("HX-Request") and "do" in request.POST:
        wanted = request.headers.get("HX-Target")
        template = (
            "routing/rule_editor/_said.html"
            if wanted == "said"
            else "routing/rule_editor/_condition_swap.html"
        )
    return render(request, template, context | (extra or {}), status=status)


def _try_condition(request: HttpRequest, editor: RuleEditor) -> dict[str, Any]:
    """Whether the condition as typed holds for the text beside it."""
    condition = editor.condition()
    if condition is None:
        return {}
    rule = {"name": editor.form.data.get("name", ""), "department": "here", "condition": condition}
    try:
        compiled = compile_rules({"default": {"department": "default"}, "rules": [rule]})
    except RuleSetError as error:
        return {"tried": str(error)}
    facts = facts_from_try_form({"text": request.POST.get("try_text", ""), "network": "x", "followers": None})
    decision = decide(facts, compiled)
    if decision.decided_by == "default":
        return {"tried": "The condition does not hold for this text."}
    return {"tried": f"The condition holds: {decision.reasons[0].rpartition(' → ')[0]}.", "tried_holds": True}
