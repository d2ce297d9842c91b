"""A rule in plain words while it is being edited: when it holds, what it does, and what is odd about it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from accounts.models import Department
from routing.conditions.validation import validate_condition
from routing.conditions.wording import summarize_condition
from routing.models import Priority, Rule
from routing.rule_editor import condition_form
from routing.rule_editor.forms import RuleEditor
from routing.rule_editor.worksheet import Worksheet
from routing.rules import edits
from routing.rules.findings import Finding, check_rules
from routing.rules.vocabulary import load_vocabulary


@dataclass(frozen=True, slots=True)
class RuleInWords:
    """`when` is "" while nothing can be said; `does` are the actions; `findings` are about this rule alone."""

    when: str
    department: str
    does: tuple[str, ...]
    findings: tuple[Finding, ...]


def describe_edited_rule(editor: RuleEditor, desk: Worksheet, rule: Rule | None) -> RuleInWords:
    """What the editor says now. Rows that are not filled in yet are passed over."""
    tree = _condition_so_far(editor)
    value = {
        name: editor.form[name].value()
        for name in ("department", "priority", "person", "skill", "dismiss", "tags")
    }
    department = Department.objects.filter(slug=desk.department_slug(str(value["department"]))).first()
    does = []
    if str(value["priority"]) in ("-1", "1", "2"):
        does.append(f"{Priority(int(value['priority'])).label.lower()} priority")
    does += [f"to {_display_name('person', value, desk)}"] if value["person"] else []
    does += [f"to whoever knows {_display_name('skill', value, desk)}"] if value["skill"] else []
    does += [f"tagged {value['tags']}"] if value["tags"] else []
    does += ["dismissed as noise at once"] if value["dismiss"] else []
    odd = _findings_for_edit(tree, desk, rule, value) if tree else ()
    if tree and (wide := desk.scope.explain_too_wide(tree)):
        odd = (Finding("", "error", "width", f"Not kept to your brand accounts. {wide}"), *odd)
    return RuleInWords(
        summarize_condition(tree, 8, desk.names) if tree else "", str(department or ""), tuple(does), odd
    )


def _display_name(what: str, value: dict[str, Any], desk: Worksheet) -> str:
    return desk.names.get(f"{what} {value[what]}", str(value[what]))


def _condition_so_far(editor: RuleEditor) -> dict[str, Any] | None:
    """The condition as far as it is filled in and sound."""
    if editor.is_as_tree:
        bound = editor.form.is_bound
        return editor.condition() if bound else _initial_condition(editor)
    return _condition_if_valid(condition_form.form_to_partial_condition(editor.root))


def _initial_condition(editor: RuleEditor) -> dict[str, Any] | None:
    try:
        return _condition_if_valid(json.loads(editor.form.initial.get("tree", "")))
    except ValueError:
        return None


def _condition_if_valid(tree: dict[str, Any] | None) -> dict[str, Any] | None:
    return tree if tree and not validate_condition(tree) else None


def describe_current_rule(desk: Worksheet, rule: Rule) -> str:
    """A rule that somebody else has changed, in words: what it says now, its name first."""
    now = desk.find_editable_rule(str(rule.key)) or rule
    priority = f", {now.get_priority_display().lower()} priority" if now.priority else ""
    off = "" if now.enabled else ", switched off"
    return (
        f"“{now.name}”: {summarize_condition(now.condition, 8, desk.names)} → {now.department}{priority}{off}"
    )


def _findings_for_edit(
    tree: dict[str, Any], desk: Worksheet, rule: Rule | None, value: dict[str, Any]
) -> tuple[Finding, ...]:
    """What is odd about the rule in its place among the others."""
    key = str(rule.key) if rule else "new"
    slug = desk.department_slug(str(value["department"])) or (rule.department.slug if rule else "")
    try:
        name = edits.get_rule_by_key(desk.content, key)["name"]
    except edits.NoSuchRule:
        name = "New rule"
    said = {"key": key, "name": name, "enabled": True, "condition": tree, "department": slug}
    said |= {field: value[field] for field in ("person", "skill") if value[field]}
    after = edits.with_rule(desk.content, said)
    return tuple(one for one in check_rules(after, load_vocabulary(), only=key) if one.kind != "department")
