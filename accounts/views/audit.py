"""The audit log: a page with filters, and the same entries as a CSV file."""

from __future__ import annotations

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.audit.export import write_csv
from accounts.audit.listing import AuditFilterForm, iterate_entries, load_page, visible_entries
from accounts.guards import SignedInRequest, require_action, require_recent_sign_in
from accounts.models import Role
from wording.times import clock_time, exact_time


@require_safe
@require_action("audit")
def audit_log(request: SignedInRequest) -> HttpResponse:
    """List who changed what, newest first."""
    form = AuditFilterForm(request.GET, by=request.user)
    page = load_page(form.narrow(visible_entries(request.user)), request.GET.get("before", ""))
    now = timezone.now()
    address = request.GET.copy()
    address.pop("before", None)
    context = {
        "form": form,
        "rows": [
            {"entry": entry, "clock": clock_time(entry.at, now), "exact": exact_time(entry.at)}
            for entry in page.entries
        ],
        "older": page.older,
        "filters": address.urlencode(),
        "is_filtered": any(form.cleaned_data.values()),
        "is_continued": "before" in request.GET,
        "is_administrator": request.user.role == Role.ADMINISTRATOR,
    }
    return render(request, "accounts/audit/audit_log.html", context)


@require_safe
@require_action("audit")
@require_recent_sign_in
def audit_csv(request: SignedInRequest) -> HttpResponseBase:
    """Download the entries that the filters leave, all of them."""
    form = AuditFilterForm(request.GET, by=request.user)
    entries = iterate_entries(form.narrow(visible_entries(request.user)))
    lines = write_csv(entries, with_addresses=request.user.role == Role.ADMINISTRATOR)
    name = f"horseshoe-audit-{timezone.now():%Y-%m-%d}.csv"
    return StreamingHttpResponse(
        lines,
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store, private",
        },
    )
