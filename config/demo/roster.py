"""The demo's roster: two community managers take turns on working days; nobody has the Saturday yet."""

from __future__ import annotations

import datetime as dt

from accounts.models import BrandAccount, Shift, User

_MORNING, _AFTERNOON, _EVENING = dt.time(8), dt.time(14), dt.time(20)
#: Monday to Saturday, 08:00 to 20:00, in the format of `BrandAccount.promised_hours`.
_PROMISED = [[day, 8 * 60, 20 * 60] for day in range(6)]


def seed_roster(first: str, second: str) -> None:
    """Give shifts of two people to brand accounts that have none.

    Brand accounts with promised hours of their own are left as they are. `first` and `second` are user names;
    without both users nothing is changed.
    """
    people = {user.username: user for user in User.objects.filter(username__in=[first, second])}
    if len(people) != 2:
        return
    early, late = people[first], people[second]
    for brand_account in BrandAccount.objects.filter(promised_hours=[], shifts__isnull=True):
        brand_account.promised_hours = _PROMISED
        brand_account.save(update_fields=["promised_hours"])
        Shift.objects.bulk_create(
            Shift(
                brand_account=brand_account,
                weekday=weekday,
                starts_at=starts,
                ends_at=ends,
                primary=primary,
                backup=backup,
            )
            for weekday in range(5)
            for starts, ends, primary, backup in (
                (_MORNING, _AFTERNOON, early, late),
                (_AFTERNOON, _EVENING, late, early),
            )
        )
