"""The access of a brand account in words, the same on every page and in every file."""

from __future__ import annotations

import datetime as dt
from typing import Any

from accounts.models import Health, Lifecycle
from networks.registry import CONNECTORS, network_capabilities
from reports.wording import describe_token_age
from wording.times import short_date, to_display_zone

_CUT_OFF = (Health.REAUTHORISE, Health.PERMISSION)


def describe_access(account: Any, now: dt.datetime) -> tuple[str, str]:
    """Return the state of the access in words, and its tone.

    `account` has its `credential` with it.
    """
    if account.lifecycle == Lifecycle.CLOSED:
        return "disconnected", ""
    if account.health in _CUT_OFF:
        since = account.health_since
        day = to_display_zone(since).date() if since else None
        is_today = day == to_display_zone(now).date()
        return f"withdrawn {'today' if is_today else short_date(day)}" if day else "withdrawn", "late"
    credential = getattr(account, "credential", None)
    if credential is None:
        return "no token", "late"
    if account.network in CONNECTORS and not network_capabilities(account.network).access_ends:
        return "no end", ""
    return describe_token_age(now - credential.updated_at), ""
