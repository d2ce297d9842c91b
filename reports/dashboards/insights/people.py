"""The sentences under the numbers of people: about one's own work, and about a team as a whole, never about one of them."""

from __future__ import annotations

from collections.abc import Sequence

from reports.dashboards.insights.sentences import Insight, Sentence, choose_sentences
from reports.measures.by_person import PersonFigures
from wording.numbers import format_count, format_share

#: In a smaller team a sentence about some would be one about somebody.
_SMALLEST_TEAM = 5
#: From this share of people at their limit on; from this share of missed targets of one's own, of at least so many.
_FULL, _MISSED, _FEWEST_TARGETS = 0.25, 0.2, 10


def people_sentences(
    figures: PersonFigures, missed_href: str, loads: Sequence[tuple[int, int]], team_href: str
) -> list[Sentence]:
    """Return what is worth saying to the reader; `loads` are (open cases, limit) of each of their people.

    No statement.
    """
    return choose_sentences(_own_targets(figures, missed_href), _full_team(loads, team_href))


def _own_targets(figures: PersonFigures, href: str) -> Insight | None:
    missed = figures.promises - figures.promises_kept
    if figures.promises < _FEWEST_TARGETS or missed < _MISSED * figures.promises:
        return None
    return Insight(
        missed,
        Sentence(
            f"{missed:,} of your {figures.promises:,} response targets were missed "
            f"({format_share(missed, figures.promises)}).",
            "",
            f"{missed:,} missed",
            href,
        ),
    )


def _full_team(loads: Sequence[tuple[int, int]], href: str) -> Insight | None:
    """Return how many people have no room for another case."""
    full = [load for load in loads if load[0] >= load[1]]
    if len(loads) < _SMALLEST_TEAM or len(full) < 2 or len(full) < _FULL * len(loads):
        return None
    room = sum(limit - count for count, limit in loads if count < limit)
    rest = f"The others have room for {format_count(room, 'more case')}." if room else "Nobody has room."
    return Insight(
        sum(count for count, _ in full),
        Sentence(
            f"{len(full):,} of your {format_count(len(loads), 'person').replace('persons', 'people')} have reached "
            "their limit of open cases.",
            rest,
            f"{len(full):,} of {len(loads):,}",
            href,
        ),
    )
