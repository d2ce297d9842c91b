"""Views of the form for a new or existing rule.

A submitted form is read, checked and saved; it is shown again unless the rule was saved.
"""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse

from routing.models import Rule
from routing.pages.requests import form_view
from routing.rule_editor.checks import check_edited_rule
from routing.rule_editor.edit_page import render_edit_page
from routing.rule_editor.editor import read_editor
from routing.rule_editor.requests import DRAFT_NOTE, open_rule, open_worksheet, redirect_to_rule_list
from routing.rule_editor.saving import describe_saved_rule, save_edited_rule
from routing.rule_editor.worksheet import Worksheet


@form_view
@login_required
def rule_new(request: HttpRequest) -> HttpResponse:
    """Show an empty form; posting it adds a rule at the end."""
    return _serve_rule_form(request, open_worksheet(request), None)


@form_view
@login_required
def rule_edit(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Show the form of one rule; posting it changes the rule, in the draft or live."""
    worksheet, rule = open_rule(request, key)
    return _serve_rule_form(request, worksheet, rule)


def _serve_rule_form(request: HttpRequest, worksheet: Worksheet, rule: Rule | None) -> HttpResponse:
    """Read, check and save what was typed; otherwise render the form."""
    editor = read_editor(request, worksheet, rule)
    content = check_edited_rule(editor) if editor.is_submitted else None
    saved_rule = save_edited_rule(editor, content) if content else None
    if saved_rule is None:
        return render_edit_page(request, editor)
    if editor.begins_draft:
        request.session[DRAFT_NOTE] = editor.form.cleaned_data["note"]
    messages.success(request, describe_saved_rule(editor, saved_rule))
    return redirect_to_rule_list(saved_rule.key)
