"""Rules that the last training suggests, shown with what they would catch, accepted or dismissed with one click."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from accounts.models import Department, User
from routing.learning.example_facts import facts_of_example
from routing.models import DismissedRule, RouterVersion, RoutingExample, Rule
from routing.refusals import RuleSetError
from routing.rules import editing, versions
from routing.rules.engine import decide
from routing.text import tokenize

#: Examples shown of what a rule would catch, and how many of the newest are looked at.
EXAMPLES_SHOWN, EXAMPLES_SCANNED = 5, 500


@dataclass(frozen=True, slots=True)
class CaughtMessages:
    """What words are found in among recent messages: how many, at most `more_than` were counted, and some of them."""

    count: int
    is_more: bool
    texts: tuple[str, ...]


#: Given by the inbox, which knows the messages: what (words, a user) are found in among what the user may read.
caught_message_finders: list[Callable[[str, User, dt.datetime], CaughtMessages]] = []


@dataclass(frozen=True, slots=True)
class SuggestedRule:
    """A suggestion as it was found, with its department."""

    words: str
    department: Department
    right: int
    wrong: int
    corrected: int
    overruled: int


def list_suggested_rules() -> list[SuggestedRule]:
    """What the newest training suggests and nobody dismissed or made a rule of. Three small statements."""
    found = RouterVersion.objects.values_list("metrics__suggested_rules", flat=True).first() or []
    open_ones = {one.slug: one for one in Department.objects.filter(is_open=True)}
    gone = set(DismissedRule.objects.values_list("words", "department"))
    rows: list[dict[str, Any]] = [one for one in found if (one["words"], one["department"]) not in gone]
    return [
        SuggestedRule(**{**one, "department": open_ones[one["department"]]})
        for one in rows
        if one["department"] in open_ones
    ]


def find_suggested_rule(words: str, department: str) -> SuggestedRule | None:
    """The suggestion with these words for the department (a slug), None when it is no longer one."""
    return next(
        (one for one in list_suggested_rules() if one.words == words and one.department.slug == department),
        None,
    )


def examples_with_words(one: SuggestedRule, user: User) -> tuple[list[RoutingExample], list[RoutingExample]]:
    """Examples with the words, among what the user may read: those of the department, and those of others."""
    rows = RoutingExample.objects.visible_to(user).filter(text__icontains=one.words.split()[0])
    holding = [row for row in rows.order_by("-at")[:EXAMPLES_SCANNED] if _contains_words(one.words, row.text)]
    right = [row for row in holding if row.department == one.department.slug]
    return right[:EXAMPLES_SHOWN], [row for row in holding if row.department != one.department.slug][
        :EXAMPLES_SHOWN
    ]


def _contains_words(words: str, text: str) -> bool:
    return f" {words} " in f" {' '.join(tokenize(text))} "


def conflicting_rules(one: SuggestedRule) -> list[Rule]:
    """The live rules that send such messages elsewhere now, as corrections say, in order.

    Raises `routing.refusals.RuleSetError` when the live rules cannot decide.
    """
    rows = RoutingExample.objects.filter(department=one.department.slug, text__icontains=one.words.split()[0])
    rules = versions.live_rules()
    keys = {
        decision.rule_key
        for row in rows.order_by("-at")[:EXAMPLES_SCANNED]
        if _contains_words(one.words, row.text)
        and (decision := decide(facts_of_example(row), rules)).department != one.department.slug
        and decision.rule_key
    }
    return list(Rule.objects.filter(key__in=keys).order_by("position"))


def accept_suggested_rule(one: SuggestedRule, by: User, now: dt.datetime) -> Rule:
    """Makes it a rule, in the person's draft while they have one, else live: right before the first rule that stood in its
    way, or as near as the person may put it; where none did, after all others. Raises as `routing.rules.editing`, and
    `routing.refusals.RuleSetError` when somebody settled it a moment ago."""
    content = editing.RuleContent(
        name=one.words[: editing.NAME_LENGTH],
        condition={"any": [{"field": "words", "any": [one.words]}]},
        department=one.department,
    )
    before = {str(rule.key) for rule in conflicting_rules(one)} if one.overruled else set()
    with transaction.atomic():
        versions.lock_rule_editing()
        if find_suggested_rule(one.words, one.department.slug) is None:
            raise RuleSetError("somebody has settled it a moment ago.")
        note = f"Suggested by {one.corrected} corrections: “{one.words}”"
        rule = editing.add_rule(content, by, note, now, before=before)
        dismiss_suggested_rule(one, by, now)
    return rule


def dismiss_suggested_rule(one: SuggestedRule, by: User, now: dt.datetime) -> None:
    """Suggests it no more."""
    DismissedRule.objects.get_or_create(
        words=one.words[:200], department=one.department.slug, defaults={"by": by, "at": now}
    )
