"""The entry check while an account is being connected: the forecast, and what the page shows of it."""

from __future__ import annotations

import datetime as dt

from accounts.brand_accounts.forms import ConnectConfirmForm
from accounts.models import ConnectAttempt
from accounts.presence_review.entry_check import Forecast, describe_forecast, draw_forecast
from accounts.presence_review.passing_over import forecast_account
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
    forecast = forecast_account(credentials, form.cleaned_data["owner_department"], now)
    if forecast is not None and forecast.is_over:
        words = describe_forecast(forecast, form.cleaned_data["owner_department"])
        attempt.forecast = {"for": key, "words": words, "values": forecast.to_json()}
        attempt.save(update_fields=["forecast"])
    return forecast


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
