"""A queryset of cases as the first part of a handwritten statement."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db.models import QuerySet

from inbox.models import Case

_NO_CASE = "SELECT NULL::bigint AS id WHERE false"


def case_ids_sql(cases: QuerySet[Case]) -> tuple[str, tuple[Any, ...]]:
    """Return a statement that selects the ids of `cases`, and its parameters.

    Django refuses to write one that can find nothing, as for a person without a department.
    """
    try:
        sql, parameters = cases.values("id").query.sql_with_params()
    except EmptyResultSet:
        return _NO_CASE, ()
    return sql, tuple(parameters)
