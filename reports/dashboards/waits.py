"""Format how long customers wait: first and later answers, first and last resolution, beside the period before."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from reports.behind.selections import Selection
from reports.measures.first_responses import FirstResponse
from reports.rollups.times.waits import AWAITED, Awaited, Wait, measure_waits
from reports.wording import duration_cell, format_duration
from wording.numbers import FEWEST, NO_VALUE, format_share

_LABELS: dict[Awaited, str] = {
    "first_response": "First response",
    "next_response": "Next response",
    "first_resolve": "First resolution",
    "final_resolve": "Final resolution",
}


def read_waits(selection: Selection) -> list[dict[Awaited, Wait]]:
    """Measure the waits of the selected period, and those before."""
    periods = [selection.period, *([selection.compared] if selection.compared else [])]
    return measure_waits(
        selection.user,
        periods,
        selection.filters,
        now=selection.now,
        in_business_time=selection.asked_business_time,
    )


def waits_context(waits: list[dict[Awaited, Wait]], selection: Selection) -> dict[str, Any]:
    """Build what `reports/_waits.html` shows."""
    before = waits[1] if len(waits) > 1 else dict.fromkeys(AWAITED, Wait())
    first = waits[0]["first_resolve"]
    return {
        "rows": [_row(name, waits[0][name], before[name], selection) for name in AWAITED],
        "finding": _finding(waits[0], before),
        "reopened": f"{first.reopened:,}" if first.done else "",
        "done": f"{first.done:,}",
        "reopen_rate": format_share(first.reopened, first.done) if first.done >= FEWEST else "",
        "reopened_href": selection.list_href(of="wait", what="first_resolve", state="reopened"),
        "business_query": replace(selection, in_business_time=True, asked_business_time=True).as_query(),
        "clock_query": replace(selection, in_business_time=True, asked_business_time=False).as_query(),
        "has_before": len(waits) > 1,
    }


def in_business_time(first: FirstResponse, wait: Wait) -> FirstResponse:
    """Return first responses with their spans in business time."""
    return replace(
        first,
        median=wait.median,
        p90=wait.p90,
        oldest_open=wait.oldest,
        median_open=wait.median_open,
    )


def _row(name: Awaited, wait: Wait, before: Wait, selection: Selection) -> dict[str, str]:
    done: dict[str, Any]
    waiting: dict[str, Any]
    done, waiting = (
        ({"of": "answered"}, {"of": "waiting", "open": "yes"})
        if name == "first_response"
        else ({"of": "wait", "what": name, "state": "done"}, {"of": "wait", "what": name, "state": "open"})
    )
    return {
        "label": _LABELS[name],
        "count": f"{wait.done:,}",
        "href": selection.list_href(**done),
        "median": _cell(wait, "median"),
        "median_before": _cell(before, "median"),
        "most": _cell(wait, "p90"),
        "most_before": _cell(before, "p90"),
        "open": f"{wait.open:,}",
        "open_href": selection.list_href(**waiting),
        "oldest": duration_cell(wait.oldest),
    }


def _cell(wait: Wait, name: str) -> str:
    if not wait.done:
        return NO_VALUE
    return "few" if wait.done < FEWEST else duration_cell(getattr(wait, name))


def _finding(now: dict[Awaited, Wait], before: dict[Awaited, Wait]) -> str:
    """Say which median rose or fell, and what takes longest."""
    counted = [name for name in AWAITED if now[name].done >= FEWEST]
    if not counted:
        return "Too few for a median."
    slowest = max(counted, key=lambda name: now[name].median or now[name].p90)  # type: ignore[arg-type,return-value]
    longest = f"{_LABELS[slowest]} takes longest: half within {format_duration(now[slowest].median)}."
    compared = [name for name in counted if before[name].done >= FEWEST]
    changes = {_sign(now[name], before[name]) for name in compared}
    if compared and changes == {-1}:
        return f"Every median fell. {longest}"
    if compared and changes == {1}:
        return f"Every median rose. {longest}"
    return longest


def _sign(now: Wait, before: Wait) -> int:
    if now.median is None or before.median is None:
        return 0
    return (now.median > before.median) - (now.median < before.median)
