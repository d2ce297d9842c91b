"""Run what the periodic task of topics does, in the order in which each needs the one before."""

from __future__ import annotations

import datetime as dt

from reports.topics.alerts import look_for_alerts
from reports.topics.refreshing import refresh_topics_for
from reports.topics.rising import count_due_weeks, forget_old_weeks


def work_on_topics(now: dt.datetime, seconds: float) -> None:
    """Read changed cases, then count the weeks that are due.

    Reading takes at most about `seconds`.
    """
    refresh_topics_for(seconds)
    count_due_weeks(now)
    look_for_alerts(now)
    forget_old_weeks(now)
