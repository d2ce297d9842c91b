"""The cases behind a number, by the same definitions as the number, so that number and list agree."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts.models import Department, User
from inbox.models import Case
from networks.registry import network_label
from reports.attainment import clock_cases
from reports.exchanges import exchange_case_ids, reported_cases
from reports.metrics import created_cases, handed_over_cases, routed_cases, unanswered_cases
from reports.periods import Period
from reports.wording import format_duration
from routing.service_levels.policies import CLOCK_LABELS, CLOCKS

_EPOCH, _MICROSECOND = dt.datetime(1970, 1, 1, tzinfo=dt.UTC), dt.timedelta(microseconds=1)
_ANSWERED = {"": None, "yes": True, "no": False}


def cases_behind(user: User, period: Period, query: Mapping[str, str]) -> tuple[str, QuerySet[Case]] | None:
    """Return a title and the cases; None for an address that names no number.

    `query` holds `of` (response, created, answered, waiting, handed_over, routed, sla) and what that needs: `week` and
    `answered`, `department` and `network`, `from` and `to`, `clock` and `met`.
    """
    kinds = {
        "response": _response_cases,
        "created": _created_cases,
        "answered": _first_answered_cases,
        "waiting": _waiting_cases,
        "handed_over": _handed_over_cases,
        "routed": _routed_cases,
        "sla": _sla_cases,
    }
    kind = kinds.get(query.get("of", ""))
    return kind(user, period, query) if kind else None


def page_of_cases(
    cases: QuerySet[Case], after: str, size: int, *, zone: ZoneInfo
) -> tuple[list[dict[str, str]], str]:
    """Return one page of formatted rows, and the next page's key.

    Newest activity first; the key is "" on the last page. `after` is the key that came with the previous
    page; an invalid key returns the first page.
    """
    if key := _parse_keyset(after):
        cases = cases.filter(Q(activity_at__lt=key[0]) | Q(activity_at=key[0], id__lt=key[1]))
    rows = list(cases.order_by("-activity_at", "-id").select_related("identity", "department")[: size + 1])
    last = rows[size - 1] if len(rows) > size else None
    after = f"{(last.activity_at - _EPOCH) // _MICROSECOND}-{last.pk}" if last else ""
    return [_case_row(case, zone) for case in rows[:size]], after


def _parse_keyset(after: str) -> tuple[dt.datetime, int] | None:
    match = re.fullmatch(r"([0-9]{1,17})-([0-9]{1,15})", after)
    if match is None:
        return None
    return _EPOCH + int(match[1]) * _MICROSECOND, int(match[2])


def _case_row(case: Case, zone: ZoneInfo) -> dict[str, str]:
    answered = case.first_response_at - case.created_at if case.first_response_at else None
    return {
        "href": reverse("inbox:case", args=[case.pk]),
        "customer": case.identity.display_name,
        "preview": case.preview,
        "department": case.department.name,
        "status": case.get_status_display(),
        "opened": f"{case.created_at.astimezone(zone):%-d %b %H:%M}",
        "opened_iso": case.created_at.isoformat(),
        "first_response": format_duration(answered),
    }


def _response_cases(
    user: User, period: Period, query: Mapping[str, str]
) -> tuple[str, QuerySet[Case]] | None:
    answered = _ANSWERED.get(query.get("answered", ""))
    start, end, when = period.start, period.end, "in the whole period"
    if key := query.get("week"):
        week = period.find_week(key)
        if week is None:
            return None
        start, end, when = week.start, week.end, f"in week {week.number}"
    ids = exchange_case_ids(user, period, start, end, answered)
    which = {None: "that needed an answer", True: "that were answered", False: "still unanswered"}[answered]
    return f"Exchanges {which}, arrived {when}", reported_cases(user).filter(id__in=ids)


def _created_cases(user: User, period: Period, query: Mapping[str, str]) -> tuple[str, QuerySet[Case]] | None:
    cases, words = created_cases(user, period), "New cases"
    if "department" in query:
        department = Department.objects.filter(pk=_parse_id(query["department"])).first()
        if department is None:
            return None
        cases, words = cases.filter(department=department), f"{words} of {department.name}"
    if "network" in query:
        if not re.fullmatch("[a-z]{1,20}", query["network"]):
            return None
        cases, words = cases.filter(network=query["network"]), f"{words} on {network_label(query['network'])}"
    return words, cases


def _first_answered_cases(user: User, period: Period, query: Mapping[str, str]) -> tuple[str, QuerySet[Case]]:
    cases = created_cases(user, period).filter(needs_answer=True, first_response_at__isnull=False)
    return "New cases with a first response", cases


def _waiting_cases(user: User, period: Period, query: Mapping[str, str]) -> tuple[str, QuerySet[Case]]:
    return "New cases still without a first response", unanswered_cases(user, period)


def _handed_over_cases(
    user: User, period: Period, query: Mapping[str, str]
) -> tuple[str, QuerySet[Case]] | None:
    start, end = _parse_id(query.get("from")), _parse_id(query.get("to"))
    names = dict(Department.objects.filter(pk__in=[start, end]).values_list("pk", "name"))
    if start not in names or end not in names:
        return None
    title = f"Handed over from {names[start]} to {names[end]}"
    return title, handed_over_cases(user, period, start, end)


def _routed_cases(user: User, period: Period, query: Mapping[str, str]) -> tuple[str, QuerySet[Case]]:
    return "Moved by the learned router before anybody had touched them", routed_cases(user, period)


def _sla_cases(user: User, period: Period, query: Mapping[str, str]) -> tuple[str, QuerySet[Case]] | None:
    clock, met = (
        next((name for name in CLOCKS if name == query.get("clock")), None),
        _ANSWERED.get(query.get("met", "")),
    )
    if clock is None or met is None:
        return None
    title = f"New cases with a {CLOCK_LABELS[clock].lower()} target that was {'met' if met else 'missed'}"
    return title, clock_cases(user, period, clock, met=met, now=timezone.now())


def _parse_id(value: str | None) -> int:
    """Return a positive id from a query parameter, 0 for anything else."""
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 16 else 0
