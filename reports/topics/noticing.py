"""Notices of alerts: each manager concerned is notified once of a cluster."""

from __future__ import annotations

import datetime as dt

from accounts.models import Membership, Role
from inbox.models import Case, NoticeKind
from inbox.notices.notify import notify_each
from reports.models import TopicAlert
from reports.topics.rising import FEWEST


def notify_managers(alert: TopicAlert, now: dt.datetime) -> None:
    """Notify the managers who may read enough of its cases. Three statements.

    The notice is about the newest case that they may read, all of which are public.
    """
    cases = list(Case.objects.filter(pk__in=alert.case_ids).order_by("created_at", "pk"))
    managers = Membership.objects.filter(
        department__in={case.department_id for case in cases}, user__is_active=True, user__role=Role.MANAGER
    )
    departments: dict[int, set[int]] = {}
    for user_id, department_id in managers.values_list("user_id", "department_id"):
        departments.setdefault(user_id, set()).add(department_id)
    customers = len({case.customer_id for case in cases})
    text = (
        f"{customers} customers who talk with each other report “{alert.label}”. See “Outcomes and topics”."
    )
    rows = []
    for user_id, own in sorted(departments.items()):
        readable = [case for case in cases if case.department_id in own]
        if len({case.customer_id for case in readable}) >= FEWEST:
            rows.append((user_id, readable[-1].pk, text, f"linked:{alert.pk}"))
    notify_each(rows, NoticeKind.LINKED, now=now)
