"""What a case's page shows of a suggestion: read with the case, in its statement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef, Subquery
from django.db.models.functions import JSONObject

from inbox.models import Case, RoutingSuggestion, SuggestionState
from wording.numbers import format_probability


@dataclass(frozen=True, slots=True)
class SuggestionCard:
    """`chance` in words, as "62 %"; `words` of the customer's spoke for it."""

    department: str
    chance: str
    words: tuple[str, ...]


def open_suggestion_subquery() -> Subquery:
    """Annotation of a case: its open suggestion as JSON, None when there is none."""
    rows = RoutingSuggestion.objects.filter(case=OuterRef("pk"), state=SuggestionState.OPEN)
    return Subquery(
        rows.values(json=JSONObject(department="department__name", probability="probability", words="words"))[
            :1
        ]
    )


def suggestion_card(case: Case) -> SuggestionCard | None:
    """The suggestion of a case that `open_suggestion_subquery` annotated as `suggested`, while it may still be taken."""
    found: dict[str, Any] | None = getattr(case, "suggested", None)
    if not found or not case.hint or not case.is_open:
        return None
    return SuggestionCard(
        found["department"], format_probability(found["probability"]), tuple(found["words"])
    )
