"""Describe clashes between a draft and what others published.

The descriptions are for the page that publishes the draft.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from routing.conditions.word_lists import all_words
from routing.conditions.wording import summarize_condition
from routing.models import RuleDraft
from routing.rules import drafts
from routing.rules.merging import DEFAULT_KEY, LIST_PREFIX, ORDER_KEY, Clash
from routing.rules.word_list_changes import describe_list_changes


def describe_clashes(
    draft: RuleDraft, merged: dict[str, Any], names: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return every clash of the draft, resolved or not, for the template."""
    return [_describe_clash(clash, merged, names) for clash in drafts.draft_status(draft).clashes]


def _describe_clash(clash: Clash, merged: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Return the subject of a clash, and each side in one line."""
    if clash.key == DEFAULT_KEY:
        sides = [side["department_name"] if side else "none" for side in (clash.draft, clash.live)]
        subject = "Where everything else goes"
    elif clash.key == ORDER_KEY:
        rule_names = {rule["key"]: rule["name"] for rule in merged["rules"]}
        sides = [
            ", ".join(rule_names.get(key, "…") for key in side[:12]) for side in (clash.draft, clash.live)
        ]
        subject = "The order of the rules"
    elif clash.key.startswith(LIST_PREFIX):
        sides = [_describe_list_side(side, other) for side, other in _both_ways(clash)]
        subject = f"The word list “{(clash.draft or clash.live)['name']}”"
    else:
        sides = [_describe_rule_side(side, names) for side in (clash.draft, clash.live)]
        subject = f"“{(clash.draft or clash.live)['name']}”"
    return {"key": clash.key, "what": subject, "mine": sides[0], "theirs": sides[1]}


def _both_ways(clash: Clash) -> list[tuple[dict[str, Any] | None, dict[str, Any] | None]]:
    return [(clash.draft, clash.live), (clash.live, clash.draft)]


def _describe_list_side(word_list: dict[str, Any] | None, other: dict[str, Any] | None) -> str:
    """Describe one side of a word list, compared with the other."""
    if word_list is None:
        return "Deleted"
    words = f"{len(all_words(word_list)):,} words"
    return f"{words}: {'; '.join(describe_list_changes(other, word_list))}" if other else words


def _describe_rule_side(rule: dict[str, Any] | None, names: Mapping[str, str]) -> str:
    if rule is None:
        return "Deleted"
    off = "" if rule.get("enabled", True) else " (switched off)"
    summary = summarize_condition(rule["condition"], names=names)
    return f"{rule['name']}: {summary} → {rule.get('department_name') or rule['department']}{off}"
