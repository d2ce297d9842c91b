"""Remove a shift so that it can be put back with one click."""

from __future__ import annotations

import datetime as dt
from typing import cast

from django.core import serializers, signing

from accounts.models import BrandAccount, Shift
from accounts.roster import planning

#: How long a removed shift can be put back.
UNDO_LASTS = dt.timedelta(minutes=15)
_SALT = "accounts.roster.removing"


def remove_shift(shift: Shift) -> str:
    """Delete a shift. Return what `restore_shift` needs, signed."""
    stored = serializers.serialize("json", [shift])
    shift.delete()
    return signing.dumps(stored, salt=_SALT, compress=True)


def restore_shift(brand_account: BrandAccount, removed: str) -> Shift:
    """Put a removed shift of a brand account back.

    Raises `RosterChangeRefused` when it is too late, when another shift has its time by now, and when it is of another
    account.
    """
    try:
        stored: str = signing.loads(removed, salt=_SALT, max_age=UNDO_LASTS)
    except signing.BadSignature:
        raise planning.RosterChangeRefused("It is too late to undo this. Add the shift again.") from None
    shift = cast(Shift, next(serializers.deserialize("json", stored)).object)
    if shift.brand_account_id != brand_account.pk:
        raise planning.RosterChangeRefused("This shift belongs to another brand account.")
    if Shift.objects.filter(pk=shift.pk).exists():
        return shift
    planning.save_shifts([shift])
    return shift
