"""Rules that the last training suggests.

A page shows what each would catch; people accept or dismiss it with one click.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q

from accounts.models import Department, User
from routing.learning.example_facts import facts_of_example
from routing.models import DismissedRule, RouterVersion, RoutingExample, Rule
from routing.refusals import RuleSetError
from routing.rules import editing, versions
from routing.rules.edits import NAME_LENGTH
from routing.rules.engine import decide
from routing.text import tokenize

#: The number of examples shown for a suggestion, and of the newest examples that are searched for them.
EXAMPLES_SHOWN, EXAMPLES_SCANNED = 5, 500


@dataclass(frozen=True, slots=True)
class CaughtMessages:
    """Recent messages with certain words: their number, and some of their texts.

    `is_more` is True when there are more messages than were counted.
    """

    count: int
    is_more: bool
    texts: tuple[str, ...]


#: Set by the inbox, which has the messages: finds messages with the words that the user may read.
caught_message_finders: list[Callable[[str, User, dt.datetime], CaughtMessages]] = []


@dataclass(frozen=True, slots=True)
class SuggestedRule:
    """A suggestion of the last training, with its department.

    The counts are those of `routing.classifier.repeating.RepeatedPhrase`.
    """

    words: str
    department: Department
    right: int
    wrong: int
    corrected: int
    overruled: int


def list_suggested_rules() -> list[SuggestedRule]:
    """Read the open suggestions of the newest training.

    Suggestions that were dismissed or accepted, and those for closed departments, are left out. Three small
    statements.
    """
    stored = RouterVersion.objects.values_list("metrics__suggested_rules", flat=True).first() or []
    open_departments = {department.slug: department for department in Department.objects.filter(is_open=True)}
    settled = set(DismissedRule.objects.values_list("words", "department"))
    rows: list[dict[str, Any]] = [row for row in stored if (row["words"], row["department"]) not in settled]
    return [
        SuggestedRule(**{**row, "department": open_departments[row["department"]]})
        for row in rows
        if row["department"] in open_departments
    ]


def find_suggested_rule(words: str, department: str) -> SuggestedRule | None:
    """Find an open suggestion by its words and department (a slug).

    None when it is no longer open.
    """
    return next(
        (
            suggestion
            for suggestion in list_suggested_rules()
            if suggestion.words == words and suggestion.department.slug == department
        ),
        None,
    )


def filter_readable_suggestions(suggestions: Sequence[SuggestedRule], user: User) -> list[SuggestedRule]:
    """Keep the suggestions whose words the user may read.

    They stand in an example that the user may read: words of direct messages alone are nothing for an administrator.
    At most one statement.
    """
    if not suggestions:
        return []
    words = Q()
    for suggestion in suggestions:
        words |= Q(text__icontains=suggestion.words.split()[0])
    rows = RoutingExample.objects.visible_to(user).filter(words).order_by("-at")
    texts = list(rows.values_list("text", flat=True)[: 4 * EXAMPLES_SCANNED])
    return [
        suggestion
        for suggestion in suggestions
        if any(_contains_words(suggestion.words, text) for text in texts)
    ]


def examples_with_words(
    suggestion: SuggestedRule, user: User
) -> tuple[list[RoutingExample], list[RoutingExample]]:
    """Find examples with the words: of the department, and of other departments.

    At most `EXAMPLES_SHOWN` of each, among those that the user may read.
    """
    rows = RoutingExample.objects.visible_to(user).filter(text__icontains=suggestion.words.split()[0])
    holding = [
        row for row in rows.order_by("-at")[:EXAMPLES_SCANNED] if _contains_words(suggestion.words, row.text)
    ]
    right = [row for row in holding if row.department == suggestion.department.slug]
    wrong = [row for row in holding if row.department != suggestion.department.slug]
    return right[:EXAMPLES_SHOWN], wrong[:EXAMPLES_SHOWN]


def _contains_words(words: str, text: str) -> bool:
    return f" {words} " in f" {' '.join(tokenize(text))} "


def conflicting_rules(suggestion: SuggestedRule) -> list[Rule]:
    """Find the live rules that send such messages to other departments.

    They are found by the corrections with the words, and returned in rule order. Raises
    `routing.refusals.RuleSetError` when the live rules cannot decide.
    """
    rows = RoutingExample.objects.filter(
        department=suggestion.department.slug, text__icontains=suggestion.words.split()[0]
    )
    rules = versions.live_rules()
    keys = {
        decision.rule_key
        for row in rows.order_by("-at")[:EXAMPLES_SCANNED]
        if _contains_words(suggestion.words, row.text)
        and (decision := decide(facts_of_example(row), rules)).department != suggestion.department.slug
        and decision.rule_key
    }
    return list(Rule.objects.filter(key__in=keys).order_by("position"))


def accept_suggested_rule(suggestion: SuggestedRule, by: User, now: dt.datetime) -> Rule:
    """Create a rule from a suggestion.

    It goes into the person's draft if they have one, else it is live at once. Its place is right before the
    first conflicting rule, or as near to that as the person may put it; without a conflicting rule it comes
    after all others. Raises what `routing.rules.editing.add_rule` raises, and `routing.refusals.RuleSetError`
    when somebody has accepted or dismissed it in the meantime.
    """
    content = editing.RuleContent(
        name=suggestion.words[:NAME_LENGTH],
        condition={"any": [{"field": "words", "any": [suggestion.words]}]},
        department=suggestion.department,
    )
    before = {str(rule.key) for rule in conflicting_rules(suggestion)} if suggestion.overruled else set()
    with transaction.atomic():
        versions.lock_rule_editing()
        if find_suggested_rule(suggestion.words, suggestion.department.slug) is None:
            raise RuleSetError("somebody has just dealt with it.")
        note = f"Suggested by {suggestion.corrected} corrections: “{suggestion.words}”"
        rule = editing.add_rule(content, by, note, now, before=before)
        dismiss_suggested_rule(suggestion, by, now)
    return rule


def dismiss_suggested_rule(suggestion: SuggestedRule, by: User, now: dt.datetime) -> None:
    """Store that this suggestion must not be shown again."""
    DismissedRule.objects.get_or_create(
        words=suggestion.words[:200], department=suggestion.department.slug, defaults={"by": by, "at": now}
    )
