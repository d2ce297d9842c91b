"""The numbers of the manager's page, formatted: figures, two charts with their tables, the hand-overs."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.db.models import Max
from django.urls import reverse

from accounts.models import BrandAccount, User
from inbox.reach_words import describe_reach
from networks.registry import network_label
from reports import metrics
from reports.attainment import Attainment, sla_attainment
from reports.charts import rate_chart, stack_parts
from reports.exchanges import ANSWERED_IN_2011, Cohort, overall_rate, response_cohorts, ripe_rate
from reports.hand_overs import HandOverPair, count_routed, hand_over_pairs
from reports.periods import Period
from reports.scopes import managed_department_ids
from reports.wording import describe_left_out, format_duration, format_points_change
from routing.service_levels.policies import CLOCK_LABELS
from wording.numbers import NO_VALUE, format_share


@dataclass(frozen=True, slots=True)
class Figure:
    """One large number: its label, the number, of how many, what it is compared to, and the list behind it."""

    label: str
    value: str
    basis: str
    comparison: str
    href: str


def dashboard_context(user: User, period: Period, *, now: dt.datetime, zone: ZoneInfo) -> dict[str, Any]:
    """Build the context of `reports/dashboard.html`."""
    promised = BrandAccount.objects.aggregate(longest=Max("promised_response"))["longest"] or dt.timedelta(
        hours=24
    )
    cohorts = response_cohorts(user, period, promised, now=now)
    earlier = response_cohorts(user, period.preceding(zone), promised, now=now)
    weeks = len(period.weeks)
    pairs = hand_over_pairs(user, period, now=now)
    first = metrics.first_response_times(user, period, now=now)
    return {
        "weeks": weeks,
        "span": _period_in_words(period, now, zone),
        "zone": str(zone),
        "reach": describe_reach(user),
        "left_out": describe_left_out(user),
        "figures": [
            _rate_figure(cohorts, earlier, weeks),
            *_first_response_figures(first, weeks),
            _hand_over_figure(pairs),
        ],
        "rate": rate_chart(cohorts, [_list_href(weeks, of="response", week=c.week.key) for c in cohorts]),
        "reference": format_share(round(ANSWERED_IN_2011 * 100), 100),
        "cohorts": [_cohort_row(c, weeks) for c in cohorts],
        "all_cohorts": _all_cohorts_row(cohorts, weeks),
        "first_response": _first_response_rows(first, weeks),
        "volume": _volume_context(metrics.case_volume(user, period), weeks),
        "attainment": _attainment_context(sla_attainment(user, period, now=now), weeks),
        "routed": _routed_context(count_routed(user, period, now=now), weeks),
        "hand_overs": [_hand_over_row(pair, weeks) for pair in pairs],
        "manages": bool(managed_department_ids(user)),
    }


def _rate_figure(cohorts: list[Cohort], earlier: list[Cohort], weeks: int) -> Figure:
    answered, needing = overall_rate(cohorts)
    unripe = needing - ripe_rate(cohorts)[1]
    basis = f"{answered:,} of {_count(needing, 'exchange')}"
    change = format_points_change(ripe_rate(cohorts), ripe_rate(earlier))
    return Figure(
        "Answered (of those that needed an answer)",
        format_share(answered, needing),
        f"{basis}; {unripe:,} in weeks still counting" if unripe else basis,
        f"{change} · benchmark 2011: 29%",
        _list_href(weeks, of="response", answered="yes"),
    )


def _first_response_figures(first: metrics.FirstResponse, weeks: int) -> list[Figure]:
    return [
        Figure(
            "First response, median",
            format_duration(first.median),
            f"of {_count(first.answered, 'case')}; {first.missing:,} without one are left out",
            f"9 in 10 within {format_duration(first.p90)}" if first.p90 else "",
            _list_href(weeks, of="answered"),
        ),
        Figure(
            "Without a first response",
            f"{first.missing:,}",
            f"of {_count(first.needing, 'case')}: {first.open:,} still open, {first.closed:,} closed without an answer",
            f"open: oldest {format_duration(first.oldest_open)} · median {format_duration(first.median_open)}",
            _list_href(weeks, of="waiting"),
        ),
    ]


def _hand_over_figure(pairs: list[HandOverPair]) -> Figure:
    accepted, waiting = sum(pair.accepted for pair in pairs), sum(pair.waiting for pair in pairs)
    handed = sum(pair.count for pair in pairs)
    return Figure(
        "Hand-overs",
        f"{handed:,}",
        f"{accepted:,} accepted, {waiting:,} still waiting",
        f"{handed - accepted - waiting:,} moved on before they were accepted",
        "#hand-overs",
    )


def _first_response_rows(first: metrics.FirstResponse, weeks: int) -> list[dict[str, str]]:
    return [
        {
            "label": "Answered",
            "count": f"{first.answered:,}",
            "href": _list_href(weeks, of="answered"),
            "median": format_duration(first.median),
            "most": format_duration(first.p90),
        },
        {
            "label": "Still open",
            "count": f"{first.open:,}",
            "href": _list_href(weeks, of="waiting", open="yes"),
            "median": format_duration(first.median_open),
            "most": format_duration(first.oldest_open),
        },
        {
            "label": "Closed without an answer",
            "count": f"{first.closed:,}",
            "href": _list_href(weeks, of="waiting", open="no"),
            "median": NO_VALUE,
            "most": NO_VALUE,
        },
    ]


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def _all_cohorts_row(cohorts: list[Cohort], weeks: int) -> dict[str, str]:
    answered, needing = overall_rate(cohorts)
    return {
        "needing": f"{needing:,}",
        "answered": f"{answered:,}",
        "unanswered": f"{needing - answered:,}",
        "rate": format_share(answered, needing),
        "href": _list_href(weeks, of="response"),
        "answered_href": _list_href(weeks, of="response", answered="yes"),
        "unanswered_href": _list_href(weeks, of="response", answered="no"),
    }


def _cohort_row(cohort: Cohort, weeks: int) -> dict[str, Any]:
    key = cohort.week.key
    return {
        "label": cohort.week.label,
        "needing": f"{cohort.needing:,}",
        "answered": f"{cohort.answered:,}",
        "unanswered": f"{cohort.needing - cohort.answered:,}",
        "rate": format_share(cohort.answered, cohort.needing),
        "mature": cohort.mature,
        "href": _list_href(weeks, of="response", week=key),
        "answered_href": _list_href(weeks, of="response", week=key, answered="yes"),
        "unanswered_href": _list_href(weeks, of="response", week=key, answered="no"),
    }


def _volume_context(volume: metrics.Volume, weeks: int) -> dict[str, Any]:
    labels = [network_label(network) for network in volume.networks]
    largest = max((row.total for row in volume.rows), default=0)
    rows = []
    for row in volume.rows:
        hrefs = [
            _list_href(weeks, of="created", department=row.department_id, network=n) for n in volume.networks
        ]
        titles = [
            f"{row.department}, {label}: {n:,}" for label, n in zip(labels, row.by_network, strict=True)
        ]
        rows.append(
            {
                "department": row.department,
                "total": f"{row.total:,}",
                "href": _list_href(weeks, of="created", department=row.department_id),
                "cells": [(f"{n:,}", href) for n, href in zip(row.by_network, hrefs, strict=True)],
                "parts": stack_parts(row.by_network, largest, titles, hrefs),
            }
        )
    return {"networks": list(enumerate(labels)), "rows": rows, "total": f"{volume.total:,}"}


def _attainment_context(clocks: list[Attainment], weeks: int) -> dict[str, Any]:
    met, ended = sum(clock.met for clock in clocks), sum(clock.ended for clock in clocks)
    rows = [
        {
            "label": CLOCK_LABELS[clock.clock],
            "met": f"{clock.met:,}",
            "missed": f"{clock.missed:,}",
            "running": f"{clock.running:,}",
            "share": format_share(clock.met, clock.ended),
            "met_href": _list_href(weeks, of="sla", clock=clock.clock, met="yes"),
            "missed_href": _list_href(weeks, of="sla", clock=clock.clock, met="no"),
        }
        for clock in clocks
        if clock.ended
    ]
    in_time = sum(clock.in_time for clock in clocks)
    return {
        "share": format_share(met, ended),
        "met": f"{met:,}",
        "ended": f"{ended:,}",
        "in_time": f"{in_time:,}" if in_time else "",
        "rows": rows,
    }


def _hand_over_row(pair: HandOverPair, weeks: int) -> dict[str, Any]:
    return {
        "from": pair.from_name,
        "to": pair.to_name,
        "count": f"{pair.count:,}",
        "waiting": f"{pair.waiting:,}",
        "median_wait": format_duration(pair.median_wait),
        "p90_wait": format_duration(pair.p90_wait),
        "median_custody": format_duration(pair.median_custody),
        "came_back": format_share(pair.came_back, pair.count),
        "href": _list_href(weeks, of="handed_over", **{"from": pair.from_id, "to": pair.to_id}),
    }


def _routed_context(count: int, weeks: int) -> dict[str, str]:
    return {"count": f"{count:,}" if count else "", "href": _list_href(weeks, of="routed")}


def _list_href(weeks: int, **query: Any) -> str:
    return f"{reverse('reports:cases')}?{urlencode({'weeks': weeks, **query})}"


def _period_in_words(period: Period, now: dt.datetime, zone: ZoneInfo) -> str:
    start, end = period.start.astimezone(zone), min(period.end, now).astimezone(zone)
    year = f" {start:%Y}" if start.year != end.year else ""
    return f"{start:%-d %b}{year} – {end:%-d %b %Y}"
