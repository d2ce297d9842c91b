"""The page of service levels, formatted: figures, attainment by step, tables, the map of misses, what is at risk now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from inbox.reach_words import describe_reach
from inbox.visibility import list_departments
from reports.behind.selections import Links, Selection
from reports.charts.rates import Rate, rate_chart
from reports.dashboards.drawings import draw
from reports.dashboards.service_levels.hours import hours_context
from reports.dashboards.service_levels.sentences import list_sentences
from reports.dashboards.service_levels.tallies import (
    Targets,
    TargetTally,
    add_tallies,
    read_compared,
    read_targets,
)
from reports.measures.present.unanswered import Waiting, count_unanswered
from reports.periods import Step, name_days
from reports.scopes import describe_left_out
from reports.wording import duration_cell, format_points_change, rate_cell
from routing.service_levels.policies import CLOCK_LABELS, CLOCKS
from wording.numbers import FEWEST, NO_VALUE, format_count, format_rate, format_share

#: Under so many there is no median.
FEW = "few"
_STEP_COLUMNS = {"met": "Met", "missed": "Missed", "in_time": "Not due yet"}
#: The (id, name) of departments.
_Departments = Sequence[tuple[int, str]]


def service_levels_context(selection: Selection) -> dict[str, Any]:
    """Build the context of `reports/service_levels.html`."""
    targets = read_targets(selection)
    before = read_compared(selection, selection.compared) if selection.compared else None
    total = targets.add_up()
    departments = [(each.pk, each.name) for each in list_departments(selection.user)]
    waiting = count_unanswered(selection.user, selection.filters, now=selection.now)
    steps, links, span = selection.period.steps, selection.links, name_days(selection.period, selection.now)
    return {
        "span": span,
        "reach": describe_reach(selection.user),
        "left_out": describe_left_out(selection.user),
        "has_targets": bool(total.ended or total.in_time),
        "figures": _figures(targets, before, selection),
        "steps": draw(
            "reports/_rate_steps.html",
            _steps_context,
            targets.steps,
            total,
            steps,
            links,
            span,
        ),
        "tables": draw("reports/_targets.html", _tables_context, targets, before, departments, links),
        "hours": draw("reports/_missed_hours.html", hours_context, targets.hours or Counter(), links, span),
        "risk": draw("reports/_targets_at_risk.html", _risk_context, tuple(waiting), departments, links),
        "sentences": list_sentences(targets, before, selection),
    }


def _tables_context(
    targets: Targets, before: Targets | None, departments: _Departments, links: Links
) -> dict[str, Any]:
    """Build what `reports/_targets.html` shows: the tables by target, department and service level."""
    total = targets.add_up()
    return {
        "clocks": [_clock_row(clock, targets, before, links) for clock in CLOCKS],
        "all_clocks": {
            **_row(total, links),
            "before": rate_cell(*before.add_up().share) if before else NO_VALUE,
        },
        "departments": _department_rows(targets, departments, links),
        "policies": _policy_rows(targets, links),
        "overdue": f"{total.overdue:,}",
        "overdue_href": links.list_href(of="targets", result="overdue"),
        "board": {"name": "service-levels"},
        "selection": links,
    }


def _figures(targets: Targets, before: Targets | None, selection: Selection) -> list[dict[str, str]]:
    total = targets.add_up()
    compared = before.add_up() if before else TargetTally()
    figures = [
        {
            "label": "Targets met",
            "value": format_rate(*total.share),
            "basis": f"{total.met:,} of {format_count(total.ended, 'target')}",
            "comparison": format_points_change(total.share, compared.share),
            "href": selection.list_href(of="targets"),
        }
    ]
    for clock in CLOCKS:
        now, then = targets.of_clock(clock), before.of_clock(clock) if before else TargetTally()
        figures.append(
            {
                "label": f"{CLOCK_LABELS[clock]}, met",
                "value": format_rate(*now.share),
                "basis": f"{now.missed:,} of {now.ended:,} missed",
                "comparison": format_points_change(now.share, then.share),
                "href": selection.list_href(of="targets", clock=clock),
            }
        )
    return figures


def _row(tally: TargetTally, links: Links, **narrowed: Any) -> dict[str, Any]:
    def href(**query: Any) -> str:
        return links.list_href(of="targets", **narrowed, **query)

    return {
        "met": f"{tally.met:,}",
        "missed": f"{tally.missed:,}",
        "overdue": f"{tally.overdue:,}",
        "in_time": f"{tally.in_time:,}",
        "share": rate_cell(*tally.share),
        "met_href": href(result="met"),
        "missed_href": href(result="missed"),
        "overdue_href": href(result="overdue"),
        "in_time_href": href(result="open"),
    }


def _clock_row(clock: str, targets: Targets, before: Targets | None, links: Links) -> dict[str, Any]:
    overruns = targets.overruns
    label = next(words for name, words in CLOCK_LABELS.items() if name == clock)
    count = overruns.counts[clock] if overruns else 0
    median = overruns.medians[clock] if overruns and count >= FEWEST else None
    return {
        "label": label,
        **_row(targets.of_clock(clock), links, clock=clock),
        "before": rate_cell(*before.of_clock(clock).share) if before else NO_VALUE,
        "late": duration_cell(median) if median is not None else FEW if count else NO_VALUE,
    }


def _steps_context(
    tallies: Sequence[TargetTally], total: TargetTally, steps: Sequence[Step], links: Links, span: str
) -> dict[str, Any]:
    rows, bars = [], []
    for step, tally in zip(steps, tallies, strict=True):
        row = _row(tally, links, step=step.key)
        cells = [(label, row[name], row[f"{name}_href"]) for name, label in _STEP_COLUMNS.items()]
        rows.append({"label": step.label, "cells": cells, "rate": row["share"]})
        title = f"{step.label}: {tally.met:,} of {format_count(tally.ended, 'target')} met"
        still = f", {tally.in_time:,} not due yet" if tally.in_time else ""
        bars.append(
            Rate(
                tally.met / tally.ended if tally.ended else None,
                step.mark,
                f"{title}{still}",
                links.list_href(of="targets", step=step.key),
                not tally.in_time and tally.ended >= FEWEST,
            )
        )
    met = f"{total.met:,} of {format_count(total.ended, 'target')}"
    shown = {
        "key": "steps",
        "title": "Targets met, by time of arrival",
        "described": f"{met} met, {span}.",
        "finding": f"{format_share(*total.share)} of all targets were met."
        if total.ended >= FEWEST
        else f"{met} met.",
        "rows": rows,
        "columns": list(_STEP_COLUMNS.values()),
        "rate_label": "Attainment",
        "chart": rate_chart(bars, total.met / total.ended if total.ended else 0.0),
        "notes": "reports/_target_notes.html",
        "note": f"n = {format_count(total.ended, 'target')}, {total.in_time:,} not due yet",
    }
    return {"steps": shown, "board": {"name": "service-levels"}, "selection": links}


def _department_rows(targets: Targets, departments: _Departments, links: Links) -> list[dict[str, Any]]:
    rows = []
    for pk, name in departments:
        tally = targets.of_department(pk)
        if not tally.ended and not tally.in_time:
            continue
        narrowed: dict[str, Any] = {"department_ids": (pk,)}
        clocks = []
        for clock in CLOCKS:
            of_clock = targets.of_clock(clock, pk)
            href = links.list_href(of="targets", clock=clock, narrowed=narrowed)
            clocks.append(
                {
                    "label": CLOCK_LABELS[clock],
                    "share": rate_cell(*of_clock.share),
                    "href": href if of_clock.ended else "",
                }
            )
        rows.append({"name": name, **_row(tally, links, narrowed=narrowed), "clocks": clocks})
    return rows


def _policy_rows(targets: Targets, links: Links) -> list[dict[str, Any]]:
    rows = []
    for policy in sorted({count.policy for count in targets.counts if count.policy is not None}):
        tally = add_tallies(count.tally for count in targets.counts if count.policy == policy)
        if tally.ended:
            rows.append({"name": policy or "no longer known", **_row(tally, links, policy=policy)})
    return sorted(rows, key=lambda row: str(row["name"]))


def _risk_context(waiting: Sequence[Waiting], departments: _Departments, links: Links) -> dict[str, Any]:
    """Count by department the answers that are over or due.

    Over their target now, or due within the hour, whatever the period.
    """
    rows = []
    for pk, name in departments:
        mine = [row for row in waiting if row.department_id == pk and (row.over or row.due)]
        if not mine:
            continue
        narrowed = {"department_ids": (pk,)}
        rows.append(
            {
                "name": name,
                "over": f"{sum(row.over for row in mine):,}",
                "due": f"{sum(row.due for row in mine):,}",
                "nobody": f"{sum(row.due_with_nobody for row in mine):,}",
                "over_href": links.list_href(of="unanswered", over="yes", narrowed=narrowed),
                "due_href": links.list_href(of="unanswered", due="hour", narrowed=narrowed),
                "nobody_href": links.list_href(of="unanswered", due="hour", assigned="no", narrowed=narrowed),
            }
        )
    return {"risk": rows, "board": {"name": "service-levels"}, "selection": links}
