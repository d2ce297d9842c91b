"""Cases that were sent to the wrong department at first, by the rule that sent them. Definitions: docs/metrics.md.

Of the closed cases of a period: a rule was wrong when another department closed the case than the one it chose. What no
rule but the default, the learned router or the thread decided is counted under that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from accounts.models import User
from reports.filters import Filters
from reports.measures.new_cases import created_cases
from reports.periods import Period
from reports.scopes import CaseScope, fetch_all, with_cases

_TURNS = """
WITH scope AS ({}),
turn AS (
  SELECT DISTINCT ON (d.case_id) d.case_id, d.decided_by, d.id AS decision_id,
         CASE WHEN d.decided_by = 'rule' THEN d.rule_key ELSE '' END AS rule_key,
         CASE WHEN d.decided_by = 'rule' THEN d.rule_name ELSE '' END AS rule_name,
         c.created_at, c.closed_at, d.department_id <> c.department_id AS wrong
  FROM inbox_decision d
  JOIN scope ON scope.id = d.case_id
  JOIN inbox_case c ON c.id = d.case_id
  ORDER BY d.case_id, d.id
)
"""
# A rule's newest name stands for it.
_BY_RULE = """
SELECT decided_by, rule_key, (array_agg(rule_name ORDER BY decision_id DESC))[1], count(*), count(*) FILTER (WHERE wrong)
FROM turn GROUP BY decided_by, rule_key
ORDER BY count(*) FILTER (WHERE wrong) DESC, count(*) DESC, rule_key, decided_by
"""
_FACTS = """,
fact AS (
  SELECT case_id, decision_id AS n, created_at AS at, NULL::interval AS span,
         decided_by || ':' || rule_key || CASE WHEN wrong THEN ':wrong' ELSE ':right' END AS state,
         to_jsonb(rule_name) AS details
  FROM turn
)
"""
_UNITS = """,
unit AS (
  SELECT case_id, 0::bigint AS n, created_at AS at, closed_at - created_at AS span, 'spent' AS state
  FROM turn
  WHERE (%s = '' OR (decided_by = %s AND rule_key = %s)) AND (%s::boolean IS NULL OR wrong = %s)
)
"""


@dataclass(frozen=True, slots=True)
class FirstTurns:
    """The cases that a rule sent first, and how many of them another department closed."""

    decided_by: str
    rule_key: str
    rule_name: str
    sent: int
    wrong: int


def first_turns(user: User, period: Period, filters: Filters) -> list[FirstTurns]:
    """Count first turns by what decided them, most wrong ones first. One statement."""
    sql, parameters = _turns_sql(user, period, filters)
    return [FirstTurns(*row) for row in fetch_all(sql + _BY_RULE, parameters)]


def first_turn_facts(cases: CaseScope) -> tuple[str, list[Any]]:
    """Return a statement that ends with a table `fact`: the first turns of some closed cases.

    Their state is "what decided:rule:right" or "…:wrong"; `details` is the name of the rule.
    """
    sql, parameters = with_cases(_TURNS, cases)
    return sql + _FACTS, parameters


def first_turn_units(
    user: User, period: Period, filters: Filters, decided_by: str, rule_key: str, *, wrong: bool | None
) -> tuple[str, list[Any]]:
    """Return the units (`reports.behind.lists`) of cases by what sent them first.

    `decided_by` "" selects all; `wrong` None selects right and wrong ones.
    """
    sql, parameters = _turns_sql(user, period, filters)
    return sql + _UNITS, [*parameters, decided_by, decided_by, rule_key, wrong, wrong]


def _turns_sql(user: User, period: Period, filters: Filters) -> tuple[str, list[Any]]:
    return with_cases(_TURNS, created_cases(user, period, filters).filter(closed_at__isnull=False))
