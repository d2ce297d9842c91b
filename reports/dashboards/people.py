"""People, formatted: one's own numbers, the load of one's team, and one person's numbers for their manager."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q, QuerySet

from accounts.models import User
from inbox.reach_words import describe_reach
from reports.behind.person_numbers import people_of
from reports.behind.selections import Selection
from reports.dashboards.insights.people import people_sentences
from reports.dashboards.looks import list_looks
from reports.rollups.readers.by_person import measure_person
from reports.scopes import describe_left_out
from reports.wording import duration_cell, format_duration
from wording.numbers import format_count, format_share


def people_context(selection: Selection) -> dict[str, Any]:
    """Build the context of `reports/people.html`: one's own numbers, and the load of one's people."""
    user = selection.user
    team = _with_load(people_of(user).filter(is_active=True).exclude(pk=user.pk))
    own = person_context(selection, user)
    missed = selection.list_href(of="promises", by=user.pk, met="no")
    loads = [(person.open_cases, person.capacity) for person in team]
    return own | {
        "team": [_load_row(person) for person in team],
        "sentences": people_sentences(own["measured"], missed, loads, "#team-title"),
        "looks": list_looks(user, selection.now),
    }


def person_context(selection: Selection, person: User) -> dict[str, Any]:
    """Build the context of a person's numbers."""
    user, period = selection.user, selection.period
    figures = measure_person(user, person.pk, period, selection.filters, now=selection.now)
    loaded = _with_load(User.objects.filter(pk=person.pk))
    load = _load_row(loaded[0])

    def href(of: str, step: str = "") -> str:
        by_step = {"step": step} if step else {}
        return selection.list_href(of=of, narrowed=None, by=person.pk, **by_step)

    return {
        "person": person,
        "measured": figures,
        "is_own": person.pk == user.pk,
        "reach": describe_reach(user),
        "left_out": describe_left_out(user),
        "load": load,
        "numbers": [
            _figure("Answers", f"{figures.answers:,}", "sent in this period", href("answers")),
            _figure(
                "First response, median",
                format_duration(figures.first_response_median),
                f"of {format_count(figures.first_responses, 'first response')}",
                href("first_answers"),
            ),
            _figure(
                "Promises kept",
                format_share(figures.promises_kept, figures.promises),
                f"{figures.promises_kept:,} of {figures.promises:,} response targets",
                href("promises"),
            ),
        ],
        "steps": [
            {"label": step.label, "answers": f"{count:,}", "href": href("answers", step=step.key)}
            for step, count in zip(period.steps, figures.by_step, strict=True)
        ],
        "median": duration_cell(figures.first_response_median),
    }


def _with_load(people: QuerySet[User]) -> list[Any]:
    """Return people by name, with their open cases.

    One statement.
    """
    counted = people.annotate(
        open_cases=Count("cases", filter=Q(cases__closed_at__isnull=True), distinct=True)
    )
    return sorted(counted, key=lambda person: (str(person).casefold(), person.pk))


def _load_row(person: Any) -> dict[str, Any]:
    return {
        "person": person,
        "role": person.get_role_display(),
        "open": f"{person.open_cases:,}",
        "limit": f"{person.capacity:,}",
        "share": min(person.open_cases, person.capacity),
        "capacity": max(person.capacity, 1),
        "is_full": person.open_cases >= person.capacity,
    }


def _figure(label: str, value: str, basis: str, href: str) -> dict[str, str]:
    return {"label": label, "value": value, "basis": basis, "href": href}
