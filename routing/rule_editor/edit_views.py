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
from routing.pages.requests import denied_is_absent, form_view
from routing.refusals import RuleSetError
from routing.rule_editor import condition_form as condition_rows
from routing.rule_editor.choices import choices_for
from routing.rule_editor.forms import RuleEditor
from routing.rule_editor.in_words import as_it_is, said_of
from routing.rule_editor.redirects import to_list
from routing.rule_editor.views import facts_of, live_number, rule_editor_of
from routing.rule_editor.worksheet import Desk, desk_of, mark_of
from routing.rules import drafts, editing
from routing.rules import edits as snapshots
from routing.rules.engine import compile_rules, decide
from routing.rules.history import changed_since


@form_view
@login_required
def rule_new(request: HttpRequest) -> HttpResponse:
    """An empty form; posting it adds a rule at the end."""
    return _edit(request, desk_of(rule_editor_of(request)), None)


@form_view
@login_required
def rule_edit(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """The form of one rule; posting it changes the rule, in the draft or live."""
    desk = desk_of(rule_editor_of(request))
    rule = desk.rule(str(key))
    if rule is None:
        raise Http404
    return _edit(request, desk, rule)


def _edit(request: HttpRequest, desk: Desk, rule: Rule | None) -> HttpResponse:
    if request.method != "POST":
        mark = mark_of(snapshots.rule_in(desk.content, str(rule.key))) if rule else ""
        return _form(request, desk, _editor(None, rule, desk, seen=live_number(), mark=mark), rule)
    editor = _editor(request, rule, desk)
    if "do" in request.POST:
        condition_rows.act(editor.root, request.POST["do"])
        return _form(request, desk, editor, rule)
    if "try" in request.POST:
        return _form(request, desk, editor, rule, _tried(request, editor))
    content = editor.content()
    if content is None or _overtaken(editor, desk, rule):
        return _form(request, desk, editor, rule, status=422)
    note, now = editor.form.cleaned_data["note"], timezone.now()
    try:
        with denied_is_absent():
            if "draft" in request.POST:
                drafts.begin(desk.user, now)
            if rule is None:
                saved = editing.add_rule(content, desk.user, note, now)
            else:
                saved = editing.change_rule(rule.key, content, desk.user, note, now)
    except RuleSetError as error:
        editor.form.add_error(None, str(error))
        return _form(request, desk, editor, rule, status=422)
    in_draft = desk.draft is not None or "draft" in request.POST
    last = rule is None and desk.scope.is_by_account and saved.position > 1
    where = " It is asked last: move it up where it should come before others." if last else ""
    messages.success(
        request, f"“{saved.name}” is {'in your draft' if in_draft else 'saved and live'}.{where}"
    )
    return to_list(saved.key)


def _editor(request: HttpRequest | None, rule: Rule | None, desk: Desk, **seen: Any) -> RuleEditor:
    data = request.POST if request else None
    return RuleEditor(
        data, rule, scope=desk.scope, choices=choices_for(desk.user, desk.scope.brand_accounts), **seen
    )


def _overtaken(editor: RuleEditor, desk: Desk, rule: Rule | None) -> bool:
    """Whether the rule was changed since this editor opened it; then the form says so and keeps its text."""
    said = editor.form.cleaned_data
    if rule is None:
        return False
    if desk.draft is not None:
        mark = mark_of(snapshots.rule_in(desk.content, str(rule.key)))
        if not said.get("mark") or said["mark"] == mark:
            return False
        who, where = "You", "in another window"
        editor.look_at(mark=mark)
    else:
        newer = changed_since(said["seen"], str(rule.key)) if said.get("seen") else None
        if newer is None:
            return False
        who = newer.created_by.get_full_name() or newer.created_by.username if newer.created_by else "Someone"
        where = f"in the meantime (version {newer.number})"
        editor.look_at(seen=str(newer.number))
    editor.form.add_error(
        None,
        f"{who} changed this rule {where}. What you typed is kept below: compare it with the rule as it is now, and save "
        f"again to put yours in its place. Now it is {as_it_is(desk, rule)}.",
    )
    return True


def _form(
    request: HttpRequest,
    desk: Desk,
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
        "said": said_of(editor, desk, rule),
        "try_text": request.POST.get("try_text", ""),
        "is_refused": status == 422,
        "by_account": desk.scope.is_by_account,
    }
    template = "routing/rule_edit.html"
    if request.headers.get("HX-Request") and "do" in request.POST:
        wanted = request.headers.get("HX-Target")
        template = "routing/_said.html" if wanted == "said" else "routing/_condition_swap.html"
    return render(request, template, context | (extra or {}), status=status)


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
