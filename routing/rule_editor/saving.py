"""Save a checked edit of a rule, in a draft or live."""

from __future__ import annotations

from django.utils import timezone

from routing.models import Rule
from routing.pages.requests import denied_as_404
from routing.refusals import RuleSetError
from routing.rule_editor.editor import RuleEditor
from routing.rules import drafts, editing
from routing.rules.editing import RuleContent


def save_edited_rule(editor: RuleEditor, content: RuleContent) -> Rule | None:
    """Save the rule and return it, None when the edit is refused.

    The form then says why. Begins a draft first when the user asked for one. Raises `Http404` when the rule is gone
    or the user may not change it.
    """
    user, note, now = editor.worksheet.user, editor.form.cleaned_data["note"], timezone.now()
    try:
        with denied_as_404():
            if editor.begins_draft:
                drafts.begin_rule_draft(user, now)
            if editor.rule is None:
                return editing.add_rule(content, user, note, now)
            return editing.change_rule(editor.rule.key, content, user, note, now)
    except RuleSetError as error:
        editor.form.add_error(None, str(error))
        return None


def describe_saved_rule(editor: RuleEditor, saved_rule: Rule) -> str:
    """Return the sentences that tell the user where the rule is now."""
    worksheet = editor.worksheet
    where = "in your draft" if worksheet.draft or editor.begins_draft else "saved and live"
    saved = f"“{saved_rule.name}” is {where}"
    if editor.rule is not None or saved_rule.position == 1:
        return f"{saved}."
    hint = " Move it up where it should come before others." if worksheet.scope.is_by_account else ""
    return f"{saved}, at place {saved_rule.position}: the rules above it are checked first.{hint}"
