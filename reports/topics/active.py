"""The alerts that a reader is shown now, read from the rows that there are: whoever was erased is in none of them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from django.conf import settings

from accounts.access import viewer
from accounts.models import User
from inbox.models import ERASED_PREFIX
from inbox.visibility import CaseSnapshot, case_scope
from reports.models import TopicAlert
from reports.scopes import fetch_all
from reports.topics.alerts import ACTIVE_FOR
from reports.topics.rising import FEWEST

_CASES = """
SELECT a.id, t.case_id, i.customer_id, t.at, t.department_id, t.brand_account_id, t.visibility
FROM reports_topicalert a
JOIN reports_casetopics t ON t.case_id = ANY(a.case_ids) AND t.keys @> ARRAY[a.key] AND t.visibility = 'public'
JOIN inbox_case c ON c.id = t.case_id
JOIN inbox_identity i ON i.id = c.identity_id AND NOT starts_with(i.remote_id, %s)
WHERE a.id = ANY(%s::bigint[]) ORDER BY t.at, t.case_id
"""


@dataclass(frozen=True, slots=True)
class AlertCase:
    """A public case of an alert; `is_readable` for the reader."""

    case_id: int
    customer_id: int
    at: dt.datetime
    is_readable: bool


@dataclass(slots=True)
class ActiveAlert:
    """Customers who talk with each other report one topic: its cases, oldest first."""

    pk: int
    key: str
    label: str
    cases: list[AlertCase] = field(default_factory=list)

    @property
    def customers(self) -> int:
        """The number of customers, those whose cases are unreadable included."""
        return len({case.customer_id for case in self.cases})

    @property
    def readable_ids(self) -> list[int]:
        return [case.case_id for case in self.cases if case.is_readable]

    @property
    def hours(self) -> int:
        """The hours from its first case to its last, at least one."""
        span = self.cases[-1].at - self.cases[0].at
        return max(1, round(span.total_seconds() / 3600))

    @property
    def is_shown(self) -> bool:
        """True when there are enough customers, and enough readable ones."""
        readable = {case.customer_id for case in self.cases if case.is_readable}
        return self.customers >= settings.LINKED_CUSTOMERS_ALERT and len(readable) >= FEWEST


def active_alerts(user: User, now: dt.datetime) -> list[ActiveAlert]:
    """Return the alerts that the reader may see, newest first.

    Two statements, one without any.
    """
    rows = TopicAlert.objects.filter(last_at__gte=now - ACTIVE_FOR, dismissed_at=None).order_by(
        "-last_at", "-pk"
    )
    alerts = {row.pk: ActiveAlert(row.pk, row.key, row.label) for row in rows}
    if not alerts:
        return []
    scope = case_scope(user)
    for alert_id, case_id, customer_id, at, *place in fetch_all(_CASES, [ERASED_PREFIX, list(alerts)]):
        is_readable = scope.includes(CaseSnapshot(*place))
        alerts[alert_id].cases.append(AlertCase(case_id, customer_id, at, is_readable))
    return [alert for alert in alerts.values() if alert.is_shown]


def find_alert(user: User, pk: int, now: dt.datetime) -> ActiveAlert | None:
    """Return an active alert that the reader may see; None for others."""
    return next((alert for alert in active_alerts(user, now) if alert.pk == pk), None)


def may_dismiss(user: User) -> bool:
    """Return whether the user may say that an alert is none: managers and administrators."""
    return viewer(user).may("assignment")


def dismiss_alert(pk: int, reason: str, *, by: User, now: dt.datetime) -> bool:
    """Dismiss an alert with a reason; return whether it was still active."""
    rows = TopicAlert.objects.filter(pk=pk, dismissed_at=None)
    return bool(rows.update(dismissed_at=now, dismissed_by=by, dismissed_because=reason[:200]))
