"""Counting the figures of brand accounts for the presence review.

They are of public messages in all departments, for every reader the same: what anybody reads on the network.
"""

from __future__ import annotations

import datetime as dt

from django.db import connection
from django.db.models import Min

from inbox.models import Visibility
from reports.measures.exchanges import exchanges_sql
from reports.models import AccountFigures
from reports.scopes import counted_cases

#: The weeks that are counted, and how old the figures may become.
WEEKS, COUNT_EVERY = 13, dt.timedelta(minutes=30)

_COUNT = """,
exchanged AS (
  SELECT c.brand_account_id, count(*) AS needing, count(x.answered) AS answered
  FROM exchange x JOIN inbox_case c ON c.id = x.case_id
  WHERE x.arrived >= %s AND x.arrived < %s GROUP BY c.brand_account_id
),
written AS (
  SELECT c.brand_account_id, count(*) AS messages
  FROM inbox_message m JOIN scope ON scope.id = m.case_id JOIN inbox_case c ON c.id = m.case_id
  WHERE m.direction = 'in' AND NOT m.historical AND m.received_at >= %s AND m.received_at < %s
  GROUP BY c.brand_account_id
)
INSERT INTO reports_accountfigures (brand_account_id, counted_at, messages, needing, answered, last_message_at)
SELECT b.id, %s, coalesce(w.messages, 0), coalesce(e.needing, 0), coalesce(e.answered, 0),
       (SELECT max(c.last_inbound_at) FROM inbox_case c WHERE c.brand_account_id = b.id AND c.visibility = 'public')
FROM accounts_brandaccount b
LEFT JOIN exchanged e ON e.brand_account_id = b.id
LEFT JOIN written w ON w.brand_account_id = b.id
ORDER BY b.id
ON CONFLICT (brand_account_id) DO UPDATE SET counted_at = excluded.counted_at, messages = excluded.messages,
  needing = excluded.needing, answered = excluded.answered, last_message_at = excluded.last_message_at
"""


def count_account_figures(now: dt.datetime) -> None:
    """Count the figures of all brand accounts. One statement."""
    start = now - dt.timedelta(weeks=WEEKS)
    cases = counted_cases().filter(visibility=Visibility.PUBLIC)
    sql, parameters = exchanges_sql(cases, start)
    with connection.cursor() as cursor:
        cursor.execute(sql + _COUNT, [*parameters, start, now, start, now, now])


def count_when_due(now: dt.datetime) -> bool:
    """Count again when the oldest figures are half an hour old; return whether they were."""
    oldest = AccountFigures.objects.aggregate(oldest=Min("counted_at"))["oldest"]
    if oldest is not None and oldest > now - COUNT_EVERY:
        return False
    count_account_figures(now)
    return True
