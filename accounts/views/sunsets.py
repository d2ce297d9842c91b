"""The sunset of a brand account: a page with its six steps, and the acts on it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.access import viewer
from accounts.guards import SignedInRequest, require_action, require_recent_sign_in
from accounts.models import BrandAccount, Sunset, SunsetAct, SunsetEvent, SunsetStep
from accounts.presence_review import sunsets
from accounts.presence_review.forms import StepForm
from accounts.presence_review.steps import StepWords, describe_step
from wording.times import DisplayTime, relative_time, short_date_with_year, to_display_zone

_GONE = "The sunset of this account has ended, or somebody else changed it. Look again."


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step on the page. `state` is done, next or later; `event` is its completion."""

    step: SunsetStep
    words: StepWords
    state: str
    event: SunsetEvent | None
    at: DisplayTime | None
    form: StepForm | None
    can_take_back: bool


@require_http_methods(["GET", "HEAD", "POST"])
@require_action("govern")
def sunset(request: SignedInRequest, pk: int) -> HttpResponseBase:
    """Show the sunset of a brand account; complete a step, take it back, stop it, sign."""
    account = get_object_or_404(BrandAccount.objects.visible_to(request.user), pk=pk)
    if not viewer(request.user).may_govern(account):
        raise Http404
    return _show_or_act(request, account)


@require_recent_sign_in
def _show_or_act(request: SignedInRequest, account: BrandAccount) -> HttpResponse:
    form: StepForm | None = None
    if request.method == "POST":
        form = _bound_step_form(request, account)
        if form is None or form.is_valid():
            _act(request, account, form)
            return redirect("accounts:sunset", account.pk)
    return _render(request, account, form)


def _bound_step_form(request: SignedInRequest, account: BrandAccount) -> StepForm | None:
    """Return the form of the step that is completed.

    None when it has none.
    """
    if request.POST.get("act") != "complete":
        return None
    fields = describe_step(_posted_step(request), account).fields
    return StepForm(request.POST, fields=fields) if fields else None


def _posted_step(request: SignedInRequest) -> SunsetStep:
    try:
        return SunsetStep(int(request.POST.get("step", "")[:2]))
    except ValueError as error:
        raise Http404 from error


def _act(request: SignedInRequest, account: BrandAccount, form: StepForm | None) -> None:
    """Do what a button asks for; say what happened."""
    now, by, act = timezone.now(), request.user, request.POST.get("act", "")
    values = form.cleaned_data if form is not None else {}
    try:
        if act == "begin":
            sunsets.begin_sunset(account, by=by, now=now)
            messages.success(request, f"The sunset of {account} has begun. Nothing else has changed yet.")
            return
        current = sunsets.find_sunset(account)
        if current is None:
            raise sunsets.SunsetRefused(_GONE)
        message = _acts(request, current, values, now)[act]()
    except sunsets.SunsetRefused as refusal:
        messages.error(request, str(refusal))
    except KeyError as error:
        raise Http404 from error
    else:
        messages.success(request, message)


def _acts(
    request: SignedInRequest, current: Sunset, values: dict[str, str], now: dt.datetime
) -> dict[str, Callable[[], str]]:
    by = request.user

    def complete() -> str:
        step = _posted_step(request)
        sunsets.complete_step(
            current,
            step,
            note=values.get("note", ""),
            moved_to=values.get("moved_to", ""),
            by=by,
            now=now,
        )
        return f"{step.label}: completed. You can take it back until access is revoked."

    def take_back() -> str:
        step = _posted_step(request)
        sunsets.take_step_back(current, step, by=by, now=now)
        return f"{step.label}: taken back. What it changed is as it was before."

    def stop() -> str:
        sunsets.stop_sunset(current, by=by, now=now)
        return "The sunset is stopped. Everything is as it was before it began."

    def withdraw() -> str:
        sunsets.withdraw_signature(current, by=by, now=now)
        return "The first signature is taken back."

    return {
        "complete": complete,
        "take-back": take_back,
        "stop": stop,
        "sign": lambda: sunsets.sign_revocation(current, by=by, now=now),
        "withdraw": withdraw,
    }


def _render(request: SignedInRequest, account: BrandAccount, form: StepForm | None) -> HttpResponse:
    now = timezone.now()
    current = account.sunsets.order_by("-begun_at", "-pk").first()
    under_way = current is not None and current.ended_at is None
    events = list(current.events.order_by("at", "pk")) if current else []
    earliest = sunsets.archive_from(current) if current is not None and under_way else None
    open_cases = sunsets.count_open_cases(account) if under_way else 0
    context = {
        "account": account,
        "sunset": current,
        "under_way": under_way,
        "steps": [
            _step_row(step, current if under_way else None, account, events, form, now) for step in SunsetStep
        ],
        "events": [(event, relative_time(event.at, now)) for event in reversed(events)],
        "open_cases": open_cases,
        "is_blocked": current is not None and open_cases > 0 and current.step >= SunsetStep.DRAIN,
        "open_cases_address": f"{reverse('inbox:queue')}?brand={account.pk}",
        "listens_until": short_date_with_year(to_display_zone(earliest).date())
        if earliest is not None and earliest > now
        else "",
        "signed_first": current is not None and current.first_signer_id == request.user.pk,
        "may_sign_second": viewer(request.user).may("connect"),
    }
    return render(request, "accounts/presence_review/sunset.html", context)


def _step_row(
    step: SunsetStep,
    current: Sunset | None,
    account: BrandAccount,
    events: list[SunsetEvent],
    form: StepForm | None,
    now: dt.datetime,
) -> StepRow:
    words = describe_step(step, account)
    if current is None:
        return StepRow(step, words, "later", None, None, None, False)
    done = [event for event in events if event.step == step and event.act == SunsetAct.DONE]
    is_done, is_next = step < current.step, step == current.step
    event = done[-1] if done and is_done else None
    if is_next and words.fields and form is None:
        form = StepForm(fields=words.fields, initial={"moved_to": account.moved_to})
    return StepRow(
        step=step,
        words=words,
        state="done" if is_done else "next" if is_next else "later",
        event=event,
        at=relative_time(event.at, now) if event is not None else None,
        form=form if is_next and words.fields else None,
        can_take_back=step == current.step - 1,
    )
