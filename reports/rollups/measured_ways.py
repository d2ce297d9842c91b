"""The ways of closed cases as facts. Business time is measured in Python, by calendars, so they are rows of a parameter."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from inbox.models.case import CaseQuerySet
from reports.measures.journeys import JOURNEY_STATEMENTS, Journey, read_closed_journeys
from reports.models import FactKind

_MICROSECOND = dt.timedelta(microseconds=1)
#: Facts of both kinds, from the parameters that `measured_ways` returns.
WAYS = """
(SELECT kind, case_id, 0::bigint AS n, at, 'closed' AS state, span, details::jsonb AS details
 FROM unnest(%s::smallint[], %s::bigint[], %s::timestamptz[], %s::interval[], %s::text[])
      AS measured(kind, case_id, at, span, details)) AS way
"""
#: Changes when other ways are read. Raise the number when they are measured otherwise.
WAYS_DEFINITION = f"1 {JOURNEY_STATEMENTS}"


def measured_ways(cases: CaseQuerySet) -> list[list[Any]]:
    """Measure the ways of closed cases, in both times. Two statements."""
    by_clock, in_business_time = read_closed_journeys(cases)
    rows = [(int(FactKind.WAY), journey) for journey in by_clock]
    rows += [(int(FactKind.BUSINESS_WAY), journey) for journey in in_business_time]
    return [
        [kind for kind, _ in rows],
        [journey.case_id for _, journey in rows],
        [journey.created_at for _, journey in rows],
        [journey.time for _, journey in rows],
        [_write_parts(journey) for _, journey in rows],
    ]


def _write_parts(journey: Journey) -> str:
    """Return the parts and the gap of a way, in microseconds.

    Whole numbers add up exactly.
    """
    parts = [[kind, department, time // _MICROSECOND] for (kind, department), time in journey.parts.items()]
    return json.dumps({"parts": parts, "gap": journey.gap // _MICROSECOND})
