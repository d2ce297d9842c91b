"""Count the cases created in a period, by department and network. Definitions: docs/metrics.md."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count

from accounts.models import User
from reports.filters import Filters
from reports.measures.new_cases import created_cases
from reports.periods import Period


@dataclass(frozen=True, slots=True)
class Volume:
    """Cases created in a period, by department and network."""

    networks: tuple[str, ...]
    rows: tuple[VolumeRow, ...]

    @property
    def total(self) -> int:
        return sum(row.total for row in self.rows)


@dataclass(frozen=True, slots=True)
class VolumeRow:
    department_id: int
    department: str
    by_network: tuple[int, ...]

    @property
    def total(self) -> int:
        return sum(self.by_network)


def case_volume(user: User, period: Period, filters: Filters, *, now: dt.datetime) -> Volume:
    """Count cases by department and network, largest department first. One statement."""
    cases = created_cases(user, period, filters).order_by()
    rows = cases.values_list("department_id", "department__name", "network").annotate(n=Count("id"))
    counted: dict[tuple[int, str], dict[str, int]] = {}
    for department_id, name, network, n in rows:
        counted.setdefault((department_id, name), {})[network] = n
    networks = tuple(sorted({network for by_network in counted.values() for network in by_network}))
    lines = [
        VolumeRow(department_id, name, tuple(by_network.get(network, 0) for network in networks))
        for (department_id, name), by_network in counted.items()
    ]
    return Volume(networks, tuple(sorted(lines, key=lambda line: (-line.total, line.department))))
