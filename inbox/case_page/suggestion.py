"""The card of the learned router's suggestion, read with the case in one statement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef, Subquery
from django.db.models.functions import JSONObject

from inbox.models import Case, RoutingSuggestion, SuggestionState
from wording.numbers import format_probability


@dataclass(frozen=True, slots=True)
class SuggestionCard:
    """The card: `chance` as "62%", and the customer's `words` that point to the department."""

    department: str
    chance: str
    words: tuple[str, ...]


def open_suggestion_subquery() -> Subquery:
    """Return an annotation of a case: its open suggestion as JSON, or None."""
    rows = RoutingSuggestion.objects.filter(case=OuterRef("pk"), state=SuggestionState.OPEN)
    return Subquery(
        rows.values(json=JSONObject(department="department__name", probability="probability", words="words"))[
            :1
        ]
    )


def suggestion_card(case: Case) -> SuggestionCard | None:
    """Return the suggestion of a case, None once it is settled.

    The case is annotated with `open_suggestion_subquery` as `suggested`.
    """
    suggested: dict[str, Any] | None = getattr(case, "suggested", None)
    if not suggested or not case.hint or not case.is_open:
        return None
    return SuggestionCard(
        suggested["department"], format_probability(suggested["probability"]), tuple(suggested["words"])
    )
