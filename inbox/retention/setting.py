"""The setting: for how many days after its closing a case keeps its texts."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import connection, transaction

from accounts.audit.recording import compare_values, record_change
from accounts.models import AuditVerb, User
from inbox.models import RetentionSetting
from postgres.locks import AdvisoryLock, take_lock

#: A shorter time counts this long after it was set, as `inbox_retention_cutoff` of the database has it.
DELAY = dt.timedelta(days=1)
#: What the page offers, in days; None keeps everything.
CHOICES: dict[int | None, str] = {
    None: "for ever",
    30: "30 days",
    90: "90 days",
    180: "180 days",
    365: "1 year",
    730: "2 years",
    1_095: "3 years",
    1_825: "5 years",
    3_650: "10 years",
}


class SettingChangedMeanwhile(Exception):
    """Somebody else has changed the setting since the page was opened."""


@dataclass(frozen=True, slots=True)
class Retention:
    """The setting in force: the newest one, None before the first; and `cutoff`, the age that the database deletes by.

    `cutoff` is None while nothing is deleted.
    """

    newest: RetentionSetting | None
    cutoff: dt.datetime | None

    @property
    def days(self) -> int | None:
        return self.newest.days if self.newest else None

    @property
    def newest_id(self) -> int:
        return self.newest.pk if self.newest else 0

    @property
    def waits_until(self) -> dt.datetime | None:
        """The time at which the newest setting begins to delete; None when it deletes nothing."""
        return self.newest.set_at + DELAY if self.newest and self.newest.days else None


def read_retention() -> Retention:
    """Read what counts now. Two statements."""
    return Retention(RetentionSetting.objects.select_related("set_by").order_by("-id").first(), read_cutoff())


def read_cutoff() -> dt.datetime | None:
    """Return the time before which a case must have been closed.

    Texts of such cases are deleted now; None while nothing is.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT inbox_retention_cutoff()")
        cutoff: dt.datetime | None = cursor.fetchone()[0]
    return cutoff


@transaction.atomic
def save_retention(days: int | None, *, by: User, seen: int) -> bool:
    """Set how long texts are kept; return whether that changed.

    The change is noted in the audit log.

    `seen` is the `newest_id` that the person looked at. Raises `SettingChangedMeanwhile` when there is another one.
    """
    take_lock(AdvisoryLock.RETENTION)
    before = read_retention()
    if before.newest_id != seen:
        raise SettingChangedMeanwhile
    if before.days == days:
        return False
    RetentionSetting.objects.create(days=days, set_by=by)
    change = compare_values({"Kept": kept_words(before.days)}, {"Kept": kept_words(days)})
    record_change(AuditVerb.RETENTION_SET, "texts of closed cases", change)
    return True


def kept_words(days: int | None) -> str:
    """Return how long texts are kept: "90 days", "for ever"."""
    return CHOICES.get(days) or f"{days:,} days"
