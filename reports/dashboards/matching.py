"""The number of cases that a selection leaves: beside each choice of a filter, and without each filter where nothing is left."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from accounts.access import viewer
from reports.behind.selections import Selection
from reports.filters import PARAMETERS, Filters
from reports.models import FactKind
from reports.rollups.choices import choose
from reports.rollups.covering import cover_whole
from reports.rollups.freshness import freshen_for
from reports.rollups.tallies import count_facts

#: The filters that cells of every week divide by.
DIVIDED: dict[str, tuple[Any, ...]] = {"networks": (), "brand_account_ids": (), "department_ids": ()}


@dataclass(frozen=True, slots=True)
class Matching:
    """The cases of the period that pass the other filters, by (department, brand account)."""

    filters: Filters
    numbers: Counter[tuple[int, int]]
    networks: dict[int, str]

    def count(self, **changes: tuple[Any, ...]) -> int:
        """Return how many cases pass the filters.

        With `changes` of networks, accounts and departments.
        """
        filters = replace(self.filters, **changes)
        return sum(
            n
            for (department, account), n in self.numbers.items()
            if (not filters.department_ids or department in filters.department_ids)
            and (not filters.brand_account_ids or account in filters.brand_account_ids)
            and (not filters.networks or self.networks.get(account) in filters.networks)
        )


def count_matching(selection: Selection, networks: dict[int, str]) -> Matching:
    """Count cases by department and brand account. One statement.

    `networks` are those of the accounts.
    """
    return Matching(selection.filters, _count(selection, replace(selection.filters, **DIVIDED)), networks)


def matching_context(selection: Selection, matching: Matching, labels: dict[str, str]) -> dict[str, Any]:
    """Build what `reports/_matching.html` shows; `labels` are the chosen values of each filter in words.

    One statement more with filters that no week divides by; where nothing matches, one for each of these.
    """
    count = matching.count()
    divides = replace(selection.filters, **DIVIDED)
    total = sum((_count(selection, Filters()) if divides else matching.numbers).values())
    return {
        "matching": f"{count:,}",
        "matching_words": "The case behind it" if count == 1 else f"The {count:,} cases behind it",
        "matching_total": f"{total:,}",
        "is_empty": count == 0,
        "without": _list_without(selection, matching, labels) if not count and selection.filters else [],
        "may_import": viewer(selection.user).may("connect"),
        "may_export": viewer(selection.user).may("export"),
        "cases_query": selection.as_query(of="created"),
    }


def _list_without(selection: Selection, matching: Matching, labels: dict[str, str]) -> list[dict[str, str]]:
    """List what each filter leaves if it is taken away."""
    rows = []
    for name, field in PARAMETERS.items():
        if not getattr(selection.filters, field):
            continue
        without = replace(selection, filters=replace(selection.filters, **{field: ()}))
        if field in DIVIDED:
            count = matching.count(**{field: ()})
        else:
            count = sum(_count(without, without.filters).values())
        rows.append({"label": labels.get(name, name), "count": f"{count:,}", "query": without.as_query()})
    return rows


def _count(selection: Selection, filters: Filters) -> Counter[tuple[int, int]]:
    cover = cover_whole(selection.period, freshen_for(selection.user, selection.now))
    by = ("department_id", "brand_account_id")
    numbers = Counter[tuple[int, int]]()
    for _, (department, account), n in count_facts(
        FactKind.CASE, selection.user, choose(selection.user, filters), cover, by
    ):
        numbers[department, account] += n
    return numbers
