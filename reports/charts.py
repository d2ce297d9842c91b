"""Geometry of the charts: positions and sizes computed from numbers.

The templates draw plain SVG from them, with a table beside each chart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reports.exchanges import ANSWERED_IN_2011, Cohort
from wording.numbers import format_percent

#: The drawing's coordinates: a plot 120 high, from y = 20 (100 %) to y = 140 (0).
_TOP, _HEIGHT, _LEFT, _WIDTH = 20.0, 120.0, 36.0, 474.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar in the coordinates of the drawing, with its label and its title."""

    x: float
    y: float
    width: float
    height: float
    middle: float
    label: str
    title: str
    href: str
    mature: bool = True


@dataclass(frozen=True, slots=True)
class RateChart:
    """The response rate by week; `line` is the y coordinate of the 2011 reference."""

    bars: tuple[Bar, ...]
    line: float


@dataclass(frozen=True, slots=True)
class StackPart:
    """One part of a horizontal stacked bar; `series` is the number of its colour."""

    x: float
    width: float
    series: int
    title: str
    href: str


def rate_chart(cohorts: Sequence[Cohort], hrefs: Sequence[str]) -> RateChart:
    """Place one bar per week, as high as its rate.

    A week without exchanges has a bar without height.
    """
    step = _WIDTH / max(len(cohorts), 1)
    width = min(40.0, step * 0.68)
    bars = []
    for index, (cohort, href) in enumerate(zip(cohorts, hrefs, strict=True)):
        rate = cohort.rate or 0.0
        x = _LEFT + step * index + (step - width) / 2
        bars.append(
            Bar(
                x=round(x, 1),
                y=round(_y_of_rate(rate), 1),
                width=round(width, 1),
                height=round(rate * _HEIGHT, 1),
                middle=round(x + width / 2, 1),
                label=str(cohort.week.number),
                title=_cohort_title(cohort),
                href=href,
                mature=cohort.mature,
            )
        )
    return RateChart(tuple(bars), round(_y_of_rate(ANSWERED_IN_2011), 1))


def stack_parts(
    values: Sequence[int], largest: int, titles: Sequence[str], hrefs: Sequence[str]
) -> tuple[StackPart, ...]:
    """Place the parts of one stacked bar.

    Parts without width are left out. The whole bar is 0–100 wide; 100 when its sum is `largest`.
    """
    parts, x = [], 0.0
    for series, (value, title, href) in enumerate(zip(values, titles, hrefs, strict=True)):
        width = 100.0 * value / largest if largest else 0.0
        if value:
            parts.append(StackPart(round(x, 2), round(width, 2), series, title, href))
        x += width
    return tuple(parts)


def _y_of_rate(rate: float) -> float:
    return _TOP + (1.0 - rate) * _HEIGHT


def _cohort_title(cohort: Cohort) -> str:
    if cohort.rate is None:
        return f"{cohort.week.label}: nothing needed an answer"
    ripe = "" if cohort.mature else ", still counting"
    return f"{cohort.week.label}: {cohort.answered} of {cohort.needing} answered ({format_percent(cohort.rate)}){ripe}"
