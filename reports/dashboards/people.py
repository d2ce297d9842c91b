"""People, formatted: the row of each person for themselves and their manager, and one person's numbers.

In the order of the alphabet, never of the numbers. What is shown of somebody else is a look at them (`reports.dashboards.looks`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from django.db.models import Count, QuerySet

from accounts.models import BrandAccount, Lifecycle, User
from accounts.roster.planning import load_rosters
from accounts.roster.point_time import measure_point_time, sum_turns
from inbox.models import Case
from inbox.reach_words import describe_reach
from postgres.prepared_querysets import prepared_query
from reports.behind.person_numbers import active_people_of
from reports.behind.selections import Links, Selection
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
class _Member:
    """A person with their work in the period, their answers before it, and what they have now."""

    pk: int
    name: str
    departments: str
    capacity: int
    open_cases: int
    #: On point in the period until now, as it is shown: it grows with each second.
    point: str
    figures: PersonFigures
    before: Sequence[int]

    @property
    def is_full(self) -> bool:
        return self.open_cases >= self.capacity


@dataclass(frozen=True, slots=True)
class _Team:
    """The people of a page, and what all of them did: plain values, by which their table is drawn once."""

    members: tuple[_Member, ...]
    figures: PersonFigures
    point: str
    links: Links
    is_compared: bool

    @property
    def most(self) -> int:
        """The most answers of one person in one step, which all bars are measured by."""
        counts = [(*member.figures.by_step, *member.before) for member in self.members]
        return max(chain.from_iterable(counts), default=0)


def people_context(selection: Selection) -> dict[str, Any]:
    """Build the context of `reports/people.html`."""
    user = selection.user
    people = active_people_of(user)
    departments = {person.pk: person.department_names for person in people}
    team = _measure(selection, people, departments, _measure_point(selection))
    native = count_native(user, selection.period, selection.filters, now=selection.now)
    missed = selection.list_href(of="promises", by=user.pk, met="no")
    loads = [(member.open_cases, member.capacity) for member in team.members if member.pk != user.pk]
    own = next((member.figures for member in team.members if member.pk == user.pk), team.figures)
    return {
        "manages": len(people) > 1,
        "people": draw("reports/_people.html", _people_table, team, native),
        "reach": describe_reach(user),
        "left_out": describe_left_out(user),
        "person_ids": [person.pk for person in people],
        "sentences": people_sentences(own, missed, loads, "#people-title"),
        "looks": list_looks(user, selection.now),
    }


def _people_table(team: _Team, native: int) -> dict[str, Any]:
    """Build the context of `reports/_people.html`."""
    return {
        "manages": len(team.members) > 1,
        "rows": [_row(member, team, team.most) for member in team.members],
        "total": _total_row(team),
        "finding": _finding(team),
        "native": {"count": f"{native:,}", "href": team.links.list_href(of="native")},
        "all_answers": f"{team.figures.answers + native:,}",
        "is_compared": team.is_compared,
        "board": {"name": "people"},
        "selection": team.links,
    }


def person_context(selection: Selection, person: User) -> dict[str, Any]:
    """Build the context of one person's numbers."""
    user, period = selection.user, selection.period
    names, point = [each.department.name for each in person.memberships.all()], _measure_point(selection)
    team = _measure(selection, [person], {person.pk: names}, point)
    member = team.members[0]
    row, figures = _row(member, team, team.most), member.figures
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
        "point": format_hours_number(_in_hours(point.get(person.pk, _NO_TIME))),
        "steps": [
            {
                "label": step.label,
                "answers": f"{count:,}",
                "href": _href(team, person.pk, "answers", step=step.key),
            }
            for step, count in zip(period.steps, figures.by_step, strict=True)
        ],
    }


def _measure(
    selection: Selection,
    people: Sequence[User],
    departments: Mapping[int, Iterable[str]],
    point: Mapping[int, dt.timedelta],
) -> _Team:
    """Measure the work of people. Three statements, however many they are."""
    user, period, filters, now = selection.user, selection.period, selection.filters, selection.now
    ids, compared = [person.pk for person in people], selection.compared
    open_cases = dict(_count_open_cases(frozenset(ids)))
    figures = measure_people(user, ids, period, filters, now=now)
    before = answers_by_step(user, ids, compared, filters, now=now) if compared else {}
    nothing = [0] * (len(compared.steps) if compared else 0)
    members = [
        _Member(
            person.pk,
            str(person),
            ", ".join(sorted(departments[person.pk])),
            person.capacity,
            open_cases.get(person.pk, 0),
            _point_cell(point.get(person.pk, _NO_TIME)),
            figures[person.pk],
            before.get(person.pk, nothing),
        )
        for person in people
    ]
    together = _point_cell(sum((point.get(pk, _NO_TIME) for pk in ids), _NO_TIME))
    return _Team(tuple(members), figures[0], together, selection.links, compared is not None)


@prepared_query
def _count_open_cases(person_ids: frozenset[int]) -> QuerySet[Case, tuple[int, int]]:
    cases = Case.objects.open().filter(assignee__in=person_ids).order_by()
    return cases.values("assignee").annotate(n=Count("pk")).values_list("assignee", "n")


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


def _row(member: _Member, team: _Team, most: int) -> dict[str, Any]:
    figures = member.figures
    return _numbers(figures, team, member.pk) | {
        "pk": member.pk,
        "name": member.name,
        "departments": member.departments,
        "open": f"{member.open_cases:,}",
        "limit": f"{member.capacity:,}",
        "share": min(member.open_cases, member.capacity),
        "capacity": max(member.capacity, 1),
        "is_full": member.is_full,
        "bars": draw_bars(member.before, figures.by_step, most),
        "bar_words": _bar_words(figures.by_step, member.before),
        "point": member.point,
    }


def _total_row(team: _Team) -> dict[str, Any]:
    members = team.members
    return _numbers(team.figures, team, 0) | {
        "people": f"{len(members):,} {'person' if len(members) == 1 else 'people'}",
        "open": f"{sum(member.open_cases for member in members):,}",
        "limit": f"{sum(member.capacity for member in members):,}",
        "point": team.point,
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


def _href(team: _Team, person_id: int, of: str, **query: Any) -> str:
    return team.links.list_href(of=of, by=person_id or "team", **query)


def _point_cell(span: dt.timedelta) -> str:
    return time_cell(_in_hours(span), f"{format_hours_number(_in_hours(span))} h") if span else NO_VALUE


def _in_hours(span: dt.timedelta) -> dt.timedelta:
    return dt.timedelta(hours=round(span / dt.timedelta(hours=1)))


def _bar_words(now: Sequence[int], before: Sequence[int]) -> str:
    words = ", ".join(f"{count:,}" for count in now)
    return f"{words}; before: {', '.join(f'{count:,}' for count in before)}" if before else words


def _finding(team: _Team) -> str:
    answers = team.figures.answers
    words = f"{format_count(answers, 'answer')} in this period"
    if not team.is_compared:
        return f"{words}."
    before = sum(sum(member.before) for member in team.members)
    if before == answers:
        return f"{words}, as many as before."
    return f"{words}, {format_count(before, 'answer')} before."


def _figure(label: str, value: str, basis: str, href: str) -> dict[str, str]:
    return {"label": label, "value": value, "basis": basis, "href": href}
