"""The sentences under the board of responses, from numbers that the board has measured anyway."""

from __future__ import annotations

from collections.abc import Sequence

from reports.behind.selections import Selection
from reports.dashboards.insights.sentences import FEWEST, Insight, Sentence, choose_sentences, differs
from reports.measures.attainment import Attainment
from reports.measures.exchanges import Cohort, overall_rate, ripe_rate
from reports.measures.first_responses import FirstResponse
from routing.service_levels.policies import CLOCK_LABELS
from wording.numbers import format_count, format_share
from wording.spans import figure_span

#: So many cases have to wait for their age to be worth a sentence.
_FEWEST_WAITING = 5
#: From this share of missed targets on.
_MISSED = 0.25


def response_sentences(
    selection: Selection,
    cohorts: Sequence[Cohort],
    earlier: Sequence[Cohort],
    first: FirstResponse,
    clocks: Sequence[Attainment],
) -> list[Sentence]:
    """Return what is worth saying about the responses of a period. No statement."""
    return choose_sentences(
        _changed_rate(selection, cohorts, earlier),
        _worst_step(selection, cohorts),
        _long_waits(selection, first),
        _missed_targets(selection, clocks),
    )


def _changed_rate(
    selection: Selection, cohorts: Sequence[Cohort], earlier: Sequence[Cohort]
) -> Insight | None:
    """Return whether more or fewer exchanges are answered than before.

    Without what still counts.
    """
    now, before = ripe_rate(cohorts), ripe_rate(earlier)
    if not differs(now, before):
        return None
    answered, needing = overall_rate(cohorts)
    change = now[0] / now[1] - before[0] / before[1]
    points = format_count(abs(round(100 * change)), "point")
    is_worse = change < 0
    count = needing - answered if is_worse else answered
    return Insight(
        abs(change) * now[1],
        Sentence(
            f"{format_share(*now)} of exchanges got an answer, {points} {'fewer' if is_worse else 'more'} than before.",
            f"Before: {format_share(*before)} of {before[1]:,}. What is still counting is left out of both.",
            f"{count:,} {'unanswered' if is_worse else 'answered'}",
            selection.list_href(of="response", answered="no" if is_worse else "yes"),
        ),
    )


def _worst_step(selection: Selection, cohorts: Sequence[Cohort]) -> Insight | None:
    """Return the ripe step in which the fewest were answered.

    None if it does not stand out.
    """
    ripe = [cohort for cohort in cohorts if cohort.mature and cohort.needing >= FEWEST]
    if len(ripe) < 3:
        return None
    worst = min(ripe, key=lambda cohort: cohort.answered / cohort.needing)
    answered, needing = ripe_rate([cohort for cohort in cohorts if cohort is not worst])
    rest = (answered, needing)
    if not differs((worst.answered, worst.needing), rest):
        return None
    excess = rest[0] / rest[1] - worst.answered / worst.needing
    return Insight(
        excess * worst.needing,
        Sentence(
            f"{worst.step.label} stands out: {format_share(worst.answered, worst.needing)} of "
            f"{format_count(worst.needing, 'exchange')} got an answer,",
            f"{format_share(*rest)} in the rest of the period.",
            f"{worst.needing - worst.answered:,} unanswered",
            selection.list_href(of="response", step=worst.step.key, answered="no"),
        ),
    )


def _long_waits(selection: Selection, first: FirstResponse) -> Insight | None:
    """Return cases that wait longer than nine in ten took.

    For their first response.
    """
    if first.open < _FEWEST_WAITING or first.median_open is None or first.p90 is None:
        return None
    if first.answered < FEWEST or first.median_open <= first.p90:
        return None
    return Insight(
        first.open / 2,
        Sentence(
            f"{format_count(first.open, 'case')} of this period still wait for a first response, half of them for "
            f"{figure_span(first.median_open)} or longer;",
            f"nine in ten of those answered had it within {figure_span(first.p90)}.",
            f"{first.open:,} waiting",
            selection.list_href(of="waiting", open="yes"),
        ),
    )


def _missed_targets(selection: Selection, clocks: Sequence[Attainment]) -> Insight | None:
    """Return the target that is missed most often, if by enough."""
    rated = [clock for clock in clocks if clock.ended >= FEWEST and clock.missed >= _MISSED * clock.ended]
    if not rated:
        return None
    worst = max(rated, key=lambda clock: clock.missed / clock.ended)
    others = [clock for clock in clocks if clock is not worst and clock.ended >= FEWEST]
    beside = (
        ", ".join(
            f"{CLOCK_LABELS[clock.clock].lower()} {format_share(clock.missed, clock.ended)}"
            for clock in others
        )
        if others
        else ""
    )
    return Insight(
        worst.missed - _MISSED * worst.ended,
        Sentence(
            f"{format_share(worst.missed, worst.ended)} of {worst.ended:,} targets for the "
            f"{CLOCK_LABELS[worst.clock].lower()} were missed.",
            f"Of the others: {beside}." if beside else "",
            f"{worst.missed:,} missed",
            selection.list_href(of="sla", clock=worst.clock, met="no"),
        ),
    )
