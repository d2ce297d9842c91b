"""The list behind a topic: the cases of the period that say it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from accounts.models import User
from inbox.text import clean_text
from reports.behind.lists import NumberList
from reports.filters import Filters
from reports.periods import Period
from reports.rollups.topics import find_label, topic_units

_LONGEST_KEY = 200


def list_topic(
    user: User, period: Period, filters: Filters, query: Mapping[str, str], now: dt.datetime
) -> NumberList | None:
    """Return the cases of a topic; `topic` is its key."""
    key = clean_text(query.get("topic", "")[:_LONGEST_KEY])[0]
    if not key.startswith(("tag:", "word:")):
        return None
    label = find_label(key)
    title = f"New cases about “{label}”" if label else "New cases about this topic"
    return NumberList(title, "cases", topic_units(user, period, filters, key, now=now))
