"""Alerts: enough customers who talk with each other in public report the same topic within three days.

The window ends with the newest public case. A cluster is one alert, however many topics it shares and however it grows; once
dismissed it stays dismissed. Direct messages are in none of it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from inbox.models import ERASED_PREFIX, Case, Visibility
from postgres.locks import AdvisoryLock, try_lock
from reports.models import CaseTopics, RisingTopic, TopicAlert
from reports.scopes import fetch_all
from reports.topics.neighbours import Graph, build_graph, find_clusters
from reports.topics.noticing import notify_managers
from reports.topics.surprise import expected_count
from reports.topics.words import TAG
from wording.times import company_zone

#: The time within which customers report the same, and how far back they may have talked with each other.
WINDOW, TALKED_WITHIN = dt.timedelta(hours=72), dt.timedelta(days=28)
#: An alert ends so long after its last case; its row is kept for a quarter.
ACTIVE_FOR, KEEP_FOR = dt.timedelta(days=7), dt.timedelta(days=92)
#: A topic that is as frequent as ever links nobody.
_MORE_THAN_USUAL = 1.5
#: Clusters of which so many cases are the same are one.
_SAME = 0.5
_LINKS = """
SELECT DISTINCT one.customer_id, other.customer_id
FROM reports_customerlink l
JOIN inbox_identity one ON one.id = l.from_identity_id AND NOT starts_with(one.remote_id, %s)
JOIN inbox_identity other ON other.id = l.to_identity_id AND NOT starts_with(other.remote_id, %s)
WHERE l.at >= %s AND l.at <= %s
"""
_REPORTED = """
SELECT said.key, t.case_id, i.customer_id, t.at >= %s
FROM reports_casetopics t CROSS JOIN LATERAL unnest(t.keys) AS said(key)
JOIN inbox_case c ON c.id = t.case_id
JOIN inbox_identity i ON i.id = c.identity_id AND NOT starts_with(i.remote_id, %s)
WHERE t.visibility = 'public' AND t.at >= %s AND t.at <= %s AND t.keys && %s::text[] AND said.key = ANY(%s::text[])
"""
_CASES = "SELECT count(*) FILTER (WHERE at >= %s), count(*) FILTER (WHERE at < %s) FROM reports_casetopics WHERE visibility = 'public' AND at >= %s AND at <= %s"


@dataclass(slots=True)
class _Reports:
    """The public cases of a topic in the window, by customer; `before` are those of the four weeks before."""

    cases: dict[int, list[int]]
    now: int = 0
    before: int = 0


def look_for_alerts(now: dt.datetime) -> int:
    """Look at the days before the newest public case; return how many alerts are new."""
    with transaction.atomic():
        if not try_lock(AdvisoryLock.TOPICS):
            return 0
        TopicAlert.objects.filter(last_at__lt=now - KEEP_FOR).delete()
        newest = CaseTopics.objects.filter(visibility=Visibility.PUBLIC).aggregate(at=Max("at"))["at"]
        if newest is None or newest < now - ACTIVE_FOR:
            return 0
        return _look_before(newest, now)


def _look_before(until: dt.datetime, now: dt.datetime) -> int:
    labels = _list_labels(until)
    reports = _read_reports(labels, until) if labels else {}
    likely = [key for key, each in reports.items() if len(each.cases) >= settings.LINKED_CUSTOMERS_ALERT]
    if not likely:
        return 0
    graph = _read_graph(until)
    new = 0
    for key in sorted(likely, key=_by_how_telling):
        for cluster in find_clusters(graph, reports[key].cases):
            if len(cluster.customers) < settings.LINKED_CUSTOMERS_ALERT:
                break
            case_ids = sorted(pk for customer in cluster.customers for pk in reports[key].cases[customer])
            new += _keep_alert(key, labels[key], case_ids, now)
    return new


def _list_labels(until: dt.datetime) -> dict[str, str]:
    """Return the topics of the weeks of the window, with their words."""
    first = (until - WINDOW).astimezone(company_zone()).date()
    rows = RisingTopic.objects.filter(
        week__gte=first - dt.timedelta(days=first.weekday()), department_id=0, public_only=True
    )
    return dict(rows.order_by("week").values_list("key", "label"))


def _read_reports(keys: Iterable[str], until: dt.datetime) -> dict[str, _Reports]:
    """Return who reports which topic, if it is not as usual.

    Two statements.
    """
    wanted, start = sorted(keys), until - WINDOW
    before = start - TALKED_WITHIN
    reports: dict[str, _Reports] = {}
    for key, case_id, customer_id, is_now in fetch_all(
        _REPORTED, [start, ERASED_PREFIX, before, until, wanted, wanted]
    ):
        topic = reports.setdefault(key, _Reports({}))
        topic.now, topic.before = topic.now + is_now, topic.before + (not is_now)
        if is_now:
            topic.cases.setdefault(customer_id, []).append(case_id)
    cases, cases_before = fetch_all(_CASES, [start, start, before, until])[0]
    return {
        key: topic
        for key, topic in reports.items()
        if topic.now >= _MORE_THAN_USUAL * expected_count(topic.before, cases, cases_before)
    }


def _read_graph(until: dt.datetime) -> Graph:
    return build_graph(fetch_all(_LINKS, [ERASED_PREFIX, ERASED_PREFIX, until - TALKED_WITHIN, until]))


def _by_how_telling(key: str) -> tuple[bool, bool, str]:
    """Put two words before a tag, and a tag before one word."""
    return " " not in key, not key.startswith(TAG), key


def _keep_alert(key: str, label: str, case_ids: list[int], now: dt.datetime) -> bool:
    """Keep a cluster as an alert; return whether it is new, else it has grown."""
    for alert in TopicAlert.objects.filter(case_ids__overlap=case_ids):
        common = len(set(alert.case_ids) & set(case_ids))
        if common >= _SAME * min(len(alert.case_ids), len(case_ids)):
            if alert.key == key and not set(case_ids) <= set(alert.case_ids):
                _write(alert, sorted({*alert.case_ids, *case_ids}))
            return False
    alert = TopicAlert(key=key, label=label, found_at=now)
    _write(alert, case_ids)
    notify_managers(alert, now)
    return True


def _write(alert: TopicAlert, case_ids: list[int]) -> None:
    times = list(Case.objects.filter(pk__in=case_ids).values_list("created_at", flat=True))
    alert.case_ids, alert.first_at, alert.last_at = case_ids, min(times), max(times)
    alert.save()
