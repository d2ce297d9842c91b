"""Try rules on a typed text as if a network sent it."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from routing.facts import Facts
from routing.reading import with_reading
from routing.refusals import RuleSetError
from routing.rule_editor.editor import RuleEditor
from routing.rules.engine import compile_rules, decide


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


def try_condition(editor: RuleEditor) -> dict[str, Any]:
    """Return template context that tells whether the typed condition matches.

    It is tried with `editor.try_text`. {} when the condition is wrong: its rows or the JSON field then say why.
    """
    condition = editor.condition()
    if condition is None:
        return {}
    rule = {"name": editor.form.data.get("name", ""), "department": "here", "condition": condition}
    try:
        compiled = compile_rules(
            {
                "default": {"department": "default"},
                "rules": [rule],
                "word_lists": editor.worksheet.word_lists,
            }
        )
    except RuleSetError as error:
        return {"tried": str(error)}
    decision = decide(build_trial_facts(editor.try_text, "x", None), compiled)
    if decision.decided_by == "default":
        return {"tried": "The condition does not hold for this text."}
    return {"tried": f"The condition holds: {decision.reasons[0].rpartition(' → ')[0]}.", "tried_holds": True}
