"""Changes of a roster, for the audit log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from accounts.audit.recording import compare_values, record_change
from accounts.models import AuditVerb, BrandAccount, Shift
from accounts.models.roster import WEEKDAYS
from accounts.roster.forms import format_clock
from wording.times import short_date_with_year


@contextmanager
def recorded_roster_change(brand_account: BrandAccount) -> Iterator[None]:
    """Record what this block changes in a roster.

    In one transaction. Three statements; nothing is recorded when nothing changed.
    """
    with transaction.atomic():
        before = _roster_values(brand_account)
        yield
        brand_account.refresh_from_db(fields=["time_zone", "promised_hours"])
        if changes := compare_values(before, _roster_values(brand_account)):
            owner = brand_account.owner_department_id
            record_change(AuditVerb.ROSTER_CHANGED, brand_account, changes, department_ids=[owner])


def _roster_values(brand_account: BrandAccount) -> dict[str, object]:
    """Return shifts and promised hours by their names on the page."""
    values: dict[str, object] = {"Time zone": brand_account.time_zone}
    for day, name in enumerate(WEEKDAYS):
        hours = [
            f"{format_clock(starts)}–{format_clock(ends)}"
            for weekday, starts, ends in brand_account.promised_hours
            if weekday == day
        ]
        values[f"Promised on {name}"] = ", ".join(hours)
    for shift in Shift.objects.filter(brand_account=brand_account).select_related("primary", "backup"):
        values[_shift_name(shift)] = _people_words(shift)
    return values


def _shift_name(shift: Shift) -> str:
    parts = [str(shift)]
    if shift.valid_from:
        parts.append(f"from {short_date_with_year(shift.valid_from)}")
    if shift.valid_until:
        parts.append(f"until {short_date_with_year(shift.valid_until)}")
    return " ".join(parts)


def _people_words(shift: Shift) -> str:
    primary = str(shift.primary or "nobody")
    return f"{primary}, backup {shift.backup}" if shift.backup else primary
