"""Invented customers who say things, and the task that reads them."""

from __future__ import annotations

import datetime as dt

from reports.rollups.refreshing import refresh_changed_cases
from reports.topics.refreshing import refresh_topics
from reports.topics.rising import count_due_weeks
from tests.factories import NOW, CaseFactory, IdentityFactory, MessageFactory

DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)


def say(text, at=NOW - DAY, *, who=None, parent=None, **fields):
    """A case with one message; `parent` is the message that it answers."""
    identity = who or IdentityFactory()
    case = CaseFactory(identity=identity, created_at=at, **fields)
    return MessageFactory(case=case, text=text, parent_remote_id=parent.canonical_id if parent else "")


def read_all(now=NOW):
    """What the periodic tasks do, until nothing waits."""
    while refresh_changed_cases():
        pass
    while refresh_topics():
        pass
    while count_due_weeks(now):
        pass
