"""Measure the time of cases from their creation to their last resolving. Definitions: docs/metrics.md."""

from __future__ import annotations

from typing import Any

from inbox.models.case import CaseQuerySet
from reports.scopes import with_cases

_FACTS = """
WITH scope AS ({}),
fact AS (
  SELECT c.id AS case_id, 0::bigint AS n, c.created_at AS at,
         CASE WHEN c.status = 'resolved' THEN c.closed_at - c.created_at END AS span,
         CASE WHEN c.status = 'resolved' THEN 'resolved' WHEN c.closed_at IS NULL THEN 'open' ELSE 'dismissed' END AS state
  FROM inbox_case c JOIN scope ON scope.id = c.id
)
"""


def resolution_facts(cases: CaseQuerySet) -> tuple[str, list[Any]]:
    """Return a statement that ends with a table `fact`: one row for each case."""
    return with_cases(_FACTS, cases)
