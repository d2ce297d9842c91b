"""People, formatted: the row of each person for themselves and their manager, and one person's numbers.

In the order of the alphabet, never of the numbers. What is shown of somebody else is a look at them (`reports.dashboards.looks`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from django.db.models import Count

from accounts.models import BrandAccount, Lifecycle, User
from accounts.roster.planning import load_rosters
from accounts.roster.point_time import measure_point_time, sum_turns
from inbox.models import Case
from inbox.reach_words import describe_reach
from reports.behind.person_numbers import active_people_of
from reports.behind.selections import Selection
from reports.charts.sparklines import draw_bars
from reports.dashboards.drawings import draw
from reports.dashboards.insights.people import people_sentences
from reports.dashboards.looks import list_looks
from reports.measures.by_person import PersonFigures
from reports.rollups.readers.by_person import answers_by_step, count_native, measure_people
from reports.scopes import describe_left_out
from reports.wording import duration_cell, format_duration, rate_cell, time_cell
from wording.numbers import NO_VALUE, format_count
from wording.spans import format_hours_number

_NO_TIME = dt.timedelta()


@dataclass(frozen=True, slots=True)
class _Team:
    """The people of a page with their work in the period and before, their open cases and their time on point."""

    selection: Selection
    people: Sequence[User]
    figures: Mapping[int, PersonFigures]
    before: Mapping[int, Sequence[int]]
    open_cases: Mapping[int, int]
    point: Mapping[int, dt.timedelta]
    #: The most answers of one person in one step, which all bars are measured by.
    most: int


def people_context(selection: Selection) -> dict[str, Any]:
    """Build the context of `reports/people.html`."""
    user = selection.user
    team = _measure(selection, active_people_of(user))
    native = count_native(user, selection.period, selection.filters, now=selection.now)
    missed = selection.list_href(of="promises", by=user.pk, met="no")
    others = [person for person in team.people if person.pk != user.pk]
    loads = [(team.open_cases.get(person.pk, 0), person.capacity) for person in others]
    shown = {
        "manages": len(team.people) > 1,
        "rows": [_row(person, team) for person in team.people],
        "total": _total_row(team),
        "finding": _finding(team),
        "native": {"count": f"{native:,}", "href": selection.list_href(of="native")},
        "all_answers": f"{team.figures[0].answers + native:,}",
        "is_compared": selection.compared is not None,
    }
    page = {"board": {"name": "people"}, "selection": selection.links}
    return {
        **shown,
        "people": draw("reports/_people.html", dict, **shown, **page),
        "reach": describe_reach(user),
        "left_out": describe_left_out(user),
        "person_ids": [person.pk for person in team.people],
        "sentences": people_sentences(team.figures[user.pk], missed, loads, "#people-title"),
        "looks": list_looks(user, selection.now),
    }


def person_context(selection: Selection, person: User) -> dict[str, Any]:
    """Build the context of one person's numbers."""
    user, period = selection.user, selection.period
    team = _measure(selection, [person])
    row, figures = _row(person, team), team.figures[person.pk]
    return {
        "person": person,
        "measured": figures,
        "is_own": person.pk == user.pk,
        "reach": describe_reach(user),
        "left_out": describe_left_out(user),
        "load": row,
        "numbers": [
            _figure("Answers", row["answers"], "sent in this period", row["answers_href"]),
            _figure(
                "First response, median",
                format_duration(figures.first_response_median),
                f"of {format_count(figures.first_responses, 'first response')}",
                row["median_href"],
            ),
            _figure(
                "Opened again",
                row["reopened"],
                f"{figures.reopened:,} of {figures.resolved:,} resolved cases",
                row["reopened_href"],
            ),
            _figure("Promises kept", row["promises"], "response targets", row["promises_href"]),
        ],
        "point": format_hours_number(_in_hours(team.point.get(person.pk, _NO_TIME))),
        "steps": [
            {
                "label": step.label,
                "answers": f"{count:,}",
                "href": _href(team, person.pk, "answers", step=step.key),
            }
            for step, count in zip(period.steps, figures.by_step, strict=True)
        ],
    }


def _measure(selection: Selection, people: Sequence[User]) -> _Team:
    """Measure the work of people. Five statements, however many they are."""
    user, period, filters, now = selection.user, selection.period, selection.filters, selection.now
    ids, compared = [person.pk for person in people], selection.compared
    open_cases = (
        Case.objects.open().filter(assignee__in=ids).order_by().values("assignee").annotate(n=Count("pk"))
    )
    figures = measure_people(user, ids, period, filters, now=now)
    before = answers_by_step(user, ids, compared, filters, now=now) if compared else {}
    counts = [figures[pk].by_step for pk in ids], before.values()
    return _Team(
        selection,
        people,
        figures,
        before,
        dict(open_cases.values_list("assignee", "n")),
        _measure_point(selection),
        max((count for by_step in chain(*counts) for count in by_step), default=0),
    )


def _measure_point(selection: Selection) -> dict[int, dt.timedelta]:
    """Return for how long the rosters name each person.

    In the period until now. Two statements.
    """
    accounts = list(BrandAccount.objects.exclude(lifecycle=Lifecycle.CLOSED))
    rosters = load_rosters(accounts, selection.now)
    start, end = selection.period.start, min(selection.period.end, selection.now)
    turns = (
        turn
        for account in accounts
        if rosters[account.pk].shifts
        for turn in measure_point_time(account, rosters[account.pk], start, end).turns
    )
    return sum_turns(turns)


def _row(person: User, team: _Team) -> dict[str, Any]:
    figures, open_cases = team.figures[person.pk], team.open_cases.get(person.pk, 0)
    compared = team.selection.compared
    before = team.before.get(person.pk, [0] * (len(compared.steps) if compared else 0))
    return _numbers(figures, team, person.pk) | {
        "pk": person.pk,
        "name": str(person),
        "departments": ", ".join(
            sorted(membership.department.name for membership in person.memberships.all())
        ),
        "open": f"{open_cases:,}",
        "limit": f"{person.capacity:,}",
        "share": min(open_cases, person.capacity),
        "capacity": max(person.capacity, 1),
        "is_full": open_cases >= person.capacity,
        "bars": draw_bars(before, figures.by_step, team.most),
        "bar_words": _bar_words(figures.by_step, before),
        "point": _point_cell(team.point.get(person.pk, _NO_TIME)),
    }


def _total_row(team: _Team) -> dict[str, Any]:
    open_cases = sum(team.open_cases.values())
    limit = sum(person.capacity for person in team.people)
    point = sum((team.point.get(person.pk, _NO_TIME) for person in team.people), _NO_TIME)
    return _numbers(team.figures[0], team, 0) | {
        "people": f"{len(team.people):,} {'person' if len(team.people) == 1 else 'people'}",
        "open": f"{open_cases:,}",
        "limit": f"{limit:,}",
        "point": _point_cell(point),
    }


def _numbers(figures: PersonFigures, team: _Team, person_id: int) -> dict[str, Any]:
    """Return the numbers of one person with their lists; 0 for all."""
    return {
        "answers": f"{figures.answers:,}",
        "answers_href": _href(team, person_id, "answers"),
        "median": duration_cell(figures.first_response_median),
        "median_href": _href(team, person_id, "first_answers"),
        "reopened": rate_cell(figures.reopened, figures.resolved),
        "reopened_href": _href(team, person_id, "worked", reopened="yes"),
        "promises": f"{figures.promises_kept:,} of {figures.promises:,}" if figures.promises else NO_VALUE,
        "promises_href": _href(team, person_id, "promises"),
    }


def _href(team: _Team, person_id: int, of: str, **query: str) -> str:
    return team.selection.list_href(of=of, narrowed=None, by=person_id or "team", **query)


def _point_cell(span: dt.timedelta) -> str:
    return time_cell(_in_hours(span), f"{format_hours_number(_in_hours(span))} h") if span else NO_VALUE


def _in_hours(span: dt.timedelta) -> dt.timedelta:
    return dt.timedelta(hours=round(span / dt.timedelta(hours=1)))


def _bar_words(now: Sequence[int], before: Sequence[int]) -> str:
    words = ", ".join(f"{count:,}" for count in now)
    return f"{words}; before: {', '.join(f'{count:,}' for count in before)}" if before else words


def _finding(team: _Team) -> str:
    answers = team.figures[0].answers
    words = f"{format_count(answers, 'answer')} in this period"
    if team.selection.compared is None:
        return f"{words}."
    before = sum(count for counts in team.before.values() for count in counts)
    if before == answers:
        return f"{words}, as many as before."
    return f"{words}, {format_count(before, 'answer')} before."


def _figure(label: str, value: str, basis: str, href: str) -> dict[str, str]:
    return {"label": label, "value": value, "basis": basis, "href": href}
