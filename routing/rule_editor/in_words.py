"""Describe a rule in plain words while it is edited.

The description says when the rule matches, what it does, and what is odd about it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from accounts.models import Department
from routing.conditions.sentences import condition_sentence
from routing.conditions.validation import validate_condition
from routing.conditions.wording import summarize_condition
from routing.models import Priority, Rule
from routing.rule_editor import condition_tree
from routing.rule_editor.editor import RuleEditor
from routing.rule_editor.worksheet import Worksheet
from routing.rules import edits
from routing.rules.findings import Finding, check_rules
from routing.rules.vocabulary import load_vocabulary


@dataclass(frozen=True, slots=True)
class RuleInWords:
    """A rule described for the page.

    `when` is "" while the condition is empty; `does` are the actions; `findings` are about this rule alone.
    """

    when: str
    department: str
    does: tuple[str, ...]
    findings: tuple[Finding, ...]


def describe_edited_rule(editor: RuleEditor) -> RuleInWords:
    """Describe the rule as typed so far.

    Rows that are not filled in are left out.
    """
    worksheet = editor.worksheet
    tree = _condition_so_far(editor)
    typed = {
        name: editor.form[name].value()
        for name in ("department", "priority", "person", "skill", "dismiss", "tags")
    }
    slug = worksheet.department_slug(str(typed["department"]))
    findings = _find_oddities(editor, tree, slug, typed) if tree else ()
    return RuleInWords(
        when=condition_sentence(tree, 8, worksheet.names) if tree else "",
        department=str(Department.objects.filter(slug=slug).first() or ""),
        does=tuple(_describe_actions(typed, worksheet)),
        findings=findings,
    )


def describe_rule(rule: Rule, names: Mapping[str, str]) -> str:
    """Describe a stored rule in one line that begins with its name."""
    priority = f", {rule.get_priority_display().lower()} priority" if rule.priority else ""
    off = "" if rule.enabled else ", switched off"
    return (
        f"“{rule.name}”: {summarize_condition(rule.condition, 8, names)} → {rule.department}{priority}{off}"
    )


def _describe_actions(typed: Mapping[str, Any], worksheet: Worksheet) -> Iterator[str]:
    if str(typed["priority"]) in ("-1", "1", "2"):
        yield f"{Priority(int(typed['priority'])).label.lower()} priority"
    if typed["person"]:
        yield f"to {_display_name('person', typed, worksheet)}"
    if typed["skill"]:
        yield f"to anyone with the skill {_display_name('skill', typed, worksheet)}"
    if typed["tags"]:
        yield f"tagged {typed['tags']}"
    if typed["dismiss"]:
        yield "dismissed as noise at once"


def _display_name(field: str, typed: Mapping[str, Any], worksheet: Worksheet) -> str:
    return worksheet.names.get(f"{field} {typed[field]}", str(typed[field]))


def _condition_so_far(editor: RuleEditor) -> dict[str, Any] | None:
    """Return the usable part of the condition, None when there is none."""
    if not editor.is_as_tree:
        return _valid_or_none(condition_tree.form_to_partial_condition(editor.root))
    return editor.condition() if editor.form.is_bound else _initial_condition(editor)


def _initial_condition(editor: RuleEditor) -> dict[str, Any] | None:
    try:
        return _valid_or_none(json.loads(editor.form.initial.get("tree", "")))
    except ValueError:
        return None


def _valid_or_none(tree: dict[str, Any] | None) -> dict[str, Any] | None:
    return tree if tree and not validate_condition(tree) else None


def _find_oddities(
    editor: RuleEditor, tree: dict[str, Any], slug: str, typed: Mapping[str, Any]
) -> tuple[Finding, ...]:
    """Return findings about the rule, in its place among the others.

    `slug` is the department chosen in the form; when it is "", the department of the stored rule counts.
    """
    worksheet, rule = editor.worksheet, editor.rule
    key = str(rule.key) if rule else "new"
    content = {
        "key": key,
        "name": rule.name if rule else "New rule",
        "enabled": True,
        "condition": tree,
        "department": slug or (rule.department.slug if rule else ""),
    }
    content |= {field: typed[field] for field in ("person", "skill") if typed[field]}
    rules_after = edits.with_rule(worksheet.content, content)
    findings = check_rules(rules_after, load_vocabulary(), only=key)
    # The form itself reports a missing or closed department, beside its field.
    oddities = [finding for finding in findings if finding.kind != "department"]
    if too_wide := worksheet.scope.explain_too_wide(tree):
        oddities.insert(0, Finding("", "error", "width", f"Not limited to your brand accounts. {too_wide}"))
    return tuple(oddities)
