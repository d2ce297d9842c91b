"""The health of a brand account's connection: what a network's error means, and storing it."""

from __future__ import annotations

import datetime as dt

from accounts.models import BrandAccount, Health
from networks.base import (
    BudgetExhausted,
    CannotRead,
    MissingPermission,
    NetworkError,
    Reauthorise,
    RetryLater,
)


def health_from_error(error: NetworkError) -> tuple[Health, dt.datetime | None]:
    """Return the health that a network's error means, and its end.

    The end is None unless the network gave it.
    """
    if isinstance(error, Reauthorise):
        return Health.REAUTHORISE, None
    if isinstance(error, MissingPermission | CannotRead):
        return Health.PERMISSION, None
    if isinstance(error, BudgetExhausted):
        return Health.BUDGET, error.until
    if isinstance(error, RetryLater) and error.at is not None:
        return Health.LIMITED, error.at
    return Health.UNWELL, None


def set_health(
    brand_account: BrandAccount,
    health: Health,
    detail: str,
    *,
    now: dt.datetime,
    until: dt.datetime | None = None,
) -> None:
    """Store a brand account's health.

    `detail` is the network's own text; `health_since` changes only when the health changes.
    """
    if brand_account.health != health or brand_account.health_since is None:
        brand_account.health_since = now
    brand_account.health = health
    brand_account.health_detail = detail[:500]
    brand_account.health_until = until
    brand_account.save(update_fields=["health", "health_detail", "health_until", "health_since"])
