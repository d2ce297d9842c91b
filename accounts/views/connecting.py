"""Connecting a brand account by OAuth: to the network's consent page, back, and a confirmation.

The code is exchanged while the administrator waits, because it is valid only for seconds, only once, and only
here. Nothing is connected before the confirmation, and no transaction is open during requests to the network.
"""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.brand_accounts import attempts
from accounts.brand_accounts.checks import ConnectRefused, network_api_url
from accounts.brand_accounts.connecting import connect_brand_account
from accounts.brand_accounts.forms import ConnectConfirmForm
from accounts.guards import SignedInRequest, require_action, require_recent_sign_in
from accounts.models import BrandAccount, ConnectAttempt
from accounts.presence_review.entry_check import Forecast, describe_forecast
from accounts.presence_review.passing_over import record_passing_over
from accounts.views.entry_checks import check_entry, forecast_context
from networks import oauth
from networks.base import NetworkError
from networks.registry import network_label

_ATTEMPT_OVER = "This connection was started elsewhere, is older than ten minutes, or was used already. Nothing was connected."


@require_http_methods(["GET", "HEAD", "POST"])
@require_action("connect")
@require_recent_sign_in
def connect_start(request: SignedInRequest, network: str) -> HttpResponse:
    """Say what happens at the network; when pressed, lead to its consent page.

    `?again=ID` connects that brand account again. The page leads there, not a redirect: our Content-Security-Policy lets no
    form end at another site.
    """
    app = _find_oauth_app(network)
    if app is None:
        return _render_refused(request, network, _unconfigured_sentence(network), status=503)
    again = request.GET.get("again", "")
    brand_account = None
    if again:
        if not again.isascii() or not again.isdigit():
            raise Http404
        accounts = BrandAccount.objects.visible_to(request.user).filter(network=network)
        brand_account = get_object_or_404(accounts, pk=int(again[:18]))
    context = {"label": network_label(network), "again": brand_account}
    if request.method != "POST":
        return render(request, "accounts/brand_accounts/connect_start.html", context)
    authorisation = oauth.begin_authorisation(
        network, app, _callback_url(request, network), authorize_base=network_api_url(network)
    )
    attempts.start_attempt(
        network,
        authorisation,
        request.session,
        request.user,
        now=timezone.now(),
        brand_account=brand_account,
    )
    context["address"] = authorisation.url
    return render(request, "accounts/brand_accounts/connect_start.html", context)


@require_GET
@require_action("connect")
def connect_callback(request: SignedInRequest, network: str) -> HttpResponse:
    """Handle the return from the network, with a code or an error."""
    app = _find_oauth_app(network)
    if app is None:
        return _render_refused(request, network, _unconfigured_sentence(network), status=503)
    try:
        attempt, verifier = attempts.receive_returned_attempt(
            network, request.GET.get("state", ""), request.session, request.user, now=timezone.now()
        )
    except attempts.AttemptRefused:
        return _render_refused(request, network, _ATTEMPT_OVER)
    code = request.GET.get("code", "")
    if request.GET.get("error") or not code:
        return _render_refused(
            request, network, _denied_sentence(request, network), again=attempt.brand_account
        )
    try:
        granted = oauth.finish_authorisation(
            network,
            app,
            _callback_url(request, network),
            code=code,
            verifier=verifier,
            api_base=network_api_url(network),
        )
    except NetworkError as error:
        return _render_refused(
            request, network, f"{error} Nothing was connected.", again=attempt.brand_account
        )
    if problem := _find_grant_problem(attempt, granted):
        return _render_refused(request, network, problem, again=attempt.brand_account)
    attempts.store_granted_accounts(
        attempt, [entry for entry in granted if _is_wanted_account(attempt, entry)]
    )
    return redirect("accounts:connect_confirm", attempt.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@require_action("connect")
def connect_confirm(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show the granted accounts; connect the chosen one when confirmed."""
    now = timezone.now()
    try:
        attempt, granted = attempts.get_waiting_attempt(pk, request.user, now=now)
    except attempts.AttemptRefused:
        return _render_refused(request, "", _ATTEMPT_OVER)
    choices = [
        (entry.account.remote_id, _account_label(entry)) for entry in granted if not entry.is_only_seen
    ]
    stored = _stored_accounts(request, attempt, choices)
    form = ConnectConfirmForm(
        request.POST or None, choices=choices, stored=stored, asks_reason=attempt.forecast is not None
    )
    if request.method == "POST" and form.is_valid():
        chosen = next(entry for entry in granted if entry.account.remote_id == form.cleaned_data["remote_id"])
        is_new = chosen.account.remote_id not in {account.remote_id for account in stored}
        forecast = check_entry(attempt, chosen, form, now) if is_new else None
        if forecast is None or not forecast.is_over or form.cleaned_data.get("reason"):
            return _connect_chosen(request, attempt, chosen, form, forecast, now)
        form = ConnectConfirmForm(request.POST, choices=choices, stored=stored, asks_reason=True)
        form.add_error("reason", "Say why, or plan the roster first.")
    context = {
        "form": form,
        "choices": choices,
        "attempt": attempt,
        **_choice_hints(attempt, granted),
        **forecast_context(attempt),
    }
    return render(request, "accounts/brand_accounts/connect_confirm.html", context)


def _connect_chosen(
    request: SignedInRequest,
    attempt: ConnectAttempt,
    chosen: oauth.GrantableAccount,
    form: ConnectConfirmForm,
    forecast: Forecast | None,
    now: dt.datetime,
) -> HttpResponse:
    owner, words = form.cleaned_data["owner_department"], ""
    if forecast is not None:
        words = describe_forecast(forecast, owner)
    try:
        attempts.finish_attempt(attempt, now=now)
        brand_account = connect_brand_account(
            network=attempt.network,
            remote_id=chosen.account.remote_id,
            handle=chosen.account.handle,
            name=chosen.account.name,
            secrets=chosen.secrets,
            scopes=chosen.account.scopes,
            owner_department=owner,
            by=request.user,
            now=now,
        )
    except attempts.AttemptRefused:
        return _render_refused(request, attempt.network, _ATTEMPT_OVER)
    except ConnectRefused as error:
        return _render_refused(request, attempt.network, str(error), again=attempt.brand_account)
    if forecast is not None and forecast.is_over:
        record_passing_over(brand_account, words, form.cleaned_data["reason"], by=request.user)
    messages.success(
        request, f"{brand_account} is connected. Its first messages arrive within a minute. {words}".strip()
    )
    return redirect("accounts:brand_account_answerers", brand_account.pk)


def _choice_hints(attempt: ConnectAttempt, granted: list[oauth.GrantableAccount]) -> dict[str, str]:
    only_seen = [entry for entry in granted if entry.is_only_seen]
    return {
        "network": network_label(attempt.network),
        "only_seen": _only_seen_sentence(attempt.network, only_seen),
        "missing_hint": "" if attempt.brand_account else oauth.MISSING_ACCOUNT_HINTS.get(attempt.network, ""),
    }


def _stored_accounts(
    request: SignedInRequest, attempt: ConnectAttempt, choices: list[tuple[str, str]]
) -> list[BrandAccount]:
    """Return the granted accounts that are here already."""
    accounts = BrandAccount.objects.visible_to(request.user).filter(network=attempt.network)
    remote_ids = [remote_id for remote_id, _ in choices]
    return list(accounts.filter(remote_id__in=remote_ids).select_related("owner_department"))


def _find_oauth_app(network: str) -> oauth.OAuthApp | None:
    """Return our application at the network, None when it is not configured.

    Raises `Http404` for an unknown network.
    """
    apps = {
        "x": (settings.X_CLIENT_ID, settings.X_CLIENT_SECRET),
        "facebook": (settings.FACEBOOK_APP_ID, settings.FACEBOOK_APP_SECRET),
    }
    if network not in apps:
        raise Http404
    client_id, secret = apps[network]
    return oauth.OAuthApp(client_id, secret) if client_id else None


def _unconfigured_sentence(network: str) -> str:
    names = {"x": "X_CLIENT_ID and X_CLIENT_SECRET", "facebook": "FACEBOOK_APP_ID and FACEBOOK_APP_SECRET"}[
        network
    ]
    return (
        f"Horseshoe has no application registered with {network_label(network)} yet. Set {names} and restart, "
        "or connect the account with “manage.py connect”."
    )


def _callback_url(request: HttpRequest, network: str) -> str:
    return request.build_absolute_uri(reverse("accounts:connect_callback", args=[network]))


def _denied_sentence(request: HttpRequest, network: str) -> str:
    if request.GET.get("error") == "access_denied":
        return f"Access was declined at {network_label(network)}. Nothing was connected."
    return f"{network_label(network)} did not grant access. Nothing was connected."


def _is_wanted_account(attempt: ConnectAttempt, entry: oauth.GrantableAccount) -> bool:
    return attempt.brand_account is None or entry.account.remote_id == attempt.brand_account.remote_id


def _find_grant_problem(attempt: ConnectAttempt, granted: list[oauth.GrantableAccount]) -> str:
    """Return why no granted account can be connected, "" when one can."""
    label = network_label(attempt.network)
    if not granted:
        hint = oauth.MISSING_ACCOUNT_HINTS.get(attempt.network, "Choose at least one there.")
        return f"{label} granted access to no account. Nothing was connected. {hint}"
    if wanted := [entry for entry in granted if _is_wanted_account(attempt, entry)]:
        only_seen = all(entry.is_only_seen for entry in wanted)
        return f"{_only_seen_sentence(attempt.network, wanted)} Nothing was connected." if only_seen else ""
    names = ", ".join(_account_label(entry) for entry in granted[:5])
    return (
        f"You granted access to {names}, but {attempt.brand_account} is to be connected again. Sign in at {label} "
        "as that account. Nothing was connected."
    )


def _account_label(entry: oauth.GrantableAccount) -> str:
    handle = entry.account.handle
    label = (
        f"{entry.account.name or handle} (@{handle})"
        if handle and handle != entry.account.name
        else entry.account.name or handle
    )
    if not entry.cannot_answer:
        return label
    refused = " and ".join(entry.cannot_answer)
    return f"{label}: {network_label(entry.network)} will refuse answers to {refused}, because you may not write them"


def _only_seen_sentence(network: str, only_seen: list[oauth.GrantableAccount]) -> str:
    """Return which accounts the person may only look at.

    With whom to ask; "" for none.
    """
    if not only_seen:
        return ""
    names = ", ".join(entry.account.name or entry.account.handle for entry in only_seen[:5])
    return (
        f"You may only look at {names}: {network_label(network)} would refuse every answer. Ask whoever manages it "
        "there to let you answer comments and messages."
    )


def _render_refused(
    request: HttpRequest, network: str, problem: str, *, again: BrandAccount | None = None, status: int = 400
) -> HttpResponse:
    context = {"problem": problem, "network": network, "again": again, "label": network_label(network)}
    return render(request, "accounts/brand_accounts/connect_refused.html", context, status=status)
