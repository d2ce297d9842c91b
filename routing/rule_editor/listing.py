"""Rows of the rule list, one page at a time.

These are all rules, or those that a search matches.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from routing.conditions.sentences import condition_sentence
from routing.conditions.word_lists import all_words, word_list_keys_in
from routing.conditions.wording import summarize_condition
from routing.models import Rule
from routing.rule_editor.worksheet import Worksheet
from routing.rules.findings import Finding
from routing.rules.precedence import may_always_precede

#: Rules per page, so few that a page stays below 400 KB however long they are; and most rules of other pages that are
#: listed because they have findings.
RULES_PER_PAGE, MAX_NAMED_ELSEWHERE = 60, 10
#: Above this number of rules the page offers a search, and a field to move a rule to any place.
SEARCH_FROM = 20
#: More parts than any condition has.
_NO_LIMIT = 1_000_000


def build_list_context(worksheet: Worksheet, query: Mapping[str, str]) -> dict[str, Any]:
    """Return the template context of the rows.

    Read from `query`: `page`, counted from 1; `at`, the key of a rule whose page is shown; `q`, words that a rule
    must all contain. Invalid values are ignored.
    """
    rules, words = worksheet.rules, query.get("q", "")[:100].strip()
    findings: dict[str, list[Finding]] = {}
    for finding in worksheet.findings():
        findings.setdefault(finding.rule, []).append(finding)
    matching = [
        (place, rule)
        for place, rule in enumerate(rules, start=1)
        if not words or _matches_words(rule, words.casefold().split(), worksheet)
    ]
    pages = max(-(-len(matching) // RULES_PER_PAGE), 1)
    number = _page_number(query, [str(rule.key) for _, rule in matching], pages)
    shown = matching[(number - 1) * RULES_PER_PAGE : number * RULES_PER_PAGE]
    return {
        "rows": [_rule_row(worksheet, place, rule, findings.get(str(rule.key), ())) for place, rule in shown],
        "q": words,
        "total": len(rules),
        "fitting": len(matching),
        "first": (number - 1) * RULES_PER_PAGE + 1,
        "last": (number - 1) * RULES_PER_PAGE + len(shown),
        "turns": _page_links(number, pages, words),
        "elsewhere": _findings_elsewhere(rules, {str(rule.key) for _, rule in shown}, findings),
        "has_search": len(rules) > SEARCH_FROM,
        "sortable": not words,
        "jump": len(rules) if len(rules) > SEARCH_FROM else 0,
        "default_findings": findings.get("", ()),
    }


def _matches_words(rule: Rule, words: Iterable[str], worksheet: Worksheet) -> bool:
    lists = worksheet.word_lists
    searched = [
        rule.name,
        rule.department.name,
        summarize_condition(rule.condition, _NO_LIMIT, worksheet.names),
        condition_sentence(rule.condition, _NO_LIMIT, worksheet.names),
        *(word for key in word_list_keys_in(rule.condition) for word in all_words(lists.get(key, {}))),
        *rule.tags,
    ]
    text = "\n".join(searched).casefold()
    return all(word in text for word in words)


def _page_number(query: Mapping[str, str], keys: list[str], pages: int) -> int:
    if (at := query.get("at")) in keys:
        return keys.index(at) // RULES_PER_PAGE + 1
    page = query.get("page", "")
    number = int(page) if page.isascii() and page.isdigit() and len(page) < 9 else 1
    return min(max(number, 1), pages)


def _page_links(number: int, pages: int, words: str) -> dict[str, str]:
    """Return the addresses of the first, previous, next and last page.

    "" where there is no such page. First and last are also "" when they equal previous or next.
    """
    pages_by_name = {
        "begin": 1 if number > 2 else 0,
        "before": number - 1,
        "after": number + 1 if number < pages else 0,
        "end": pages if number < pages - 1 else 0,
    }
    search = {"q": words} if words else {}
    return {
        name: f"?{urlencode({**search, 'page': page})}" if page else ""
        for name, page in pages_by_name.items()
    }


def _findings_elsewhere(
    rules: list[Rule], shown: set[str], findings: Mapping[str, list[Finding]]
) -> dict[str, Any]:
    """Return the rules with findings that are on other pages."""
    odd = [rule for rule in rules if str(rule.key) in findings and str(rule.key) not in shown]
    return {
        "rules": odd[:MAX_NAMED_ELSEWHERE],
        "more": max(len(odd) - MAX_NAMED_ELSEWHERE, 0),
        "count": len(odd),
    }


def _may_move_above(worksheet: Worksheet, rule: Rule, other: Rule) -> bool:
    if worksheet.scope.is_by_account or worksheet.may_edit_rule(other):
        return True
    return may_always_precede({"condition": rule.condition}, {"condition": other.condition})


def _rule_row(worksheet: Worksheet, place: int, rule: Rule, findings: Iterable[Finding]) -> dict[str, Any]:
    rules = worksheet.rules
    return {
        "place": place,
        "rule": rule,
        "summary": f"If a message {condition_sentence(rule.condition, names=worksheet.names)}",
        "priority": rule.get_priority_display() if rule.priority else "",
        "may_up": place > 1 and _may_move_above(worksheet, rule, rules[place - 2]),
        "is_last": place == len(rules),
        "person": worksheet.names.get(f"person {rule.person}", rule.person),
        "skill": worksheet.names.get(f"skill {rule.skill}", rule.skill),
        "is_mine": worksheet.may_edit_rule(rule),
        "findings": findings,
    }
