"""The numbers of the board of outcomes, measured once, and what they are compared with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from inbox.visibility import list_departments
from reports.behind.outcomes import choose_outcomes
from reports.behind.selections import Links, Selection
from reports.measures.outcomes import Outcomes
from reports.periods import Step
from reports.rollups.outcomes import count_closings, measure_outcomes

DEED_LABELS = {
    "thanked": "Thanked us",
    "fixed": "Said it is fixed",
    "again": "Wrote again",
    "escalated": "Escalated",
    "silent": "Went silent",
    "unripe": "Still counting",
}
TONE_LABELS = {"negative": "Negative", "neutral": "Neutral", "positive": "Positive", "unread": "Not read"}
AFTER_LABELS = {**TONE_LABELS, "silent": "Silent 72 h"}
BAND_LABELS = ("Within 15 min", "15 min to 1 h", "1 h to 1 day", "After more than a day")
#: Outcomes that are known, those who wrote again, and those of them who were unhappy before our answer.
KNOWN = {"known": "yes"}
WROTE = {"wrote": "yes"}
UNHAPPY = {"before": "negative", "wrote": "yes"}
TURNED = {"before": "negative", "after": "positive"}


@dataclass(frozen=True, slots=True)
class OutcomeBoard:
    """The outcomes and the closed cases of a period, and of the one before; None where nothing is compared."""

    links: Links
    #: The steps of the period, and the departments as (id, name).
    steps: tuple[Step, ...]
    departments: tuple[tuple[int, str], ...]
    now: Outcomes
    before: Outcomes | None
    closings: dict[str, int]
    closings_before: dict[str, int] | None

    def count(self, **asked: str) -> int:
        """Count the exchanges whose outcome is as asked; see `reports.behind.outcomes`."""
        return _count(self.now, asked)

    def count_before(self, **asked: str) -> int:
        """Count those of the period before."""
        return _count(self.before, asked) if self.before else 0

    def href(self, **asked: Any) -> str:
        """Return the address of the list of such exchanges."""
        return self.links.list_href("outcome", **asked)

    def closed(self, half: int, *values: str) -> int:
        """Count closed cases by one half of their state."""
        return count_states(self.closings, half, values)

    def closed_before(self, half: int, *values: str) -> int:
        """Count those of the period before."""
        return count_states(self.closings_before or {}, half, values)


def measure_board(selection: Selection) -> OutcomeBoard:
    """Measure the outcomes of a selection. Eight statements, all from roll-ups."""
    user, filters, now = selection.user, selection.filters, selection.now
    compared = selection.compared
    return OutcomeBoard(
        selection.links,
        selection.period.steps,
        tuple((each.pk, each.name) for each in list_departments(user)),
        measure_outcomes(user, selection.period, filters, now=now),
        measure_outcomes(user, compared, filters, now=now, in_detail=False) if compared else None,
        count_closings(user, selection.period, filters, now=now),
        count_closings(user, compared, filters, now=now) if compared else None,
    )


def count_states(closings: Mapping[str, int], half: int, values: tuple[str, ...]) -> int:
    """Count closed cases by half of their state, 0 or 1."""
    return sum(n for state, n in closings.items() if state.split(":")[half] in values)


def _count(outcomes: Outcomes, asked: Mapping[str, str]) -> int:
    is_asked = choose_outcomes(asked)
    return sum(n for outcome, n in outcomes.whole.items() if is_asked(outcome))
