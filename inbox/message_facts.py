"""The facts of a stored message, as they were when routing decided about it. No other module rebuilds them.

The text is the first stored version, before any edit, cut to the length that routing reads. The other facts were
stored with the decision. If none were stored (a message without a decision, or one decided before facts were stored),
they come from the message's columns: its present language, tone and author.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import itemgetter
from typing import Any

from django.db.models import F, QuerySet
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Coalesce, Left

from routing.facts import Facts, restore_facts
from routing.letters import MAX_TEXT_READ

_MESSAGE_PATHS = (
    "brand_account__network", "stream", "brand_account__remote_id", "network_time", "language", "sentiment", "urgency",
    "is_spam", "needs_answer", "identity__followers", "identity__verified", "parent_remote_id", "thread_id", "canonical_id",
)  # fmt: skip


class FactsSource:
    """The columns from which facts are rebuilt, for querysets of one model.

    Each row of the queryset belongs to one message. `message` and `decision` are the lookup paths from the model to
    the message and to its decision, with the trailing `__`.
    """

    def __init__(self, *, message: str, decision: str) -> None:
        self._columns = (f"{decision}trace__facts", *(f"{message}{path}" for path in _MESSAGE_PATHS))
        first_text = KeyTextTransform("text", KeyTransform("0", f"{message}history"))
        self._original_text = Left(Coalesce(first_text, F(f"{message}text")), MAX_TEXT_READ)
        self._values = itemgetter("original_text", *self._columns)

    def select(self, queryset: QuerySet[Any], *columns: str) -> QuerySet[Any, dict[str, Any]]:
        """Return the queryset as dictionaries that `restore` can read.

        They also hold `columns`.
        """
        selected = dict.fromkeys((*columns, *self._columns))
        return queryset.values(*selected, original_text=self._original_text)

    def restore(self, row: Mapping[str, Any]) -> Facts:
        """Rebuild the facts from a row that `select` returned."""
        text, stored, network, stream, remote_id, at, *readings = self._values(row)
        return restore_facts(
            _facts_of_columns(*readings) if stored is None else stored,
            text=text,
            network=network,
            stream=stream,
            brand_account=f"{network}:{remote_id}",
            at=at,
        )


def _facts_of_columns(
    language: str, sentiment: str, urgency: int, is_spam: bool, needs_answer: bool,
    followers: int | None, verified: bool | None, parent_id: str, thread_id: str, canonical_id: str,
) -> dict[str, Any]:  # fmt: skip
    return {
        "language": language,
        "sentiment": sentiment,
        "urgency": urgency,
        "is_spam": is_spam,
        "wants_answer": needs_answer,
        "followers": followers,
        "verified": bool(verified),
        "is_reply": parent_id != "" and thread_id != canonical_id,
    }


#: For querysets of `Message` and of `Decision`.
FACTS_OF_MESSAGES = FactsSource(message="", decision="decision__")
FACTS_OF_DECISIONS = FactsSource(message="message__", decision="")
