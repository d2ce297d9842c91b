"""The people and links of an alert, as its reader may see them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from accounts.models import User
from inbox.models import ERASED_PREFIX, Case, Identity
from reports.models import CustomerLink
from reports.scopes import fetch_all
from reports.topics.active import ActiveAlert
from reports.topics.alerts import TALKED_WITHIN
from reports.topics.neighbours import build_graph, find_clusters

#: The most people that are drawn.
MOST_PEOPLE = 40
_LINKS = """
SELECT one.customer_id, other.customer_id, l.kind, l.at, l.case_id
FROM reports_customerlink l
JOIN inbox_identity one ON one.id = l.from_identity_id AND NOT starts_with(one.remote_id, %s)
JOIN inbox_identity other ON other.id = l.to_identity_id AND NOT starts_with(other.remote_id, %s)
WHERE l.at >= %s AND l.at <= %s ORDER BY l.at, l.id
"""


@dataclass(frozen=True, slots=True)
class Link:
    """One customer answered or mentioned another in public, in a case."""

    author: int
    addressed: int
    kind: CustomerLink.Kind
    at: dt.datetime
    case_id: int


@dataclass(frozen=True, slots=True)
class Picture:
    """The customers of an alert in the order of their cases, those between them, and the links among all of them.

    `names` has those of customers of whom the reader may read a case.
    """

    customers: list[int]
    between: list[int]
    links: list[Link]
    names: dict[int, str]


def read_picture(user: User, alert: ActiveAlert) -> Picture:
    """Read who is linked with whom, until the alert's last case.

    Two statements.
    """
    until = alert.cases[-1].at
    rows = [
        Link(author, addressed, CustomerLink.Kind(kind), *rest)
        for author, addressed, kind, *rest in fetch_all(
            _LINKS, [ERASED_PREFIX, ERASED_PREFIX, until - TALKED_WITHIN, until]
        )
    ]
    customers = list(dict.fromkeys(case.customer_id for case in alert.cases))[:MOST_PEOPLE]
    clusters = find_clusters(build_graph((row.author, row.addressed) for row in rows), customers)
    between = sorted({step for cluster in clusters for step in cluster.between})[
        : MOST_PEOPLE - len(customers)
    ]
    people = {*customers, *between}
    links = [row for row in rows if row.author != row.addressed and {row.author, row.addressed} <= people]
    return Picture(customers, between, links, _read_names(user, people))


def _read_names(user: User, people: set[int]) -> dict[int, str]:
    readable = Case.objects.visible_to(user).filter(identity__customer__in=people)
    accounts = Identity.objects.filter(customer__in=people, pk__in=readable.values("identity"))
    accounts = accounts.exclude(remote_id__startswith=ERASED_PREFIX)
    return {account.customer_id: account.display_name for account in accounts.order_by("-seen_at", "-pk")}
