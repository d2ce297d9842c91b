"""Try rules on a typed text as if a network sent it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.utils import timezone

from routing.facts import Decision, Facts
from routing.reading import with_reading
from routing.refusals import RuleSetError
from routing.rule_editor.editor import RuleEditor
from routing.rules import edits
from routing.rules.engine import CompiledRules, compile_rules, decide
from routing.rules.precedence import with_new_rule
from routing.rules.store import self_contained_snapshot

JsonDict = dict[str, Any]
#: Key of a rule that is not saved yet.
_NEW_RULE_KEY = "new"


def build_trial_facts(text: str, network: str, followers: int | None) -> Facts:
    """Return the facts of a mention that arrives now.

    `network` is "" for X; `followers` is None when unknown.
    """
    return with_reading(
        Facts(
            text=text,
            network=network or "x",
            stream="mentions",
            brand_account="",
            at=timezone.now(),
            followers=followers,
        )
    )


def compile_draft(content: JsonDict) -> CompiledRules:
    """Compile the rules of a draft. Raises `RuleSetError` when they are not valid. At most two statements."""
    return compile_rules({**self_contained_snapshot(content), "version": 0})


def without_version(decision: Decision) -> Decision:
    """Return a decision with reasons that name no version.

    A draft has none.
    """
    reasons = tuple(reason.replace(", version 0)", ")") for reason in decision.reasons)
    return replace(decision, reasons=reasons)


def try_condition(editor: RuleEditor) -> dict[str, Any]:
    """Return template context about the typed condition: whether it matches.

    It also says which rule takes the message. It is tried with `editor.try_text`. {} when the condition is wrong: its rows or the JSON field then say why.
    """
    condition = editor.condition()
    if condition is None:
        return {}
    rule = {"name": editor.form.data.get("name", ""), "department": "here", "condition": condition}
    facts = build_trial_facts(editor.try_text, "x", None)
    try:
        alone = decide(
            facts,
            compile_draft(
                {
                    "default": {"department": "default"},
                    "rules": [rule],
                    "word_lists": editor.worksheet.word_lists,
                }
            ),
        )
    except RuleSetError as error:
        return {"tried": str(error)}
    taker = _find_taker(editor, condition, facts)
    if alone.decided_by == "default":
        return {"tried": f"The condition does not match this text.{_describe_other_taker(taker)}"}
    reason = alone.reasons[0].rpartition(" → ")[0]
    tried = {"tried": f"The condition matches: {reason}.", "tried_holds": True}
    if taker is None:
        return tried
    if taker.rule_key == _key_of(editor):
        return tried | {"taken": "No rule above it matches: this rule takes the message."}
    return tried | {
        "taken": f"But “{taker.rule_name}” comes first and takes the message to {_department_of(taker)}. Move this rule "
        "above it, or ask an administrator to, if it should win."
    }


def _find_taker(editor: RuleEditor, condition: JsonDict, facts: Facts) -> Decision | None:
    """Decide by all rules, with the typed rule at its place; None when they cannot decide."""
    worksheet, key = editor.worksheet, _key_of(editor)
    slug = worksheet.department_slug(str(editor.form["department"].value() or ""))
    typed = {
        "key": key,
        "name": editor.form.data.get("name", ""),
        "department": slug or (editor.rule.department.slug if editor.rule else "here"),
        "condition": condition,
    }
    if editor.rule is None:
        content = with_new_rule(worksheet.content, typed, worksheet.scope.covers)
    else:
        content = edits.with_changed_rule(worksheet.content, key, typed)
    try:
        return decide(facts, compile_draft(content))
    except RuleSetError:
        return None


def _key_of(editor: RuleEditor) -> str:
    return str(editor.rule.key) if editor.rule else _NEW_RULE_KEY


def _describe_other_taker(taker: Decision | None) -> str:
    if taker is None:
        return ""
    by = f"“{taker.rule_name}”" if taker.rule_name else "the default"
    return f" The message goes to {_department_of(taker)} by {by}."


def _department_of(decision: Decision) -> str:
    """Return the name of a decision's department.

    It stands in the reason, before the rule or the default in brackets.
    """
    return decision.reasons[0].rpartition(" → ")[2].rpartition(" (")[0]
