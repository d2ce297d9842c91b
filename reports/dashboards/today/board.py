"""Today's page, put together from its parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from inbox.reach_words import describe_reach
from reports.behind.selections import Selection
from reports.dashboards.selection import describe_filters
from reports.dashboards.today.accounts import draw_accounts, read_accounts
from reports.dashboards.today.arrivals import compare_with_usual, draw_arrivals
from reports.dashboards.today.troubles import list_troubles
from reports.dashboards.today.waiting import draw_ages, longest_wait, urgent_context
from reports.measures.present.unanswered import Waiting, count_unanswered
from reports.periods import read_period
from reports.rollups.arrivals import WEEKS, Arrivals, arrivals_today, first_responses_today
from reports.rollups.freshness import shown_as_of
from reports.scopes import describe_left_out
from reports.wording import format_duration
from wording.numbers import NO_VALUE, format_count


@dataclass(frozen=True, slots=True)
class Note:
    """A few words under a figure. Late ones have a sign; those about a customer are not for a wall."""

    words: str
    href: str = ""
    sign: str = ""
    is_late: bool = False
    names_customer: bool = False


@dataclass(frozen=True, slots=True)
class LinkedFigure:
    """One large number, what it opens, and what it is compared to."""

    label: str
    value: str
    href: str
    notes: tuple[Note, ...] = ()


def today_context(selection: Selection, *, is_wall: bool = False) -> dict[str, Any]:
    """Build the context of `reports/today.html`: of today, whatever period the address names.

    On a wall nothing leads anywhere.
    """
    page = {"is_wall": is_wall, "board": None if is_wall else {"name": "today"}, "selection": selection.links}
    selection = _of_today(selection)
    user, filters, now, zone = selection.user, selection.filters, selection.now, selection.period.zone
    waiting = count_unanswered(user, filters, now=now)
    arrivals = arrivals_today(user, filters, now=now, zone=zone)
    accounts = read_accounts(selection)
    local = now.astimezone(zone)
    return {
        "today": selection,
        "day": f"{local:%A %-d %B %Y, %H:%M}",
        "at": now,
        "clock": f"{local:%H:%M}",
        "zone_name": str(zone),
        "counted_at": f"{shown_as_of(user, now).astimezone(zone):%H:%M}",
        "reach": describe_reach(user),
        "left_out": describe_left_out(user),
        "narrowed": describe_filters(selection),
        "troubles_now": list_troubles(waiting, accounts, arrivals, selection),
        "figures": [*_waiting_figures(waiting, selection), *_arrival_figures(arrivals, selection)],
        "ages": draw_ages(waiting, selection, page),
        "arrivals": draw_arrivals(arrivals, selection, page),
        "urgent": urgent_context(waiting, selection),
        "accounts": draw_accounts(accounts, selection, page),
    }


def _of_today(selection: Selection) -> Selection:
    zone = selection.period.zone
    today = selection.now.astimezone(zone).date()
    return replace(selection, period=read_period({"period": f"{today}"}, selection.now, zone))


def _waiting_figures(waiting: Sequence[Waiting], selection: Selection) -> list[LinkedFigure]:
    count, over = sum(row.count for row in waiting), sum(row.over for row in waiting)
    due, nobody = sum(row.due for row in waiting), sum(row.due_with_nobody for row in waiting)
    longest = longest_wait(selection) if count else None
    late = Note(f"{over:,} over target", selection.list_href(of="unanswered", over="yes"), "▲", True)
    lonely = Note(
        f"{nobody:,} of them with nobody",
        selection.list_href(of="unanswered", due="hour", assigned="no"),
        "◷" if nobody else "",
    )
    return [
        LinkedFigure(
            "Unanswered now",
            f"{count:,}",
            selection.list_href(of="unanswered"),
            (late,) if over else (Note("none over target"),),
        ),
        LinkedFigure(
            "Longest wait",
            longest["value"] if longest else NO_VALUE,
            longest["href"] if longest else "",
            (Note(longest["customer"], names_customer=True), Note(longest["who"]))
            if longest
            else (Note("nobody waits"),),
        ),
        LinkedFigure(
            "Due in the next hour",
            f"{due:,}",
            selection.list_href(of="unanswered", due="hour"),
            (lonely,) if due else (Note("no target ends by then"),),
        ),
    ]


def _arrival_figures(arrivals: Arrivals, selection: Selection) -> list[LinkedFigure]:
    now, zone = selection.now, selection.period.zone
    weekday = f"{now.astimezone(zone):%A}"
    usual = compare_with_usual(arrivals).removeprefix(", ")
    count, median, p90, before = first_responses_today(selection.user, selection.filters, now=now, zone=zone)
    compared = f"last {WEEKS} {weekday}s: {format_duration(before)}" if before else f"no {weekday} before"
    most = f"9 in 10 within {format_duration(p90)}, {format_count(count, 'case')}" if p90 else ""
    fewer = f"fewer than three {weekday}s to compare with"
    return [
        LinkedFigure(
            "Arrived today",
            f"{arrivals.count:,}",
            selection.list_href(of="response"),
            (Note(f"{usual} ({arrivals.usual.median:,})" if arrivals.usual else fewer),),
        ),
        LinkedFigure(
            "First response today, median",
            format_duration(median),
            selection.list_href(of="answered"),
            (Note(compared), Note(most)) if most else (Note(compared),),
        ),
    ]
