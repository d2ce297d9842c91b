"""Order departments by how likely a misrouted case belongs to them: by the rules' next votes, then by who had it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from accounts.models import Department
from inbox.message_facts import FACTS_OF_MESSAGES
from inbox.models import Case, Custody, Direction, Message
from routing.refusals import RuleSetError
from routing.rules import versions
from routing.rules.engine import matching_decisions


def sort_by_likelihood(
    departments: Sequence[Department], votes: Iterable[str], had_it: Iterable[int]
) -> list[Department]:
    """Return `departments`, the most likely first.

    Those that `votes` names (slugs, best first), those that had the case before (ids, newest first), then the rest as
    they come.
    """
    by_slug, by_id = (
        {department.slug: department for department in departments},
        {department.pk: department for department in departments},
    )
    named = [by_slug[slug] for slug in votes if slug in by_slug]
    before = [by_id[pk] for pk in had_it if pk in by_id]
    return list(dict.fromkeys([*named, *before, *departments]))


def rank_likely_departments(case: Case, departments: Sequence[Department]) -> list[Department]:
    """Return the other open departments, most likely first. Three small statements."""
    others = [
        department for department in departments if department.is_open and department.pk != case.department_id
    ]
    had_it = (
        Custody.objects.filter(case=case).order_by("-sent_at", "-id").values_list("department_id", flat=True)
    )
    return sort_by_likelihood(others, _rule_votes(case), list(had_it[:20]))


def _rule_votes(case: Case) -> list[str]:
    """Return the departments that matching rules name, in their order. For the customer's last message."""
    messages = Message.objects.filter(case=case, direction=Direction.INBOUND).order_by("-network_time", "-id")
    row = FACTS_OF_MESSAGES.select(messages, "text").first()
    if row is None:
        return []
    try:
        rules = versions.live_rules()
    except RuleSetError:
        return []
    # The text as it is now: a customer who has edited it since says more about where the case belongs.
    facts = replace(FACTS_OF_MESSAGES.restore(row), text=row["text"])
    return [decision.department for decision in matching_decisions(facts, rules)]
