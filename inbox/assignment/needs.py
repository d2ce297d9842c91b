"""Read what cases require of the person who gets them.

That is the person or skill that a rule names, the customer's language, and who answered this customer last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

#: How many of a customer's newest cases are searched for the person who helped last.
_MOST_EARLIER_CASES = 50

# Both subqueries use an index: a case's messages by time, a customer's cases. What a rule asked for applies only in the
# department that the rule chose.
LANGUAGE_SQL = """
coalesce((SELECT m.language FROM inbox_message m WHERE m.case_id = c.id AND m.direction = 'in' AND m.language <> ''
          ORDER BY m.network_time DESC, m.id DESC LIMIT 1), '')
"""
ASKED_JOIN_SQL = """
LEFT JOIN LATERAL (
  SELECT d.trace -> 'decided' ->> 'person' AS person, d.trace -> 'decided' ->> 'skill' AS skill FROM inbox_decision d
  WHERE d.case_id = c.id AND d.department_id = c.department_id AND d.decided_by <> 'thread'
  ORDER BY d.id DESC LIMIT 1) AS asked ON true
"""
_NEEDS_SQL = f"""
SELECT c.id, c.brand_account_id, c.customer_id, {LANGUAGE_SQL},
  (SELECT m.user_id FROM (
     SELECT o.id FROM inbox_case o WHERE o.customer_id = c.customer_id AND o.last_outbound_at IS NOT NULL
     ORDER BY o.id DESC LIMIT %(looked_at)s) AS o
   JOIN inbox_message m ON m.case_id = o.id AND m.direction = 'out' AND m.user_id IS NOT NULL
   ORDER BY m.network_time DESC, m.id DESC LIMIT 1),
  coalesce(asked.person, ''), coalesce(asked.skill, '')
FROM inbox_case c {ASKED_JOIN_SQL}
WHERE c.id = ANY(%(ids)s)
"""  # noqa: S608 (constants)


@dataclass(frozen=True, slots=True)
class NeedRow:
    """The requirements of a case, as stored.

    `language` is that of the customer's newest message whose language is known, `person` a user name and `skill` a
    skill's key that a rule asked for; "" for none.
    """

    case_id: int
    brand_account_id: int
    customer_id: int
    language: str
    last_helper_id: int | None
    person: str
    skill: str


def read_case_needs(case_ids: Sequence[int]) -> dict[int, NeedRow]:
    """Return what each of these cases asks for, by case id. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_NEEDS_SQL, {"ids": list(case_ids), "looked_at": _MOST_EARLIER_CASES})
        rows = [NeedRow(*row) for row in cursor.fetchall()]
    return {row.case_id: row for row in rows}
