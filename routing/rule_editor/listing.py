"""The list of rules as its page shows it: some at a time, all of them or those that words are found in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from routing.conditions.wording import summarize_condition
from routing.models import Rule
from routing.rule_editor.worksheet import Worksheet
from routing.rules.findings import Finding

#: Rules on a page, so that it stays below 400 KB however long they are; and rules of other pages that are named because
#: something is odd about them.
RULES_PER_PAGE, MAX_NAMED_ELSEWHERE = 60, 10
#: From so many on rules are looked for by words, and moved to a place that is typed.
SEARCH_FROM = 20
#: More than the parts of any condition.
_NO_LIMIT = 1_000_000


def build_list_context(desk: Worksheet, query: Mapping[str, str]) -> dict[str, Any]:
    """Template context of the rows. `query`: `page` counts from 1, `at` is the key of the rule whose page is wanted, `q`
    are words that are all found in a rule. What makes no sense there is passed over."""
    rules, words = desk.rules, query.get("q", "")[:100].strip()
    found: dict[str, list[Finding]] = {}
    for one in desk.findings():
        found.setdefault(one.rule, []).append(one)
    fitting = [
        (place, rule)
        for place, rule in enumerate(rules, start=1)
        if not words or _matches_words(rule, words.casefold().split(), desk.names)
    ]
    pages = max(-(-len(fitting) // RULES_PER_PAGE), 1)
    number = _page_number(query, [str(rule.key) for _, rule in fitting], pages)
    shown = fitting[(number - 1) * RULES_PER_PAGE : number * RULES_PER_PAGE]
    return {
        "rows": [_rule_row(desk, place, rule, found.get(str(rule.key), ())) for place, rule in shown],
        "q": words,
        "total": len(rules),
        "fitting": len(fitting),
        "first": (number - 1) * RULES_PER_PAGE + 1,
        "last": (number - 1) * RULES_PER_PAGE + len(shown),
        "turns": _page_links(number, pages, words),
        "elsewhere": _findings_elsewhere(rules, {str(rule.key) for _, rule in shown}, found),
        "has_search": len(rules) > SEARCH_FROM,
        "sortable": not words,
        "jump": len(rules) if len(rules) > SEARCH_FROM else 0,
        "default_findings": found.get("", ()),
    }


def _matches_words(rule: Rule, words: Iterable[str], names: Mapping[str, str]) -> bool:
    said = [
        rule.name,
        rule.department.name,
        summarize_condition(rule.condition, _NO_LIMIT, names),
        *rule.tags,
    ]
    text = "\n".join(said).casefold()
    return all(word in text for word in words)


def _page_number(query: Mapping[str, str], keys: list[str], pages: int) -> int:
    if (at := query.get("at")) in keys:
        return keys.index(at) // RULES_PER_PAGE + 1
    asked = query.get("page", "")
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 9 else 1
    return min(max(number, 1), pages)


def _page_links(number: int, pages: int, words: str) -> dict[str, str]:
    """The addresses of the first, the earlier, the later and the last page, "" where there is none."""
    wanted = {
        "begin": 1 if number > 2 else 0,
        "before": number - 1,
        "after": number + 1 if number < pages else 0,
        "end": pages if number < pages - 1 else 0,
    }
    more = {"q": words} if words else {}
    return {name: f"?{urlencode({**more, 'page': page})}" if page else "" for name, page in wanted.items()}


def _findings_elsewhere(
    rules: list[Rule], shown: set[str], found: Mapping[str, list[Finding]]
) -> dict[str, Any]:
    """The rules that something is wrong or odd about and that are not on this page."""
    odd = [rule for rule in rules if str(rule.key) in found and str(rule.key) not in shown]
    return {
        "rules": odd[:MAX_NAMED_ELSEWHERE],
        "more": max(len(odd) - MAX_NAMED_ELSEWHERE, 0),
        "count": len(odd),
    }


def _rule_row(desk: Worksheet, place: int, rule: Rule, findings: Iterable[Finding]) -> dict[str, Any]:
    rules = desk.rules
    return {
        "place": place,
        "rule": rule,
        "summary": summarize_condition(rule.condition, names=desk.names),
        "priority": rule.get_priority_display() if rule.priority else "",
        "may_up": place > 1 and (desk.scope.is_by_account or desk.may_edit_rule(rules[place - 2])),
        "is_last": place == len(rules),
        "person": desk.names.get(f"person {rule.person}", rule.person),
        "skill": desk.names.get(f"skill {rule.skill}", rule.skill),
        "is_mine": desk.may_edit_rule(rule),
        "findings": findings,
    }
