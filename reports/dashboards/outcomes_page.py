"""The page of outcomes and topics: two boards one above the other, and the sentences of both."""

from __future__ import annotations

from typing import Any

from inbox.reach_words import describe_reach
from reports.behind.selections import Selection
from reports.dashboards.outcomes.context import outcomes_context
from reports.dashboards.topics import topics_context
from reports.scopes import describe_left_out

#: The most sentences on the page.
_MOST_SENTENCES = 3


def outcomes_page_context(selection: Selection) -> dict[str, Any]:
    """Build the context of `reports/outcomes.html`.

    Each board brings `sentences` (bold, rest, href, link), the most important first; they take turns.
    """
    outcomes, topics = outcomes_context(selection), topics_context(selection)
    both = [topics.pop("sentences", []), outcomes.pop("sentences", [])]
    in_turns = [each[place] for place in range(_MOST_SENTENCES) for each in both if place < len(each)]
    return {
        **outcomes,
        **topics,
        "sentences": in_turns[:_MOST_SENTENCES],
        "reach": describe_reach(selection.user),
        "left_out": describe_left_out(selection.user),
    }
