"""Template context of the pages of the word lists."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from routing.conditions.sentences import condition_sentence, language_name
from routing.conditions.word_lists import all_words, word_list_names
from routing.models import RuleSetVersion
from routing.refusals import RuleSetError
from routing.rule_editor.trial import build_trial_facts
from routing.rule_editor.worksheet import Worksheet
from routing.rules.edits import with_word_list
from routing.rules.engine import compile_rules, decide
from routing.rules.references import rules_using_list
from routing.rules.word_list_changes import describe_list_changes
from routing.word_lists.forms import sorted_languages
from wording.numbers import format_count

JsonDict = dict[str, Any]
#: Versions of the rules that are searched for changes of a list, and changes that are shown.
_VERSIONS_SEARCHED, _CHANGES_SHOWN = 60, 8


def list_rows(worksheet: Worksheet) -> list[dict[str, Any]]:
    """Return a row for each word list, by name."""
    rows = [
        {
            "key": key,
            "name": word_list["name"],
            "count": len(all_words(word_list)),
            "further": describe_further_conditions(word_list),
            "languages": [language_name(code) for code in sorted_languages(word_list["words"]) if code],
            "rules": using_rows(worksheet, key),
            "may_edit": may_edit_list(worksheet, key),
        }
        for key, word_list in worksheet.word_lists.items()
    ]
    return sorted(rows, key=lambda row: str(row["name"]).casefold())


def describe_further_conditions(word_list: JsonDict) -> str:
    """Count the conditions of a list beside its words.

    Returns "2 combinations and 1 pattern", or "" when there are words alone.
    """
    patterns = sum(1 for part in word_list.get("also", []) if part.get("field") == "pattern")
    combinations = len(word_list.get("also", [])) - patterns
    counts = ((combinations, "combination"), (patterns, "pattern"))
    return " and ".join(format_count(number, thing) for number, thing in counts if number)


def using_rows(worksheet: Worksheet, key: str) -> list[dict[str, Any]]:
    """Return a row for each rule that uses a list."""
    return [
        {
            "place": place,
            "key": rule["key"],
            "name": rule["name"],
            "sentence": condition_sentence(rule["condition"], names=word_list_names(worksheet.word_lists)),
            "department": rule.get("department_name") or rule["department"],
        }
        for place, rule in rules_using_list(worksheet.content, key)
    ]


def may_edit_list(worksheet: Worksheet, key: str) -> bool:
    """Return whether the user may change a word list."""
    return worksheet.may_edit and not worksheet.scope.list_refusal(worksheet.content, key)


def fingerprint(word_list: JsonDict | None) -> str:
    """Return 16 characters that change with the content of a list.

    Returns "" for no list.
    """
    if word_list is None:
        return ""
    return hashlib.sha256(json.dumps(word_list, sort_keys=True).encode()).hexdigest()[:16]


def list_changes(key: str) -> list[dict[str, Any]]:
    """Return the newest versions that changed a list, newest first.

    One statement, which reads only this list from each version.
    """
    rows = RuleSetVersion.objects.values_list(
        "number",
        "created_at",
        "created_by__first_name",
        "created_by__last_name",
        f"snapshot__word_lists__{key}",
    )
    versions = list(rows[:_VERSIONS_SEARCHED])
    changes: list[dict[str, Any]] = []
    for (number, at, first, last, now), (*_, was) in zip(versions, [*versions[1:], (None,)], strict=True):
        if now is None or now == was:
            continue
        changes.append(
            {
                "number": number,
                "at": at,
                "by": f"{first or ''} {last or ''}".strip() or "The system",
                "lines": describe_list_changes(was, now) if was else ["created"],
                "is_current": not changes,
            }
        )
    return changes[:_CHANGES_SHOWN]


def try_sentence(worksheet: Worksheet, key: str, word_list: JsonDict, text: str) -> dict[str, Any]:
    """Try a list on a text.

    Returns `found`, the words that the list finds ("" for none), and the rule that then takes the message. The rules are those of the worksheet with this list.
    """
    facts = build_trial_facts(text, "x", None)
    content = with_word_list(worksheet.content, key, word_list)
    only = {"name": "-", "department": "-", "condition": {"field": "about", "is": [key]}}
    list_decision = decide(facts, compile_rules(content | {"rules": [only]}))
    try:
        decision = decide(facts, compile_rules(content))
    except RuleSetError as error:
        return {"problem": str(error)}
    departments = {rule["department"]: rule.get("department_name") for rule in worksheet.content["rules"]}
    return {
        "found": list_decision.reasons[0].rpartition(" → ")[0] if list_decision.rule_name else "",
        "rule_name": decision.rule_name,
        "department": departments.get(decision.department) or decision.department,
    }
