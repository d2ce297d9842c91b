"""The entry check while an account is being connected: the forecast, what the page shows of it, going past it."""

from __future__ import annotations

import datetime as dt

from accounts.audit.recording import record_change
from accounts.brand_accounts.checks import ConnectRefused
from accounts.brand_accounts.forms import ConnectConfirmForm
from accounts.brand_accounts.sampling import sample_arrivals
from accounts.models import AuditVerb, BrandAccount, ConnectAttempt, User
from accounts.presence_review.entry_check import Forecast, describe_forecast, draw_forecast, forecast_load
from networks import oauth
from networks.base import Credentials


def check_entry(
    attempt: ConnectAttempt, chosen: oauth.GrantableAccount, form: ConnectConfirmForm, now: dt.datetime
) -> Forecast | None:
    """Forecast what the chosen account would bring.

    Kept with the attempt when it is over. Asks the network once for each attempt and account. None when it said nothing.
    """
    key = f"{chosen.account.remote_id}:{form.cleaned_data['owner_department'].pk}"
    if attempt.forecast is not None and attempt.forecast.get("for") == key:
        return Forecast.from_json(attempt.forecast["values"])
    credentials = Credentials(attempt.network, chosen.account.remote_id, chosen.secrets)
    try:
        arrivals = sample_arrivals(credentials)
    except ConnectRefused:
        return None
    forecast = forecast_load(arrivals, attempt.network, form.cleaned_data["owner_department"], now)
    if forecast is not None and forecast.is_over:
        words = describe_forecast(forecast, form.cleaned_data["owner_department"])
        attempt.forecast = {"for": key, "words": words, "values": forecast.to_json()}
        attempt.save(update_fields=["forecast"])
    return forecast


def record_passing_over(brand_account: BrandAccount, words: str, reason: str, *, by: User) -> None:
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


def forecast_context(attempt: ConnectAttempt) -> dict[str, object]:
    """Return what the page shows of a forecast that is over; nothing before there is one."""
    if attempt.forecast is None:
        return {}
    forecast = Forecast.from_json(attempt.forecast["values"])
    return {
        "forecast": forecast,
        "forecast_words": attempt.forecast["words"],
        "bars": draw_forecast(forecast),
    }
