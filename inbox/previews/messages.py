"""Past inbound messages that a person may read, with their facts, newest first, in chunks by keyset.

Counts are of these alone: with a pattern and a count of all messages, one could find out what the others say.

A hundred thousand of them are read within a minute, on a machine that does other work too.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from accounts.models import User
from inbox.message_facts import FACTS_OF_MESSAGES
from inbox.models import Case, Direction, Message
from routing.facts import Facts


@dataclass(frozen=True, slots=True)
class PastMessage:
    """A past message; `opened_case`: it opened a case when it arrived."""

    id: int
    facts: Facts
    opened_case: bool


def count_past_messages(reader: User, since: dt.datetime, until: dt.datetime) -> int:
    """Count the inbound messages written from `since` to before `until`.

    Both are UTC.
    """
    return _inbound_messages_since(reader, since).filter(network_time__lt=until).count()


def load_past_messages(
    reader: User, since: dt.datetime, at: dt.datetime, before: int, limit: int
) -> list[PastMessage]:
    """Return the messages before (`at`, `before`), newest first.

    One statement.
    """
    return [
        PastMessage(row["id"], FACTS_OF_MESSAGES.restore(row), row["decision__decided_by"] != "thread")
        for row in read_past_message_rows(reader, since, at, before, limit)
    ]


def read_past_message_rows(
    reader: User, since: dt.datetime, at: dt.datetime, before: int, limit: int
) -> list[dict[str, Any]]:
    """Read the rows that `load_past_messages` uses.

    They include `id` and `network_time`.
    """
    older = Q(network_time__lt=at) | Q(id__lt=before)
    messages = _inbound_messages_since(reader, since).filter(older, network_time__lte=at)
    rows = FACTS_OF_MESSAGES.select(messages, "id", "network_time", "decision__decided_by")
    return list(rows.order_by("-network_time", "-id")[:limit])


def _inbound_messages_since(reader: User, since: dt.datetime) -> QuerySet[Message]:
    readable = Case.objects.visible_to(reader)
    with_text = Message.objects.filter(direction=Direction.INBOUND, erased_at__isnull=True)
    return with_text.filter(network_time__gte=since, case__in=readable)
