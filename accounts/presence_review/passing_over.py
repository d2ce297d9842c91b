"""The entry check of an account that is about to be connected, by page or command, and going past it with a reason."""

from __future__ import annotations

import datetime as dt

from accounts.audit.recording import record_change
from accounts.brand_accounts.checks import ConnectRefused
from accounts.brand_accounts.sampling import sample_arrivals
from accounts.models import AuditVerb, BrandAccount, Department, User
from accounts.presence_review.entry_check import Forecast, forecast_load
from networks.base import Credentials


def forecast_account(credentials: Credentials, owner: Department | None, now: dt.datetime) -> Forecast | None:
    """Ask the network what an account would bring; None when it says nothing.

    Call it outside a transaction.
    """
    try:
        arrivals = sample_arrivals(credentials)
    except ConnectRefused:
        return None
    return forecast_load(arrivals, credentials.network, owner, now)


def record_passing_over(
    brand_account: BrandAccount, words: str, reason: str, *, by: User | None = None
) -> None:
    """Record why an account was connected in spite of its forecast."""
    changes = [
        {"name": name, "from": "", "to": text} for name, text in (("Forecast", words), ("Reason", reason))
    ]
    record_change(
        AuditVerb.ENTRY_CHECK_PASSED_OVER,
        brand_account,
        changes,
        by=by,
        department_ids=[brand_account.owner_department_id],
    )
