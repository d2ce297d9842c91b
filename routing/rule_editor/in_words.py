"""A rule in plain words while it is being edited: when it holds, what it does, and what is odd about it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from accounts.models import Department
from routing.conditions.validation import validate
from routing.conditions.wording import summary
from routing.models import Priority, Rule
from routing.rule_editor import condition_form as condition_rows
from routing.rule_editor.forms import RuleEditor
from routing.rule_editor.worksheet import Desk
from routing.rules import edits as snapshots
from routing.rules.findings import Finding, findings
from routing.rules.vocabulary import known


@dataclass(frozen=True, slots=True)
class Said:
    """`when` is "" while nothing can be said; `does` are the actions; `findings` are about this rule alone."""

    when: str
    department: str
    does: tuple[str, ...]
    findings: tuple[Finding, ...]


def said_of(editor: RuleEditor, desk: Desk, rule: Rule | None) -> Said:
    """What the editor says now. Rows that are not filled in yet are passed over."""
    tree = _condition(editor)
    value = {
        name: editor.form[name].value()
        for name in ("department", "priority", "person", "skill", "dismiss", "tags")
    }
    department = Department.objects.filter(slug=desk.slug_of(str(value["department"]))).first()
    does = []
    if str(value["priority"]) in ("-1", "1", "2"):
        does.append(f"{Priority(int(value['priority'])).label.lower()} priority")
    does += [f"to {_name('person', value, desk)}"] if value["person"] else []
    does += [f"to whoever knows {_name('skill', value, desk)}"] if value["skill"] else []
    does += [f"tagged {value['tags']}"] if value["tags"] else []
    does += ["dismissed as noise at once"] if value["dismiss"] else []
    odd = _odd(tree, desk, rule, value) if tree else ()
    if tree and (wide := desk.scope.width(tree)):
        odd = (Finding("", "error", "width", f"Not kept to your brand accounts. {wide}"), *odd)
    return Said(summary(tree, 8, desk.names) if tree else "", str(department or ""), tuple(does), odd)


def _name(what: str, value: dict[str, Any], desk: Desk) -> str:
    return desk.names.get(f"{what} {value[what]}", str(value[what]))


def _condition(editor: RuleEditor) -> dict[str, Any] | None:
    """The condition as far as it is filled in and sound."""
    if editor.is_as_tree:
        bound = editor.form.is_bound
        return editor.condition() if bound else _initial_tree(editor)
    return _sound(condition_rows.partial_tree(editor.root))


def _initial_tree(editor: RuleEditor) -> dict[str, Any] | None:
    try:
        return _sound(json.loads(editor.form.initial.get("tree", "")))
    except ValueError:
        return None


def _sound(tree: dict[str, Any] | None) -> dict[str, Any] | None:
    return tree if tree and not validate(tree) else None


def as_it_is(desk: Desk, rule: Rule) -> str:
    """A rule that somebody else has changed, in words: what it says now, its name first."""
    now = desk.rule(str(rule.key)) or rule
    priority = f", {now.get_priority_display().lower()} priority" if now.priority else ""
    off = "" if now.enabled else ", switched off"
    return f"“{now.name}”: {summary(now.condition, 8, desk.names)} → {now.department}{priority}{off}"


def _odd(tree: dict[str, Any], desk: Desk, rule: Rule | None, value: dict[str, Any]) -> tuple[Finding, ...]:
    """What is odd about the rule in its place among the others."""
    key = str(rule.key) if rule else "new"
    slug = desk.slug_of(str(value["department"])) or (rule.department.slug if rule else "")
    try:
        name = snapshots.rule_in(desk.content, key)["name"]
    except snapshots.NoSuchRule:
        name = "New rule"
    said = {"key": key, "name": name, "enabled": True, "condition": tree, "department": slug}
    said |= {field: value[field] for field in ("person", "skill") if value[field]}
    after = snapshots.with_rule(desk.content, said)
    return tuple(one for one in findings(after, known(), only=key) if one.kind != "department")
