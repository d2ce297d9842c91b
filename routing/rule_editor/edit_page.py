"""Render the form of one rule.

Either the whole page is rendered, or the parts that htmx swaps in while somebody types.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from routing.rule_editor.editor import RuleEditor
from routing.rule_editor.in_words import describe_edited_rule
from routing.rule_editor.trial import try_condition


def render_edit_page(request: HttpRequest, editor: RuleEditor) -> HttpResponse:
    """Render the form with what was typed; status 422 when saving was refused.

    After a change of rows, htmx gets one fragment instead of the page: the rule in words when the target is `said`,
    else the condition together with the rule in words.
    """
    rule, worksheet = editor.rule, editor.worksheet
    # Try the condition first: this adds problems to wrong rows, and the rows are rendered below.
    tried = try_condition(editor) if editor.is_trial else {}
    context = {
        "editor": editor,
        "rule": rule,
        "place": rule and rule.position,
        "draft": worksheet.draft,
        "condition": editor.condition_page,
        "said": describe_edited_rule(editor),
        "try_text": editor.try_text,
        "is_refused": editor.is_submitted,
        "by_account": worksheet.scope.is_by_account,
        **tried,
    }
    status = 422 if editor.is_submitted else 200
    return render(request, _edit_template(request, editor), context, status=status)


def _edit_template(request: HttpRequest, editor: RuleEditor) -> str:
    if editor.row_action is None or not request.headers.get("HX-Request"):
        return "routing/rule_editor/rule_edit.html"
    if request.headers.get("HX-Target") == "said":
        return "routing/rule_editor/_said.html"
    return "routing/rule_editor/_condition_swap.html"
