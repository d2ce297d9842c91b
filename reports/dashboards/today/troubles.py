"""Say what is wrong now, in at most three sentences, each with what to do."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence

from django.urls import reverse

from accounts.access import viewer
from accounts.models import TroubleKind
from inbox.visibility import list_departments
from reports.behind.selections import Selection
from reports.dashboards.today.accounts import Account, account_href
from reports.dashboards.today.arrivals import find_peak, hour_href
from reports.measures.present.unanswered import Waiting
from reports.rollups.arrivals import Arrivals
from reports.topics.active import active_alerts
from wording.numbers import format_count
from wording.spans import figure_span, written_span

#: Sentences that are shown; what is left out stands on the page all the same.
_MOST = 3


def list_troubles(
    waiting: Sequence[Waiting], accounts: Sequence[Account], arrivals: Arrivals, selection: Selection
) -> list[dict[str, str]]:
    """Return the sentences: `sign`, `bold`, `rest`, `href` and `link`."""
    sentences = (
        _over_target(waiting, selection),
        _not_read(accounts, selection),
        _linked(selection),
        _peak(arrivals, selection),
    )
    return [each for each in sentences if each][:_MOST]


def _over_target(waiting: Sequence[Waiting], selection: Selection) -> dict[str, str] | None:
    over = sum(row.over for row in waiting)
    if not over:
        return None
    by_department = Counter[int]()
    for row in waiting:
        by_department[row.department_id] += row.over
    ((worst, most),) = by_department.most_common(1)
    since = min(row.over_since for row in waiting if row.over_since)
    where = "All" if most == over else f"{most:,}"
    are = "is" if most == 1 and most != over else "are"
    place = "" if over == 1 else f" {where} of them {are} in {_name(worst, selection)}."
    return {
        "sign": "▲",
        "bold": f"{format_count(over, 'answer')} {'is' if over == 1 else 'are'} over target;",
        "rest": f"the oldest customer has waited {figure_span(selection.now - since)}.{place}",
        "href": selection.list_href(of="unanswered", over="yes"),
        "link": f"Open the {over:,}" if over > 1 else "Open it",
    }


def _not_read(accounts: Sequence[Account], selection: Selection) -> dict[str, str] | None:
    sick = [(each.not_read.since, each) for each in accounts if each.not_read]
    if not sick:
        return None
    since, worst = min(sick, key=lambda pair: pair[0])
    local, today = since.astimezone(selection.period.zone), selection.now.astimezone(selection.period.zone)
    at = f"{local:%H:%M}" if local.date() == today.date() else f"{local:%-d %b %H:%M}"
    trouble = worst.not_read
    matter = trouble.matter if trouble else ""
    more = f" {format_count(len(sick) - 1, 'other account')} too." if len(sick) > 1 else ""
    connects = trouble and trouble.kind != TroubleKind.NOT_FETCHED and viewer(selection.user).may("connect")
    again = f"{reverse('accounts:connect_start', args=[worst.account.network])}?again={worst.account.pk}"
    return {
        "sign": "✕",
        "bold": f"{worst.account} is not being read",
        "rest": f"since {at} ({written_span(max(selection.now - since, dt.timedelta()))}): {matter}{more}",
        "href": again if connects else account_href(worst.account),
        "link": "Connect again" if connects else "Show the account",
    }


def _linked(selection: Selection) -> dict[str, str] | None:
    """Say that linked customers report the same. One statement, two with an alert."""
    alerts = active_alerts(selection.user, selection.now)
    if not alerts:
        return None
    newest, others = alerts[0], len(alerts) - 1
    count = len(newest.readable_ids)
    more = (
        f" {others:,} more such {'alert' if others == 1 else 'alerts'} on “Outcomes and topics”."
        if others
        else ""
    )
    return {
        "sign": "▲",
        "bold": f"{newest.customers:,} customers who talk with each other report “{newest.label}”",
        "rest": f"within {newest.hours} h.{more}",
        "href": selection.list_href("linked", alert=newest.pk),
        "link": f"Open the {count:,}",
    }


def _peak(arrivals: Arrivals, selection: Selection) -> dict[str, str] | None:
    peak = find_peak(arrivals)
    if peak is None or peak.count is None or peak.usual is None:
        return None
    departments = Counter({pk: n for (key, pk), n in arrivals.by_department.items() if key == peak.hour.key})
    ((where, most),) = departments.most_common(1)
    share = "All" if most == peak.count else f"{most:,}"
    return {
        "sign": "◆",
        "bold": f"{peak.hour.label} brought {format_count(peak.count, 'new exchange')} where {peak.usual.median:,} {'is' if peak.usual.median == 1 else 'are'} usual.",
        "rest": f"{share} of them are with {_name(where, selection)}.",
        "href": hour_href(peak.hour.key, selection.links),
        "link": f"Open the {peak.count:,}",
    }


def _name(department_id: int, selection: Selection) -> str:
    names = {department.pk: department.name for department in list_departments(selection.user)}
    return names.get(department_id, "another department")
