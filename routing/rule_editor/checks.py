"""Check a submitted rule before it is saved.

It must be valid, and nobody may have changed the rule since the form was opened.
"""

from __future__ import annotations

from dataclasses import dataclass

from routing.rule_editor.editor import RuleEditor
from routing.rule_editor.in_words import describe_rule
from routing.rules.editing import RuleContent
from routing.rules.history import find_newer_version_of_rule


def check_edited_rule(editor: RuleEditor) -> RuleContent | None:
    """Return the rule to save, None when the edit is refused.

    The form, its rows, or both then say why, and keep what was typed. At most two statements besides those of the
    form's fields.
    """
    content = editor.content()
    newer = _find_newer_edit(editor) if content is not None else None
    if newer is None or editor.rule is None:
        return content
    editor.mark_as_seen(**newer.marks)
    editor.form.add_error(
        None,
        f"{newer.author} changed this rule {newer.occasion}. What you typed is kept below: compare it with the rule as it "
        "is now, and save again to put yours in its place. Now it is "
        f"{describe_rule(editor.rule, editor.worksheet.names)}.",
    )
    return None


@dataclass(frozen=True, slots=True)
class _NewerEdit:
    """An edit of the rule made since its form was opened.

    `marks` are the values of the hidden fields after that edit.
    """

    author: str
    occasion: str
    marks: dict[str, str]


def _find_newer_edit(editor: RuleEditor) -> _NewerEdit | None:
    """Return an edit made since the form was opened, else None.

    A draft belongs to one user, so only another window of theirs can have changed it. For live rules, the version
    that was live when the form was opened (`seen`) is compared. Forms without these hidden fields are never refused.
    """
    rule, worksheet, cleaned = editor.rule, editor.worksheet, editor.form.cleaned_data
    if rule is None:
        return None
    if worksheet.draft is not None:
        mark = worksheet.rule_fingerprint(rule)
        is_current = not cleaned.get("mark") or cleaned["mark"] == mark
        return None if is_current else _NewerEdit("You", "in another window", {"mark": mark})
    version = find_newer_version_of_rule(cleaned["seen"], str(rule.key)) if cleaned.get("seen") else None
    if version is None:
        return None
    author = (
        version.created_by.get_full_name() or version.created_by.username if version.created_by else "Someone"
    )
    return _NewerEdit(author, f"in the meantime (version {version.number})", {"seen": str(version.number)})
