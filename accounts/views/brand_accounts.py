"""Brand accounts: the list with their health, checking, pausing and disconnecting."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import tasks
from accounts.access import viewer
from accounts.audit.recording import compare_values, record_change
from accounts.brand_accounts.checked import request_check
from accounts.brand_accounts.connecting import disconnect_brand_account
from accounts.brand_accounts.display import brand_account_row, sick_first, with_unreadable
from accounts.brand_accounts.stream_state import STREAM_LABELS
from accounts.guards import SignedInRequest, require_action, require_recent_sign_in
from accounts.models import AuditVerb, BrandAccount, Lifecycle, Stream, User
from accounts.roster.planning import load_rosters
from networks.registry import network_choices
from wording.times import exact_time


@require_safe
@login_required
def brand_account_list(request: HttpRequest) -> HttpResponse:
    """List brand accounts with owner, charter, health and streams.

    Open to everybody who is signed in.
    """
    assert isinstance(request.user, User)  # noqa: S101 - login_required
    now = timezone.now()
    accounts = list(_visible_accounts(request.user))
    on_point = {pk: roster.on_point(now) for pk, roster in load_rosters(accounts, now).items()}
    settles = viewer(request.user).may_settle_gap
    rows = [
        brand_account_row(account, now, on_point[account.pk], may_settle_gap=settles(account))
        for account in accounts
    ]
    context = {
        "rows": sick_first([row for row in rows if row.connected]),
        "former": [row for row in rows if not row.connected],
        "checking": any(row.checking for row in rows),
        "may_connect": viewer(request.user).may("connect"),
        "may_see_quarantine": viewer(request.user).may("quarantine"),
        "networks": network_choices(),
        "now": now,
    }
    fragment = getattr(request, "htmx", False)
    name = "accounts/brand_accounts/brand_account_list.html" + ("#brand-accounts" if fragment else "")
    return render(request, name, context)


@require_safe
@require_action("connect")
def brand_account_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show the streams of a brand account, and the actions for administrators."""
    brand_account = get_object_or_404(_visible_accounts(request.user), pk=pk)
    context: dict[str, Any] = {
        "row": brand_account_row(brand_account, timezone.now(), may_settle_gap=True),
        "may_see_quarantine": True,
    }
    return render(request, "accounts/brand_accounts/brand_account_edit.html", context)


@require_POST
@require_action("connect")
def brand_account_check(request: SignedInRequest, pk: int) -> HttpResponse:
    """Request a check of the credential and a fetch of every stream; the list says what came of it."""
    brand_account = get_object_or_404(_connected_accounts(request.user), pk=pk)
    request_check(brand_account, now=timezone.now())
    # An unreachable broker only delays it: both are due in the database.
    transaction.on_commit(tasks.wake_due_credential_checks.delay, robust=True)
    messages.info(
        request,
        f"Checking {brand_account} and fetching everything. The result appears there within seconds.",
    )
    return redirect(f"{reverse('accounts:brand_accounts')}#account-{pk}")


@require_POST
@require_action("connect")
def switch_stream(request: SignedInRequest, pk: int, kind: str) -> HttpResponse:
    """Pause or resume a stream.

    `enabled` is "1" to resume, "0" to pause. The cursor is kept.
    """
    brand_account = get_object_or_404(_connected_accounts(request.user), pk=pk)
    enabled = request.POST.get("enabled")
    if enabled not in ("0", "1"):
        raise Http404
    _switch_stream(brand_account, kind, enabled == "1")
    return redirect("accounts:brand_account_edit", pk)


@transaction.atomic
def _switch_stream(brand_account: BrandAccount, kind: str, enabled: bool) -> None:
    """Pause or resume a stream, with its entry in the audit log. Raises `Http404` when there is none."""
    stream = get_object_or_404(brand_account.streams.select_for_update(of=("self",)), kind=kind)
    states = {True: "fetched", False: "paused"}
    label = STREAM_LABELS.get(kind, kind)
    changes = compare_values({label: states[stream.enabled]}, {label: states[enabled]})
    # What the last error meant stays until the stream was fetched again.
    stream.enabled, stream.next_poll_at, stream.failures = enabled, timezone.now(), 0
    stream.save(update_fields=["enabled", "next_poll_at", "failures"])
    if changes:
        owner = brand_account.owner_department_id
        record_change(AuditVerb.STREAM_SWITCHED, brand_account, changes, department_ids=[owner])


@require_POST
@require_action("gaps")
def settle_gap(request: SignedInRequest, pk: int, kind: str) -> HttpResponse:
    """Store that the user acknowledged a possible gap.

    `gap` is the time of the gap that the page showed; a later gap must be acknowledged separately.
    """
    brand_account = get_object_or_404(_visible_accounts(request.user), pk=pk)
    if not viewer(request.user).may_settle_gap(brand_account):
        raise Http404
    stream = get_object_or_404(brand_account.streams.all(), kind=kind, overflowed_at__isnull=False)
    gap = parse_datetime(request.POST.get("gap", "")[:40])
    if gap is None or gap.tzinfo is None:
        raise Http404
    name = f"{brand_account}, {STREAM_LABELS.get(kind, kind)}"
    if _acknowledge_gap(stream, gap, by=request.user, name=name):
        messages.success(request, f"{name}: your acknowledgement of the possible gap is saved.")
    elif stream.overflowed_at == gap:
        messages.info(request, f"{name}: somebody has acknowledged this gap already.")
    else:
        messages.warning(request, f"{name}: more may have been missed since. Look again.")
    return redirect("accounts:brand_accounts")


@transaction.atomic
def _acknowledge_gap(stream: Stream, gap: dt.datetime, *, by: User, name: str) -> bool:
    """Store that a gap was acknowledged, and note it.

    The audit log has it. Return False when somebody has done so before, or another gap came since.
    """
    unseen = Stream.objects.filter(pk=stream.pk, overflowed_at=gap).exclude(gap_seen_at__gte=gap)
    if not unseen.update(gap_seen_at=timezone.now(), gap_seen_by=by):
        return False
    owner = stream.brand_account.owner_department_id
    changes = compare_values({"Gap noticed": ""}, {"Gap noticed": exact_time(gap)})
    record_change(AuditVerb.GAP_SETTLED, name, changes, department_ids=[owner])
    return True


@require_http_methods(["GET", "HEAD", "POST"])
@require_action("connect")
@require_recent_sign_in
def brand_account_disconnect(request: SignedInRequest, pk: int) -> HttpResponse:
    """Ask for confirmation, then delete the credential and stop fetching."""
    brand_account = get_object_or_404(_connected_accounts(request.user), pk=pk)
    if request.method == "POST":
        returned = disconnect_brand_account(brand_account, by=request.user, now=timezone.now())
        done = f"{brand_account} is disconnected. Its messages and cases are kept. {returned}"
        messages.success(request, done.strip())
        return redirect("accounts:brand_accounts")
    row = brand_account_row(brand_account, timezone.now())
    return render(request, "accounts/brand_accounts/brand_account_disconnect.html", {"row": row})


def _visible_accounts(user: User) -> QuerySet[BrandAccount]:
    accounts = BrandAccount.objects.visible_to(user)
    return (
        with_unreadable(accounts)
        .select_related("owner_department")
        .prefetch_related(Prefetch("streams", Stream.objects.select_related("gap_seen_by")))
    )


def _connected_accounts(user: User) -> QuerySet[BrandAccount]:
    return _visible_accounts(user).exclude(lifecycle=Lifecycle.CLOSED)
