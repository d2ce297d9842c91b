"""What stands between a brand account and its network: how it is judged, kept and said."""

from __future__ import annotations

import datetime as dt

from accounts.models import BrandAccount, Health, Lifecycle
from networks.base import BudgetExhausted, MissingPermission, NetworkError, Reauthorise, RetryLater

#: By health: what is the matter, and what to do about it. `{network}` is the network's name.
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
    """Which health a network's failure means, and until when if the network said so."""
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
    """Keep a brand account's health. `detail` is the network's own words; `health_since` moves only on a change."""
    if brand_account.health != health or brand_account.health_since is None:
        brand_account.health_since = now
    brand_account.health = health
    brand_account.health_detail = detail[:500]
    brand_account.health_until = until
    brand_account.save(update_fields=["health", "health_detail", "health_until", "health_since"])


def health_sentences(brand_account: BrandAccount) -> tuple[str, str]:
    """What is the matter with a brand account and what to do next ("" when nothing), as two sentences."""
    if brand_account.lifecycle == Lifecycle.CLOSED:
        return (
            "Disconnected. Its messages and cases are kept.",
            "Connect it again to resume where it stopped.",
        )
    matter, advice = _HEALTH_SENTENCES[brand_account.health]
    label = brand_account.network_label
    return matter.format(network=label), advice.format(network=label)
