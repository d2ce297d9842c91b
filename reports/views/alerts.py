"""Dismissing an alert of linked customers, with a reason."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.guards import SignedInRequest, require_action
from inbox.text import clean_text
from reports.topics.active import dismiss_alert as dismiss
from reports.topics.active import find_alert

_LONGEST_REASON = 200


@require_POST
@require_action("assignment")
def dismiss_alert(request: SignedInRequest, pk: int) -> HttpResponse:
    """Dismiss an alert that the user may see; 404 for any other."""
    now = timezone.now()
    alert = find_alert(request.user, pk, now)
    if alert is None:
        raise Http404
    reason = clean_text(request.POST.get("reason", "")[:_LONGEST_REASON])[0].strip()
    if reason:
        dismiss(pk, reason, by=request.user, now=now)
        messages.success(
            request, f"The alert about “{alert.label}” is dismissed. Its cases stay as they are."
        )
    else:
        messages.error(request, "Nothing was dismissed: say in a few words why they do not mean the same.")
    return redirect(f"{reverse('reports:outcomes')}#linked")
