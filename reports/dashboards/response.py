"""The numbers of the manager's page, formatted: figures, two charts with their tables, the hand-overs."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Max

from accounts.models import BrandAccount
from inbox.reach_words import describe_reach
from networks.registry import network_label
from reports.behind.selections import Links, Selection
from reports.charts.rates import Rate, rate_chart
from reports.charts.stacks import stack_parts
from reports.dashboards.drawings import draw
from reports.dashboards.hand_overs import pair_row
from reports.dashboards.insights.response import response_sentences
from reports.dashboards.waits import in_business_time, read_waits, waits_context
from reports.dashboards.week_map import draw_week_map
from reports.measures.attainment import Attainment
from reports.measures.exchanges import ANSWERED_IN_2011, Cohort, overall_rate, ripe_rate
from reports.measures.first_responses import FirstResponse
from reports.measures.hand_overs import HandOverPair
from reports.measures.volume import Volume
from reports.periods import name_days
from reports.rollups.attainment import sla_attainment
from reports.rollups.hand_overs import count_routed, hand_over_pairs
from reports.rollups.responses import case_volume, first_response_times, response_cohorts
from reports.scopes import describe_left_out, managed_department_ids
from reports.wording import duration_cell, format_duration, format_points_change, rate_cell
from routing.service_levels.policies import CLOCK_LABELS
from wording.numbers import FEWEST, NO_VALUE, format_rate, format_share

_COLUMNS = ("Needed an answer", "Answered", "Not answered")


@dataclass(frozen=True, slots=True)
class Figure:
    """One large number: its label, the number, of how many, what it is compared to, and the list behind it."""

    label: str
    value: str
    basis: str
    comparison: str
    href: str


def dashboard_context(selection: Selection) -> dict[str, Any]:
    """Build the context of `reports/dashboard.html`."""
    user, now = selection.user, selection.now
    chosen = (user, selection.period, selection.filters)
    promised = _read_longest_promise()
    cohorts = response_cohorts(*chosen, promised=promised, now=now)
    earlier = _read_earlier(selection, promised)
    pairs = hand_over_pairs(*chosen, now=now)
    first = first_response_times(*chosen, now=now)
    waits = read_waits(selection)
    if selection.asked_business_time:
        first = in_business_time(first, waits[0]["first_response"])
    clocks = sla_attainment(*chosen, now=now)
    links, span = selection.links, name_days(selection.period, now)
    return {
        "span": span,
        "zone": str(selection.period.zone),
        "reach": describe_reach(user),
        "left_out": describe_left_out(user),
        "figures": [
            _rate_figure(cohorts, earlier, selection),
            *_first_response_figures(first, selection),
            _hand_over_figure(pairs),
        ],
        "rate": draw("reports/_rate_steps.html", _rate_context, cohorts, links, span),
        "first_response": _first_response_rows(first, selection),
        "volume": draw("reports/_volume.html", _volume_context, case_volume(*chosen, now=now), links),
        "attainment": _attainment_context(clocks, selection),
        "sentences": response_sentences(selection, cohorts, earlier, first, clocks),
        "hand_overs": draw(
            "reports/_hand_overs.html",
            _hand_overs_context,
            pairs,
            count_routed(*chosen, now=now),
            bool(managed_department_ids(user)),
            links,
        ),
        "hours": draw_week_map(selection),
        "waits": waits_context(waits, selection),
    }


def _read_longest_promise() -> dt.timedelta:
    longest = BrandAccount.objects.aggregate(longest=Max("promised_response"))["longest"]
    return longest or dt.timedelta(hours=24)


def _read_earlier(selection: Selection, promised: dt.timedelta) -> list[Cohort]:
    """Return the responses of the period before, nothing without one."""
    user, compared, filters, now = selection.user, selection.compared, selection.filters, selection.now
    return response_cohorts(user, compared, filters, promised=promised, now=now) if compared else []


def _rate_figure(cohorts: list[Cohort], earlier: list[Cohort], selection: Selection) -> Figure:
    answered, needing = overall_rate(cohorts)
    unripe = needing - ripe_rate(cohorts)[1]
    basis = f"{answered:,} of {_count(needing, 'exchange')}"
    change = format_points_change(ripe_rate(cohorts), ripe_rate(earlier))
    if unripe:
        change = f"without those: {change}"
    return Figure(
        "Answered (of those that needed an answer)",
        format_rate(answered, needing),
        f"{basis}; {unripe:,} still counting" if unripe else basis,
        f"{change} · benchmark 2011: 29%",
        selection.list_href(of="response", answered="yes"),
    )


def _first_response_figures(first: FirstResponse, selection: Selection) -> list[Figure]:
    return [
        Figure(
            "First response, median",
            format_duration(first.median),
            f"of {_count(first.answered, 'case')}; {first.missing:,} without one are left out",
            f"9 in 10 within {format_duration(first.p90)}" if first.p90 else "",
            selection.list_href(of="answered"),
        ),
        Figure(
            "Without a first response",
            f"{first.missing:,}",
            f"of {_count(first.needing, 'case')}: {first.open:,} still open, {first.closed:,} closed without an answer",
            f"open: oldest {format_duration(first.oldest_open)} · median {format_duration(first.median_open)}",
            selection.list_href(of="waiting"),
        ),
    ]


def _hand_over_figure(pairs: list[HandOverPair]) -> Figure:
    accepted, waiting = sum(pair.accepted for pair in pairs), sum(pair.waiting for pair in pairs)
    handed = sum(pair.count for pair in pairs)
    return Figure(
        "Hand-overs",
        f"{handed:,}",
        f"{accepted:,} accepted, {waiting:,} still waiting",
        f"{handed - accepted - waiting:,} handed on before anybody accepted them",
        "#hand-overs",
    )


def _first_response_rows(first: FirstResponse, selection: Selection) -> list[dict[str, str]]:
    return [
        {
            "label": "Answered",
            "count": f"{first.answered:,}",
            "href": selection.list_href(of="answered"),
            "median": duration_cell(first.median),
            "most": duration_cell(first.p90),
        },
        {
            "label": "Still open",
            "count": f"{first.open:,}",
            "href": selection.list_href(of="waiting", open="yes"),
            "median": duration_cell(first.median_open),
            "most": duration_cell(first.oldest_open),
        },
        {
            "label": "Closed without an answer",
            "count": f"{first.closed:,}",
            "href": selection.list_href(of="waiting", open="no"),
            "median": NO_VALUE,
            "most": NO_VALUE,
        },
    ]


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def _rate_context(cohorts: list[Cohort], links: Links, span: str) -> dict[str, Any]:
    answered, needing = overall_rate(cohorts)
    shown = {
        "key": "rate",
        "title": "Response rate by time of arrival",
        "described": f"{answered:,} of {_count(needing, 'exchange')} answered, {span}.",
        "chart": rate_chart([_cohort_bar(c, links) for c in cohorts], ANSWERED_IN_2011),
        "reference": "29",
        "columns": _COLUMNS,
        "rate_label": "Rate",
        "rows": [_rate_row("All", needing, answered, links), *(_cohort_row(c, links) for c in cohorts)],
        "notes": "reports/_response_notes.html",
    }
    return {"steps": shown, **_of_board(links)}


def _of_board(links: Links) -> dict[str, Any]:
    """Return what the files of a drawing's numbers are asked for by."""
    return {"board": {"name": "response"}, "selection": links}


def _cohort_bar(cohort: Cohort, links: Links) -> Rate:
    step = cohort.step
    if cohort.rate is None:
        title = f"{step.label}: nothing needed an answer"
    else:
        ripe = "" if cohort.mature else ", still counting"
        share = f" ({format_share(cohort.answered, cohort.needing)})" if cohort.needing >= FEWEST else ""
        title = f"{step.label}: {cohort.answered} of {cohort.needing} answered{share}{ripe}"
    href = links.list_href(of="response", step=step.key)
    return Rate(cohort.rate, step.mark, title, href, cohort.mature and cohort.needing >= FEWEST)


def _cohort_row(cohort: Cohort, links: Links) -> dict[str, Any]:
    row = _rate_row(cohort.step.label, cohort.needing, cohort.answered, links, step=cohort.step.key)
    return row | {"is_open": not cohort.mature}


def _rate_row(label: str, needing: int, answered: int, links: Links, **query: Any) -> dict[str, Any]:
    def href(**asked: Any) -> str:
        return links.list_href(of="response", **query, **asked)

    numbers = (
        (needing, href()),
        (answered, href(answered="yes")),
        (needing - answered, href(answered="no")),
    )
    return {
        "label": label,
        "cells": [(name, f"{n:,}", to) for name, (n, to) in zip(_COLUMNS, numbers, strict=True)],
        "rate": rate_cell(answered, needing),
    }


def _volume_context(volume: Volume, links: Links) -> dict[str, Any]:
    labels = [network_label(network) for network in volume.networks]
    largest = max((row.total for row in volume.rows), default=0)
    rows = []
    for row in volume.rows:
        hrefs = [
            links.list_href(of="created", narrowed={"department_ids": (row.department_id,), "networks": (n,)})
            for n in volume.networks
        ]
        titles = [
            f"{row.department}, {label}: {n:,}" for label, n in zip(labels, row.by_network, strict=True)
        ]
        rows.append(
            {
                "department": row.department,
                "total": f"{row.total:,}",
                "href": links.list_href(of="created", narrowed={"department_ids": (row.department_id,)}),
                "cells": [(f"{n:,}", href) for n, href in zip(row.by_network, hrefs, strict=True)],
                "parts": stack_parts(row.by_network, largest, titles, hrefs),
            }
        )
    shown = {"networks": list(enumerate(labels)), "rows": rows, "total": f"{volume.total:,}"}
    return {"volume": shown, **_of_board(links)}


def _attainment_context(clocks: list[Attainment], selection: Selection) -> dict[str, Any]:
    met, ended = sum(clock.met for clock in clocks), sum(clock.ended for clock in clocks)
    rows = [
        {
            "label": CLOCK_LABELS[clock.clock],
            "met": f"{clock.met:,}",
            "missed": f"{clock.missed:,}",
            "running": f"{clock.running:,}",
            "share": rate_cell(clock.met, clock.ended),
            "met_href": selection.list_href(of="sla", clock=clock.clock, met="yes"),
            "missed_href": selection.list_href(of="sla", clock=clock.clock, met="no"),
        }
        for clock in clocks
        if clock.ended
    ]
    in_time = sum(clock.in_time for clock in clocks)
    return {
        "share": format_share(met, ended) if ended >= FEWEST else "",
        "met": f"{met:,}",
        "ended": f"{ended:,}",
        "in_time": f"{in_time:,}" if in_time else "",
        "rows": rows,
    }


def _hand_overs_context(
    pairs: list[HandOverPair], routed: int, manages: bool, links: Links
) -> dict[str, Any]:
    return {
        "hand_overs": [pair_row(pair, links) for pair in pairs],
        "routed": {"count": f"{routed:,}" if routed else "", "href": links.list_href(of="routed")},
        "manages": manages,
        **_of_board(links),
    }
