"""The typed state of a rule's form: its fields and condition rows."""

from __future__ import annotations

import json
from typing import Any, cast

from django.http import HttpRequest, QueryDict

from routing.models import Rule
from routing.rule_editor import condition_form, condition_tree
from routing.rule_editor.choices import EditorChoices, load_editor_choices
from routing.rule_editor.condition_page import build_node_context
from routing.rule_editor.forms import RuleForm
from routing.rule_editor.worksheet import Worksheet, live_version_number
from routing.rules.editing import RuleContent


class RuleEditor:
    """The form of a rule, with the parts of its condition.

    `rule` is None for a new one.
    """

    def __init__(
        self, data: QueryDict | None, worksheet: Worksheet, rule: Rule | None, choices: EditorChoices
    ) -> None:
        """Fill the form from `data`, else from the rule.

        `data` is what was posted, None when the form is opened. The form stays empty when there is neither.
        """
        self.worksheet, self.rule, self.choices = worksheet, rule, choices
        self.root = condition_form.build_empty_condition(worksheet.scope.brand_accounts)
        initial: dict[str, Any] = {}
        if data is not None:
            self.root = condition_form.parse_condition_form(data)
            condition_form.reset_mismatched_operators(self.root)
        else:
            initial = {"seen": live_version_number(), "mark": ""}
            if rule is not None:
                root = condition_tree.condition_to_form(rule.condition)
                initial |= _initial_values(rule) | {
                    "mode": "rows" if root else "tree",
                    "mark": worksheet.rule_fingerprint(rule),
                }
                self.root = root or self.root
        self.form = RuleForm(data, initial=initial, rule=rule, scope=worksheet.scope, choices=choices)

    @property
    def row_action(self) -> str | None:
        """Value of the pressed button that changes rows, else None.

        See `apply_row_action`.
        """
        return cast("str | None", self.form.data.get("do"))

    @property
    def is_trial(self) -> bool:
        """True when the condition is to be tried without saving anything."""
        return self.row_action is None and "try" in self.form.data

    @property
    def is_submitted(self) -> bool:
        """True when the rule is to be saved."""
        return self.form.is_bound and self.row_action is None and not self.is_trial

    @property
    def begins_draft(self) -> bool:
        """True when saving is to begin a draft."""
        return "draft" in self.form.data

    @property
    def try_text(self) -> str:
        """Text to try the condition with."""
        return cast(str, self.form.data.get("try_text", ""))

    @property
    def condition_page(self) -> dict[str, Any]:
        """Groups and rows for the template."""
        return build_node_context(self.root, self.choices)

    @property
    def is_as_tree(self) -> bool:
        """True while the condition is edited as JSON."""
        return bool(self.form["mode"].value() == "tree")

    def mark_as_seen(self, **marks: str) -> None:
        """Set the hidden fields that tell which state the user has seen.

        These are `seen` (a version) and `mark` (a fingerprint). If the form is saved again, it counts as an edit of
        that state.
        """
        data = cast(QueryDict, self.form.data).copy()
        for name, value in marks.items():
            data[name] = value
        self.form.data = data

    def content(self) -> RuleContent | None:
        """Return the rule as typed, None when something is wrong.

        The form and the rows then say what.
        """
        is_form_valid = self.form.is_valid()
        condition = self.condition()
        if not is_form_valid or condition is None:
            return None
        cleaned = self.form.cleaned_data
        return RuleContent(
            name=cleaned["name"],
            condition=condition,
            department=cleaned["department"],
            enabled=cleaned["enabled"],
            priority=cleaned["priority"],
            tags=tuple(cleaned["tags"]),
            needs_answer=cleaned["needs_answer"],
            person=cleaned["person"],
            skill=cleaned["skill"],
            dismiss=cleaned["dismiss"],
            playbook_branch=cleaned["playbook_branch"],
        )

    def condition(self) -> dict[str, Any] | None:
        """Return the typed condition, None when it is wrong.

        Its rows or the JSON field then say why.
        """
        self.form.is_valid()
        if self.is_as_tree:
            tree = self.form.cleaned_data.get("condition")
            return None if self.form.has_error("tree") or not tree else cast("dict[str, Any]", tree)
        return condition_tree.form_to_condition(self.root)


def read_editor(request: HttpRequest, worksheet: Worksheet, rule: Rule | None) -> RuleEditor:
    """Return an editor with what was typed, else with the stored rule.

    A pressed button that adds or removes rows has already been applied.
    """
    choices = load_editor_choices(worksheet.user, worksheet.scope.brand_accounts, worksheet.word_lists)
    editor = RuleEditor(request.POST if request.method == "POST" else None, worksheet, rule, choices)
    if editor.row_action is not None:
        condition_form.apply_row_action(editor.root, editor.row_action)
    return editor


def _initial_values(rule: Rule) -> dict[str, Any]:
    return {
        "name": rule.name,
        "department": rule.department.pk,
        "priority": rule.priority,
        "tags": ", ".join(rule.tags),
        "needs_answer": {True: "yes", False: "no", None: ""}[rule.needs_answer],
        "person": rule.person,
        "skill": rule.skill,
        "dismiss": rule.dismiss,
        "playbook_branch": rule.playbook_branch,
        "enabled": rule.enabled,
        "tree": json.dumps(rule.condition, ensure_ascii=False, indent=2),
    }
