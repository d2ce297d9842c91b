"""The health of a brand account: derived from a network's errors, stored, and described in sentences."""

from __future__ import annotations

import datetime as dt

from accounts.models import BrandAccount, Health, Lifecycle
from networks.base import BudgetExhausted, MissingPermission, NetworkError, Reauthorise, RetryLater

#: By health: the problem, and what to do about it. `{network}` is the network's name.
_HEALTH_SENTENCES: dict[str, tuple[str, str]] = {
    Health.OK: ("Messages are fetched and answers are sent.", ""),
    Health.REAUTHORISE: (
        "{network} no longer accepts our credential. Nothing is fetched or sent; messages wait at {network}.",
        "Connect the account again: fetching goes on where it stopped.",
    ),
    Health.PERMISSION: (
        "{network} refuses something that our credential was not given permission for.",
        "Connect the account again and grant everything that is asked for.",
    ),
    Health.LIMITED: (
        "{network} has asked us to slow down.",
        "Nothing to do: fetching goes on by itself.",
    ),
    Health.BUDGET: (
        "What {network} allows in this period is spent. Answers and messages wait.",
        "Wait for the next period, or raise the plan at {network}.",
    ),
    Health.UNWELL: (
        "{network} does not answer as it should. We keep trying; nothing is lost.",
        "Nothing to do, unless it lasts: then look whether {network} reports trouble.",
    ),
}


def health_from_error(error: NetworkError) -> tuple[Health, dt.datetime | None]:
    """Return the health that a network's error means, and its end.

    The end is None unless the network gave it.
    """
    if isinstance(error, Reauthorise):
        return Health.REAUTHORISE, None
    if isinstance(error, MissingPermission):
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


def health_sentences(brand_account: BrandAccount) -> tuple[str, str]:
    """Return two sentences: the problem, and what to do next.

    The second is "" when there is nothing to do.
    """
    if brand_account.lifecycle == Lifecycle.CLOSED:
        return (
            "Disconnected. Its messages and cases are kept.",
            "Connect it again to resume where it stopped.",
        )
    matter, advice = _HEALTH_SENTENCES[brand_account.health]
    label = brand_account.network_label
    return matter.format(network=label), advice.format(network=label)
