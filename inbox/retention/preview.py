"""A preview of what a setting would delete, counted with the conditions by which the database deletes."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import connection

from inbox.retention.setting import DELAY

# Sets are joined once, and the messages themselves are not read: an inbox has a million of them.
_BY_DEPARTMENT = """
SELECT d.name, count(*), sum(c.message_count), min(c.closed_at), max(c.closed_at)
FROM inbox_cases_with_old_texts(%(cutoff)s) AS c JOIN accounts_department d ON d.id = c.department_id
GROUP BY d.id ORDER BY 2 DESC, d.name
"""
_BESIDES = """
WITH old AS MATERIALIZED (SELECT id FROM inbox_cases_with_old_texts(%(cutoff)s)),
with_texts AS (
  SELECT c.customer_id, bool_and(old.id IS NOT NULL) AS all_old
  FROM inbox_case c LEFT JOIN old ON old.id = c.id WHERE c.erased_at IS NULL GROUP BY c.customer_id
)
SELECT (SELECT count(*) FROM inbox_caseevent e JOIN old ON old.id = e.case_id WHERE e.verb = 'noted'),
       (SELECT count(*) FROM inbox_draft t JOIN old ON old.id = t.case_id),
       (SELECT count(*) FROM routing_routingexample x JOIN old ON old.id = x.case_id),
       (SELECT count(*) FROM with_texts WHERE all_old),
       (SELECT count(*) FROM inbox_quarantined q WHERE q.first_seen_at < %(cutoff)s),
       (SELECT count(*) FROM inbox_rulepreview p WHERE p.created_at < %(cutoff)s)
"""


@dataclass(frozen=True, slots=True)
class DepartmentTexts:
    """The texts that one department would lose."""

    name: str
    cases: int
    messages: int
    oldest: dt.datetime
    newest: dt.datetime


@dataclass(frozen=True, slots=True)
class DeletionPreview:
    """The first deletion, at `begins`: texts of cases closed before `cutoff`, and what belongs to them."""

    begins: dt.datetime
    cutoff: dt.datetime
    departments: list[DepartmentTexts]
    notes: int
    drafts: int
    examples: int
    customers: int
    quarantined: int
    rule_previews: int

    @property
    def cases(self) -> int:
        return sum(line.cases for line in self.departments)

    @property
    def messages(self) -> int:
        return sum(line.messages for line in self.departments)

    @property
    def is_empty(self) -> bool:
        return not (self.departments or self.quarantined or self.rule_previews)


def preview_deletion(days: int, now: dt.datetime) -> DeletionPreview:
    """Count what would be deleted first if the setting were saved now. Two statements.

    Deleting begins a day later; what happens in these cases until then may still keep their texts.
    """
    begins = now + DELAY
    parameters = {"cutoff": begins - dt.timedelta(days=days)}
    with connection.cursor() as cursor:
        cursor.execute(_BY_DEPARTMENT, parameters)
        departments = [DepartmentTexts(*row) for row in cursor.fetchall()]
        cursor.execute(_BESIDES, parameters)
        return DeletionPreview(begins, parameters["cutoff"], departments, *cursor.fetchone())
