"""The list behind a topic: the cases of the period that say it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping

from accounts.models import User
from inbox.text import clean_text
from reports.behind.lists import NumberList
from reports.filters import Filters
from reports.models import TopicAlert
from reports.periods import Period
from reports.rollups.topics import alert_units, find_label, topic_units

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


def list_alert(
    user: User, period: Period, filters: Filters, query: Mapping[str, str], now: dt.datetime
) -> NumberList | None:
    """Return the cases of an alert that the reader may read.

    The alert has dates of its own: neither period nor filters narrow it.
    """
    number = query.get("alert", "")
    alert = TopicAlert.objects.filter(pk=int(number) if re.fullmatch("[0-9]{1,15}", number) else 0).first()
    if alert is None:
        return None
    units = alert_units(user, alert, now=now)
    return NumberList(f"Cases of linked customers about “{alert.label}”", "cases", units)
