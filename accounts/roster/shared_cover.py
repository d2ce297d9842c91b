"""People who are on point for several brand accounts at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from django.utils.text import get_text_list

from accounts import shifts
from accounts.models import BrandAccount
from accounts.roster.planning import Roster


def describe_shared_cover(
    roster: Roster,
    parts: Iterable[shifts.Segment],
    others: Mapping[BrandAccount, Roster],
    start: dt.datetime,
    end: dt.datetime,
) -> list[str]:
    """Return a sentence for each person who covers others, too."""
    accounts_by_person: dict[int | None, list[str]] = {}
    for brand_account, other in others.items():
        for user_id in find_common_spans(parts, other, start, end):
            accounts_by_person.setdefault(user_id, []).append(str(brand_account))
    return [
        f"{roster.person_name(user_id)} also covers {get_text_list(accounts, 'and')} at these hours."
        for user_id, accounts in accounts_by_person.items()
    ]


def find_common_spans(
    parts: Iterable[shifts.Segment], other: Roster, start: dt.datetime, end: dt.datetime
) -> dict[int | None, list[tuple[dt.datetime, dt.datetime]]]:
    """Find when somebody is on point in both rosters, by person."""
    both: dict[int | None, list[tuple[dt.datetime, dt.datetime]]] = {}
    own_parts = [part for part in parts if part.primary_id is not None]
    for other_part in shifts.split_into_segments(other.shifts, other.zone, start, end):
        for part in own_parts:
            left, right = max(part.start, other_part.start), min(part.end, other_part.end)
            if part.primary_id == other_part.primary_id and left < right:
                both.setdefault(part.primary_id, []).append((left, right))
    return both
