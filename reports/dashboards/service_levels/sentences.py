"""Say what changed in service levels, and what to change: at most three sentences, each with its number and list."""

from __future__ import annotations

from inbox.visibility import list_departments
from reports.behind.selections import Selection
from reports.dashboards.service_levels.hours import describe_hour, find_worst_hour, hour_href
from reports.dashboards.service_levels.tallies import Targets
from routing.service_levels.policies import CLOCK_LABELS, CLOCKS
from wording.numbers import format_share

#: Under so many targets nothing is said of them; a change or difference of fewer points is none.
_FEWEST, _POINTS = 10, 5


def list_sentences(targets: Targets, before: Targets | None, selection: Selection) -> list[dict[str, str]]:
    """Return the sentences: `bold`, `rest`, `href` and `link`."""
    sentences = (_change(targets, before, selection), _worst(targets, selection), _hour(targets, selection))
    return [each for each in sentences if each]


def _change(targets: Targets, before: Targets | None, selection: Selection) -> dict[str, str] | None:
    """Return what became better or worse most, of the three clocks."""
    changes = []
    for clock in CLOCKS:
        now, then = targets.of_clock(clock), before.of_clock(clock) if before else None
        if then and min(now.ended, then.ended) >= _FEWEST:
            changes.append((100 * (now.met / now.ended - then.met / then.ended), clock, now, then))
    if not changes:
        return None
    points, clock, now, then = max(changes, key=lambda each: abs(each[0]))
    if abs(points) < _POINTS:
        return None
    verb = "rose" if points > 0 else "fell"
    return {
        "bold": f"Targets met for the {CLOCK_LABELS[clock].lower()} {verb} from {format_share(*then.share)} to {format_share(*now.share)}",
        "rest": f"against the period before: {now.missed:,} of {now.ended:,} were missed, {then.missed:,} of {then.ended:,} then.",
        "href": selection.list_href(of="targets", clock=clock, result="missed"),
        "link": f"{now.missed:,} missed",
    }


def _worst(targets: Targets, selection: Selection) -> dict[str, str] | None:
    """Return the department that misses the largest share.

    Where it is far from the share of all.
    """
    total = targets.add_up()
    tallies = [(each, targets.of_department(each.pk)) for each in list_departments(selection.user)]
    rated = [(tally.missed / tally.ended, each, tally) for each, tally in tallies if tally.ended >= _FEWEST]
    if len(rated) < 2:
        return None
    share, department, tally = max(rated, key=lambda each: each[0])
    if 100 * (share - total.missed / total.ended) < _POINTS:
        return None
    return {
        "bold": f"{department.name} missed {tally.missed:,} of {tally.ended:,} targets ({format_share(tally.missed, tally.ended)}),",
        "rest": f"the largest share; all departments together {format_share(total.missed, total.ended)}.",
        "href": selection.list_href(
            of="targets", result="missed", narrowed={"department_ids": (department.pk,)}
        ),
        "link": f"{tally.missed:,} missed",
    }


def _hour(targets: Targets, selection: Selection) -> dict[str, str] | None:
    worst = find_worst_hour(targets)
    if worst is None:
        return None
    hour, count = worst
    total = targets.add_up().missed
    return {
        "bold": f"{count:,} of {total:,} missed targets were due {describe_hour(hour)},",
        "rest": "more than in any other hour of the week.",
        "href": hour_href(hour, selection.links),
        "link": f"{count:,} missed",
    }
