"""Shifts of the roster: the people on point for a brand account, weekly or on one date."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts import shifts
from accounts.models.brand_accounts import BrandAccount

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Shift(models.Model):
    """A shift: one person on point for a brand account, weekly or on one date, optionally with a backup.

    Times are on the wall clock of the brand account's zone; an end at or before the start is on the next day.
    A weekly shift has a `weekday` (Monday is 0) and may have a first and a last valid day. A shift on a
    `date` takes precedence over weekly ones; without a primary it means that nobody is on point.
    """

    brand_account = models.ForeignKey(BrandAccount, on_delete=models.CASCADE, related_name="shifts")
    weekday = models.PositiveSmallIntegerField(null=True, blank=True, choices=list(enumerate(WEEKDAYS)))
    date = models.DateField(null=True, blank=True)
    starts_at = models.TimeField()
    ends_at = models.TimeField()
    valid_from = models.DateField(null=True, blank=True)
    valid_until = models.DateField(null=True, blank=True)
    primary = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    backup = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="shift_week_or_date",
                condition=Q(weekday__isnull=False, date__isnull=True, primary__isnull=False)
                | Q(
                    weekday__isnull=True,
                    date__isnull=False,
                    valid_from__isnull=True,
                    valid_until__isnull=True,
                ),
            ),
            models.CheckConstraint(
                name="shift_backup_is_another",
                condition=Q(backup__isnull=True) | Q(primary__isnull=False) & ~Q(backup=F("primary")),
            ),
            models.CheckConstraint(
                name="shift_valid_in_order",
                condition=Q(valid_from__isnull=True)
                | Q(valid_until__isnull=True)
                | Q(valid_until__gte=F("valid_from")),
            ),
        ]
        ordering = ("date", "weekday", "starts_at", "id")

    def __str__(self) -> str:
        day = WEEKDAYS[self.weekday] if self.weekday is not None else f"{self.date:%-d %b %Y}"
        return f"{day} {self.starts_at:%H:%M}–{self.ends_at:%H:%M}"

    def to_plain_shift(self, absent: frozenset[int] = frozenset()) -> shifts.PlainShift:
        """Return the shift as plain numbers for `accounts.shifts`.

        People in `absent`, who cannot sign in any more, are left out; the backup replaces an absent primary.
        """
        starts = self.starts_at.hour * 60 + self.starts_at.minute
        ends = self.ends_at.hour * 60 + self.ends_at.minute
        primary, backup = self.primary_id, self.backup_id
        if backup in absent:
            backup = None
        if primary in absent:
            primary, backup = backup, None
        return shifts.PlainShift(
            self.pk or 0,
            starts,
            ends if ends > starts else ends + shifts.DAY_MINUTES,
            primary,
            backup,
            self.weekday,
            self.date,
            self.valid_from,
            self.valid_until,
        )
