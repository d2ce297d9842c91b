"""Template tags of the playbook's page: how often each outcome was reached, and outcomes in words."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import template
from django.db.models import Count
from django.utils import timezone

from inbox.models import Case, CasePlaybook
from routing.models import PlaybookVersion
from routing.playbook.outline import describe_action
from routing.playbook.tree import Outcome, parse_playbook

register = template.Library()
#: The number of days that are counted.
DAYS_COUNTED = 30


@register.inclusion_tag("inbox/_playbook_counts.html", takes_context=True)
def playbook_counts(context: template.Context, version: PlaybookVersion) -> dict[str, Any]:
    """Render how often each outcome was reached in `DAYS_COUNTED` days.

    Counts only cases that the reader may see. Most frequent first; outcomes that were never reached come last. One
    statement.
    """
    since = timezone.now() - dt.timedelta(days=DAYS_COUNTED)
    reached = CasePlaybook.objects.filter(finished_at__gte=since).exclude(outcome="")
    visible = reached.filter(case__in=Case.objects.visible_to(context["request"].user))
    counted = dict(visible.values_list("outcome").annotate(n=Count("pk")).order_by())
    outcomes = parse_playbook(version.snapshot).outcomes
    removed = [Outcome(key, key, "", "") for key in counted if key not in outcomes]
    rows = [(outcome.name, counted.get(outcome.key, 0)) for outcome in [*outcomes.values(), *removed]]
    rows.sort(key=lambda row: -row[1])
    return {
        "rows": rows,
        "most": max([n for _, n in rows], default=0),
        "total": sum(counted.values()),
        "days": DAYS_COUNTED,
    }


@register.filter
def department_name(slug: str, names: dict[str, str]) -> str:
    """Return a department's name; its slug if the department no longer exists."""
    return names.get(slug, slug)


@register.filter
def action(outcome: Outcome, names: dict[str, str]) -> str:
    """Return an outcome's suggestion in words.

    `names` are the departments' names by slug.
    """
    return describe_action(outcome, names)
